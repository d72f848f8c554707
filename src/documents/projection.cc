#include "documents/expression.h"
#include "documents/internal/expression_parser.h"

namespace securebase::documents {

Result<Projection> ParseProjection(std::string_view text, ExpressionContext& context) {
  SB_TRY(auto parser, internal::ExpressionParser::Make(text, context, ExpressionKind::kProjection));
  Projection projection;
  do {
    SB_TRY(Path path, parser.ParsePath());
    projection.paths.push_back(std::move(path));
  } while (parser.TakeSymbol(","));
  SB_TRY_OK(parser.ExpectEnd());
  SB_TRY_OK(internal::CheckOverlap(parser, projection.paths));
  return projection;
}

}  // namespace securebase::documents

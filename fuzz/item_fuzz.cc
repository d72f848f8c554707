// Property: what decodes as an item encodes to bytes that decode to the same item, and is written
// and measured in its encoded form as it is taken apart; what parses as
// an item of the wire prints and parses to the same; and parsing an expression ends, whatever the
// text, without a crash.
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "documents/encoded_item.h"
#include "documents/expression.h"
#include "documents/value.h"

namespace {

using namespace securebase;
using namespace securebase::documents;

void DecodeBytes(std::string_view bytes) {
  auto item = DecodeItem(bytes);
  if (!item.ok()) return;
  auto again = DecodeItem(EncodeItem(*item));
  SB_CHECK(again.ok());
  SB_CHECK(*again == *item);
  std::string wire;
  SB_CHECK(AppendWire(wire, bytes).ok());
  SB_CHECK(wire == json::Write(ToWire(*item)));
  auto size = EncodedItemSize(bytes);
  SB_CHECK(size.ok());
  SB_CHECK(*size == ItemSize(*item));
}

void ParseWire(std::string_view text) {
  auto wire = json::Parse(text);
  if (!wire.ok()) return;
  auto item = ItemFromWire(*wire);
  if (!item.ok()) return;
  auto again = ItemFromWire(ToWire(*item));
  SB_CHECK(again.ok());
  SB_CHECK(*again == *item);
  auto stored = DecodeItem(EncodeItem(*item));
  SB_CHECK(stored.ok());
  SB_CHECK(*stored == *item);
}

void ParseExpressions(std::string_view text) {
  ExpressionContext::Names names = {{"#a", "alpha"}, {"#b", "beta"}};
  Item values = {{":n", Number::FromInt(3)}, {":s", "text"}, {":l", List{Value("one")}}};
  auto context = ExpressionContext::Make(names, values);
  SB_CHECK(context.ok());
  Item item = {{"alpha", Item{{"x", Number::FromInt(1)}}}, {"beta", List{Value("b")}}};
  if (auto condition = ParseCondition(text, *context); condition.ok()) Evaluate(*condition, item);
  if (auto projection = ParseProjection(text, *context); projection.ok()) {
    SB_CHECK(ItemSize(Project(*projection, item)) <= ItemSize(item));
  }
  if (auto update = ParseUpdate(text, *context); update.ok()) {
    static_cast<void>(ApplyUpdate(*update, item).ok());
  }
  TableDescription table;
  table.partition_key = {.name = "alpha"};
  table.sort_key = KeyAttribute{.name = "beta", .type = KeyType::kNumber};
  static_cast<void>(ParseKeyCondition(text, *context, table).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  DecodeBytes(bytes);
  ParseWire(bytes);
  ParseExpressions(bytes);
  return 0;
}

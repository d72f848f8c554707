#include "query/column.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"

namespace securebase::query {

std::size_t Column::size() const {
  switch (type) {
    case Type::kDouble:
      return doubles.size();
    case Type::kString:
      return codes.size();
    case Type::kBool:
    case Type::kInt64:
    case Type::kTime:
      break;
  }
  return ints.size();
}

void Column::AppendNumberText(std::size_t row, std::string& out) const {
  if (has_texts) {
    out += StringAt(row);
  } else if (type != Type::kDouble) {
    out += fmt::format_int(ints[row]).c_str();
  } else if (decimals < 0) {
    AppendDouble(out, doubles[row]);
  } else {
    fmt::format_to(std::back_inserter(out), "{:.{}f}", doubles[row], static_cast<int>(decimals));
  }
}

}  // namespace securebase::query

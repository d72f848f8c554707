#include "query/column.h"

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

}  // namespace securebase::query

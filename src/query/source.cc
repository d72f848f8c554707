#include "query/source.h"

namespace securebase::query {

Result<> Control::Check() const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    return Error(ErrorCode::kCancelled, "the query was cancelled");
  }
  if (clock != nullptr && clock->Monotonic() >= deadline) {
    return Error(ErrorCode::kDeadlineExceeded, "the query took longer than its time limit");
  }
  return {};
}

}  // namespace securebase::query

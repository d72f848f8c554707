#pragma once

// From a RangeRequest to the keys that it means.

#include <string_view>

#include "base/result.h"
#include "documents/document_store.h"
#include "documents/key_codec.h"

namespace securebase::documents::internal {

/// Keys behind the prefix of the table or, where `index` is not null, of that index; `first` >=
/// `end` (not empty) means none at all. kInvalidArgument for a request that does not fit the table.
Result<KeyRange> PlanRange(const TableDescription& table, const SecondaryIndex* index,
                           const RangeRequest& request);

/// Whether the item with this key (behind the table's prefix) belongs to the asked segment.
bool InSegment(const RangeRequest& request, std::string_view key);

}  // namespace securebase::documents::internal

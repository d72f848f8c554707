#pragma once

// Items in their stored form, without taking them apart: for reads that only pass them on.

#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase::documents {

/// ItemSize of what EncodeItem wrote; kInternal for damaged bytes.
Result<std::size_t> EncodedItemSize(std::string_view bytes);

/// Appends the item as the wire has it, {"name": {"S": ".."}}: the text that
/// json::Write(ToWire(item)) gives. kInternal for damaged bytes; what was appended is then of no
/// use.
Result<> AppendWire(std::string& out, std::string_view bytes);

}  // namespace securebase::documents

#pragma once

// Table descriptions as they stand in the journal and the catalogue.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tenant.h"
#include "documents/document_store.h"

namespace securebase::documents {

struct StoredTable {
  Account account;
  TableDescription description;
};

/// An encoded Item: attributes can be added later without another format.
std::string EncodeTable(const StoredTable& table);
/// kInternal for damaged bytes.
Result<StoredTable> DecodeTable(std::string_view bytes);

}  // namespace securebase::documents

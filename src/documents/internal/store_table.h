#pragma once

// A table as the embedded store holds it, and the form of its keys and errors, which its parts
// share.

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "documents/embedded_store.h"
#include "documents/internal/throughput.h"
#include "documents/key_codec.h"
#include "documents/table_codec.h"

namespace securebase::documents {

struct EmbeddedDocumentStore::TableCounts {
  std::atomic<std::int64_t> items = 0;
  std::atomic<std::int64_t> bytes = 0;
};

/// Immutable but for the counts: a change of the description makes a new one.
struct EmbeddedDocumentStore::Table {
  using Counts = TableCounts;

  StoredTable stored;
  std::uint64_t number = 0;
  std::string prefix;
  // Written by the applying thread alone.
  std::shared_ptr<Counts> counts = std::make_shared<Counts>();
  std::map<std::uint64_t, std::shared_ptr<Counts>> index_counts;  // by the index's number
  std::shared_ptr<internal::ThroughputLimits> limits;

  const TableDescription& description() const { return stored.description; }
  std::string IndexPrefix(const SecondaryIndex& index) const;
};

namespace internal {

std::string StoreKey(char kind);
std::string NumberedKey(char kind, std::uint64_t number);
std::string NumberedKey(char kind, std::uint64_t number, std::uint64_t index);
std::string FixedText(std::uint64_t value);
/// A stored item is its version and its encoding.
Result<VersionedItem> DecodeStored(std::string_view bytes);

Error UnknownTable(std::string message = "Requested resource not found");
Error Validation(std::string message, std::string field = {});

}  // namespace internal
}  // namespace securebase::documents

#include "events/internal/embedded_import.h"

#include <set>

#include "base/log.h"

namespace securebase::events {
namespace {

constexpr std::uint64_t kRowsPerMemoryCheck = 1024;

}  // namespace

EmbeddedImport::EmbeddedImport(EmbeddedDatasetStore& store, const Schema& schema, Account account,
                               std::string source_key)
    : store_(store),
      schema_(schema),
      account_(std::move(account)),
      source_key_(std::move(source_key)),
      rows_(schema) {}

EmbeddedImport::~EmbeddedImport() {
  if (!handed_over_) RemoveFiles();
}

void EmbeddedImport::RemoveFiles() {
  for (const SegmentEntry& entry : edit_.adds) store_.catalogue_.Discard(entry.file_id);
  edit_.adds.clear();
  store_.catalogue_.EmptyTrash();
}

Result<> EmbeddedImport::EndRow(std::string_view customer) {
  if (ended_) return Conflict("the import has ended");
  SB_TRY_OK(rows_.EndRow(customer));
  ++row_count_;
  if (rows_.rows() % kRowsPerMemoryCheck == 0 &&
      rows_.memory_bytes() > store_.options_.import_memory_max) {
    return Spill();
  }
  return {};
}

// Writes what is buffered as segments that nobody sees before the commit.
Result<> EmbeddedImport::Spill() {
  const Result<> written = rows_.ForEachCustomer(
      [&](std::string_view customer, std::size_t rows, const std::vector<SegmentColumn>& columns) {
        return WriteSegment(customer, rows, columns);
      });
  if (!written.ok()) {
    ended_ = true;
    return written;
  }
  rows_.Clear();
  return {};
}

Result<> EmbeddedImport::WriteSegment(std::string_view customer, std::size_t rows,
                                      const std::vector<SegmentColumn>& columns) {
  SegmentEntry entry;
  entry.file_id = store_.catalogue_.NewFileId();
  entry.owner = {.account = account_.id,
                 .region = account_.region,
                 .customer = std::string(customer),
                 .dataset = schema_.dataset};
  entry.source_key = source_key_;
  SB_TRY_OK(store_.WriteSegment(rows, columns, entry));
  edit_.adds.push_back(std::move(entry));
  return {};
}

Result<> EmbeddedImport::Commit() {
  if (ended_) return Conflict("the import has ended");
  SB_TRY_OK(Spill());
  ended_ = true;
  if (edit_.adds.empty()) return {};
  handed_over_ = true;
  SB_TRY_OK(store_.CommitEdit(edit_));
  if (!IsAppendKey(source_key_)) return {};
  std::set<DatasetKey> touched;
  for (const SegmentEntry& entry : edit_.adds) touched.insert(entry.owner);
  for (const DatasetKey& key : touched) {
    // The rows are durable: a merge that fails costs speed only, and is tried again next time.
    const auto merged = store_.Compact({{key.account, key.region}, key.customer}, key.dataset);
    if (!merged.ok()) {
      Log(LogLevel::kWarn, "cannot merge small segments",
          {{"customer", key.customer}, {"error", merged.error().message()}});
    }
  }
  return {};
}

}  // namespace securebase::events

#include "events/embedded_dataset_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "events/internal/embedded_import.h"
#include "events/internal/row_buffer.h"
#include "events/internal/segment_source.h"

namespace securebase::events {
namespace {

constexpr std::size_t kSourceKeyMax = 1024;

DatasetKey KeyOf(const Customer& customer, std::string_view dataset) {
  return {.account = customer.account.id,
          .region = customer.account.region,
          .customer = customer.id,
          .dataset = std::string(dataset)};
}

// The type of a column in segments that lack it.
query::Type TypeOf(const Schema& schema, std::string_view column) {
  for (const Field& field : schema.fields) {
    if (field.name == column) return field.type;
  }
  return query::Type::kString;
}

// Sets the fields of one row of a batch that holds all columns of a segment.
Result<> CopyRow(const Schema& schema, const std::vector<std::string>& names,
                 const query::Batch& batch, std::size_t row, RowBuffer& rows) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const query::Column& column = batch.columns[i];
    if (column.all_absent || !column.IsValid(row)) continue;
    const auto field = std::find_if(schema.fields.begin(), schema.fields.end(),
                                    [&](const Field& f) { return f.name == names[i]; }) -
                       schema.fields.begin();
    const auto index = static_cast<std::size_t>(field);
    const bool is_extra = index == schema.fields.size();
    if (column.type != (is_extra ? query::Type::kString : schema.fields[index].type)) {
      return Internal(fmt::format("field {} had another type once", names[i]));
    }
    if (is_extra) {
      rows.SetExtra(names[i], column.StringAt(row));
    } else if (column.type == query::Type::kString) {
      rows.SetString(index, column.StringAt(row));
    } else if (column.type == query::Type::kDouble) {
      rows.SetDouble(index, column.doubles[row]);
    } else {
      rows.SetInt(index, column.type, column.ints[row]);
    }
  }
  return {};
}

}  // namespace

EmbeddedDatasetStore::EmbeddedDatasetStore(storage::Engine& engine, const DatasetOptions& options)
    : engine_(engine),
      options_(options),
      catalogue_(engine.files(), engine.folder() + "/segments", options.cache_bytes) {}

EmbeddedDatasetStore::~EmbeddedDatasetStore() = default;

Result<> EmbeddedDatasetStore::Load() { return catalogue_.Load(engine_.key_values()); }

Result<> EmbeddedDatasetStore::RemoveOrphans() { return catalogue_.RemoveOrphans(); }

void EmbeddedDatasetStore::Define(const Schema& schema) {
  SB_CHECK(!schema.fields.empty() && schema.fields[0].type == query::Type::kTime,
           "a dataset's first field is its time");
  const std::lock_guard lock(schemas_mutex_);
  SB_CHECK(schemas_.emplace(schema.dataset, schema).second, "a dataset is defined twice");
}

const Schema* EmbeddedDatasetStore::FindSchema(std::string_view dataset) const {
  const std::lock_guard lock(schemas_mutex_);
  const auto it = schemas_.find(dataset);
  return it == schemas_.end() ? nullptr : &it->second;
}

Result<std::unique_ptr<Import>> EmbeddedDatasetStore::BeginImport(const Account& account,
                                                                  std::string_view dataset,
                                                                  std::string_view source_key) {
  const Schema* schema = FindSchema(dataset);
  if (schema == nullptr) {
    return NotFound(fmt::format("there is no dataset \"{}\"", dataset));
  }
  if (source_key.empty() || source_key.size() > kSourceKeyMax) {
    return InvalidArgument("source_key", fmt::format("must have 1 to {} bytes", kSourceKeyMax));
  }
  return std::unique_ptr<Import>(
      std::make_unique<EmbeddedImport>(*this, *schema, account, std::string(source_key)));
}

Result<std::unique_ptr<query::Source>> EmbeddedDatasetStore::Scan(
    const Customer& customer, const ScanRequest& request) const {
  const Schema* schema = FindSchema(request.dataset);
  if (schema == nullptr) {
    return NotFound(fmt::format("there is no dataset \"{}\"", request.dataset));
  }
  std::vector<query::Type> types;
  for (const std::string& column : request.columns) types.push_back(TypeOf(*schema, column));
  return std::unique_ptr<query::Source>(std::make_unique<SegmentSource>(
      catalogue_.SegmentsOf(KeyOf(customer, request.dataset)), request, std::move(types)));
}

ScanEstimate EmbeddedDatasetStore::Estimate(const Customer& customer, std::string_view dataset,
                                            Instant start, Instant end) const {
  ScanEstimate estimate;
  const auto segments = catalogue_.SegmentsOf(KeyOf(customer, dataset));
  if (segments == nullptr) return estimate;
  double rows = 0;
  for (const auto& handle : *segments) {
    const SegmentEntry& entry = handle->entry();
    const std::int64_t first = std::max(entry.first_ms, ToUnixMillis(start));
    const std::int64_t end_ms = std::min(entry.last_ms + 1, ToUnixMillis(end));
    if (first >= end_ms) continue;
    rows += static_cast<double>(entry.rows) * static_cast<double>(end_ms - first) /
            static_cast<double>(entry.last_ms + 1 - entry.first_ms);
    estimate.warm = estimate.warm && handle->IsOpen();
  }
  estimate.rows = static_cast<std::uint64_t>(rows);
  return estimate;
}

DatasetStatistics EmbeddedDatasetStore::Statistics(const Customer& customer,
                                                   std::string_view dataset) const {
  DatasetStatistics statistics;
  const auto segments = catalogue_.SegmentsOf(KeyOf(customer, dataset));
  if (segments == nullptr) return statistics;
  for (const auto& handle : *segments) {
    const SegmentEntry& entry = handle->entry();
    const Instant first = FromUnixMillis(entry.first_ms);
    const Instant last = FromUnixMillis(entry.last_ms);
    const bool is_first = statistics.segments == 0;
    statistics.first = is_first ? first : std::min(statistics.first, first);
    statistics.last = is_first ? last : std::max(statistics.last, last);
    statistics.rows += entry.rows;
    statistics.bytes += entry.bytes;
    ++statistics.segments;
  }
  return statistics;
}

// The newest edit's segments are always live: an edit replaces only what is older.
std::uint64_t EmbeddedDatasetStore::Generation(const Customer& customer,
                                               std::string_view dataset) const {
  const auto segments = catalogue_.SegmentsOf(KeyOf(customer, dataset));
  return segments == nullptr || segments->empty() ? 0 : segments->back()->entry().sequence;
}

std::vector<std::string> EmbeddedDatasetStore::FieldNames(const Customer& customer,
                                                          std::string_view dataset) const {
  std::set<std::string> names;
  const std::vector<std::string>* last = nullptr;  // segments often share theirs
  if (const auto segments = catalogue_.SegmentsOf(KeyOf(customer, dataset))) {
    for (const auto& handle : *segments) {
      const std::vector<std::string>* fields = handle->entry().fields.get();
      if (fields != last) names.insert(fields->begin(), fields->end());
      last = fields;
    }
  }
  return {names.begin(), names.end()};
}

Result<> EmbeddedDatasetStore::WriteSegment(std::size_t rows,
                                            std::span<const SegmentColumn> columns,
                                            SegmentEntry& entry) {
  const std::string bytes = BuildSegment(entry.owner, rows, columns);
  const std::string path = catalogue_.PathOf(entry.file_id);
  const auto write = [&]() -> Result<> {
    SB_TRY(auto file, engine_.files().Create(path));
    SB_TRY_OK(file->Write(0, bytes));
    SB_TRY_OK(file->Sync());
    return file->Close();
  };
  if (Result<> written = write(); !written.ok()) {
    catalogue_.Discard(entry.file_id);
    return written;
  }
  entry.rows = rows;
  entry.bytes = bytes.size();
  entry.first_ms = columns[0].ints.front();
  entry.last_ms = columns[0].ints.back();
  auto fields = std::make_shared<std::vector<std::string>>();
  for (const SegmentColumn& column : columns) fields->push_back(column.name);
  entry.fields = std::move(fields);
  return {};
}

Result<> EmbeddedDatasetStore::CommitEdit(const DatasetEdit& edit) {
  SB_TRY_OK(engine_.files().SyncFolder(engine_.folder() + "/segments"));
  std::string payload;
  PutFixed(payload, RecordKind::kDatasetEdit);
  payload += EncodeEdit(edit);
  std::vector<storage::Part> parts;
  parts.push_back({.store = storage::StoreId::kEvents, .payload = std::move(payload)});
  const auto committed = engine_.Commit(std::move(parts));
  const std::lock_guard lock(refused_mutex_);
  if (!committed.ok()) {
    // After a failed sync the record may be in the journal all the same: its files must stay
    // until a restart tells. Only a later commit shows that this one was refused for good.
    for (const SegmentEntry& entry : edit.adds) refused_files_.push_back(entry.file_id);
    return committed.error();
  }
  for (const std::uint64_t file : std::exchange(refused_files_, {})) catalogue_.Discard(file);
  catalogue_.EmptyTrash();
  return {};
}

Result<bool> EmbeddedDatasetStore::Compact(const Customer& customer, std::string_view dataset) {
  const Schema* schema = FindSchema(dataset);
  if (schema == nullptr) return NotFound(fmt::format("there is no dataset \"{}\"", dataset));
  const std::lock_guard lock(compaction_mutex_);  // a segment is merged once
  const DatasetKey key = KeyOf(customer, dataset);
  const auto segments = catalogue_.SegmentsOf(key);
  if (segments == nullptr) return false;
  SegmentList small;
  for (const auto& handle : *segments) {
    if (IsAppendKey(handle->entry().source_key) &&
        handle->entry().rows <= options_.append_rows_max) {
      small.push_back(handle);
    }
  }
  if (small.size() <= options_.append_segments_max) return false;
  SB_TRY_OK(Merge(key, *schema, small));
  return true;
}

Result<> EmbeddedDatasetStore::Merge(const DatasetKey& key, const Schema& schema,
                                     const SegmentList& segments) {
  RowBuffer rows(schema);
  DatasetEdit edit;
  for (const auto& handle : segments) {
    edit.merged_files.push_back(handle->entry().file_id);
    SegmentSource source(std::make_shared<SegmentList>(1, handle),
                         {.dataset = key.dataset,
                          .start = FromUnixMillis(handle->entry().first_ms),
                          .end = FromUnixMillis(handle->entry().last_ms + 1),
                          .columns = *handle->entry().fields},
                         std::vector<query::Type>(handle->entry().fields->size()));
    query::Batch batch;
    while (true) {
      SB_TRY(const bool more, source.Next(batch));
      if (!more) break;
      for (std::size_t row = 0; row < batch.rows; ++row) {
        SB_TRY_OK(CopyRow(schema, source.column_names(), batch, row, rows));
        SB_TRY_OK(rows.EndRow(key.customer));
      }
    }
  }
  SB_TRY_OK(rows.ForEachCustomer([&](std::string_view, std::size_t count,
                                     const std::vector<SegmentColumn>& columns) -> Result<> {
    SegmentEntry entry;
    entry.file_id = catalogue_.NewFileId();
    entry.owner = key;
    entry.source_key = "append:merged";
    SB_TRY_OK(WriteSegment(count, columns, entry));
    edit.adds.push_back(std::move(entry));
    return {};
  }));
  return CommitEdit(edit);
}

void EmbeddedDatasetStore::Apply(storage::Sequence sequence, std::string_view payload) {
  const std::optional<DatasetEdit> edit = DecodeEdit(payload);
  SB_CHECK(edit.has_value(), "an edit of the segments does not decode");
  catalogue_.Apply(sequence, *edit);
}

void EmbeddedDatasetStore::Seal() { catalogue_.Seal(); }

Result<> EmbeddedDatasetStore::WriteSealed(storage::WriteBatch& batch) {
  catalogue_.EmptyTrash();
  catalogue_.WriteSealed(batch);
  return {};
}

void EmbeddedDatasetStore::DropSealed() { catalogue_.DropSealed(); }

}  // namespace securebase::events

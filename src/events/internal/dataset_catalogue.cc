#include "events/internal/dataset_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "events/internal/event_part.h"
#include "events/internal/file_id.h"

namespace securebase::events {
namespace {

constexpr char kEntryKind = 'S';
constexpr std::uint8_t kEntryVersion = 1;
constexpr std::string_view kSuffix = ".seg";

using Fields = std::vector<std::string>;

void PutFields(std::string& out, const Fields& fields) {
  PutVarint(out, fields.size());
  for (const std::string& field : fields) PutBytes(out, field);
}

std::shared_ptr<const Fields> GetFields(ByteReader& in) {
  auto fields = std::make_shared<Fields>();
  const std::uint64_t count = in.Varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) fields->emplace_back(in.Bytes());
  return fields;
}

// What edits and entries have in common.
void PutExtent(std::string& out, const SegmentEntry& entry) {
  PutVarint(out, entry.file_id);
  PutVarint(out, entry.rows);
  PutVarint(out, entry.bytes);
  PutVarint(out, ZigZag(entry.first_ms));
  PutVarint(out, ZigZag(entry.last_ms));
}

void GetExtent(ByteReader& in, SegmentEntry& entry) {
  entry.file_id = in.Varint();
  entry.rows = in.Varint();
  entry.bytes = in.Varint();
  entry.first_ms = UnZigZag(in.Varint());
  entry.last_ms = UnZigZag(in.Varint());
}

std::string EntryKey(std::uint64_t file_id) {
  std::string key = CatalogueKey(kEntryKind);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(file_id >> shift));
  return key;
}

bool IsEarlier(const std::shared_ptr<SegmentHandle>& a, const std::shared_ptr<SegmentHandle>& b) {
  return std::pair(a->entry().sequence, a->entry().file_id) <
         std::pair(b->entry().sequence, b->entry().file_id);
}

}  // namespace

std::string EncodeEdit(const DatasetEdit& edit) {
  SB_CHECK(!edit.adds.empty());
  const SegmentEntry& first = edit.adds.front();
  std::string out;
  PutBytes(out, first.owner.account);
  PutBytes(out, first.owner.region);
  PutBytes(out, first.owner.dataset);
  PutBytes(out, first.source_key);
  PutVarint(out, edit.adds.size());
  const Fields* last_fields = nullptr;
  for (const SegmentEntry& entry : edit.adds) {
    PutBytes(out, entry.owner.customer);
    PutExtent(out, entry);
    const bool repeated = last_fields != nullptr && *last_fields == *entry.fields;
    PutFixed<std::uint8_t>(out, repeated ? 0 : 1);
    if (!repeated) PutFields(out, *entry.fields);
    last_fields = entry.fields.get();
  }
  PutVarint(out, edit.merged_files.size());
  for (const std::uint64_t file : edit.merged_files) PutVarint(out, file);
  return out;
}

std::optional<DatasetEdit> DecodeEdit(std::string_view bytes) {
  ByteReader in(bytes);
  SegmentEntry common;
  common.owner.account = in.Bytes();
  common.owner.region = in.Bytes();
  common.owner.dataset = in.Bytes();
  common.source_key = in.Bytes();
  DatasetEdit edit;
  const std::uint64_t add_count = in.Varint();
  for (std::uint64_t i = 0; i < add_count && in.ok(); ++i) {
    SegmentEntry entry = common;
    entry.owner.customer = in.Bytes();
    GetExtent(in, entry);
    if (in.Fixed<std::uint8_t>() != 0) {
      entry.fields = GetFields(in);
    } else if (i > 0) {
      entry.fields = edit.adds.back().fields;
    } else {
      in.Fail();
    }
    edit.adds.push_back(std::move(entry));
  }
  const std::uint64_t merged_count = in.Varint();
  for (std::uint64_t i = 0; i < merged_count && in.ok(); ++i) {
    edit.merged_files.push_back(in.Varint());
  }
  if (!in.ok() || !in.empty() || edit.adds.empty()) return std::nullopt;
  return edit;
}

std::string EncodeEntry(const SegmentEntry& entry) {
  std::string out;
  PutFixed(out, kEntryVersion);
  PutBytes(out, entry.owner.account);
  PutBytes(out, entry.owner.region);
  PutBytes(out, entry.owner.customer);
  PutBytes(out, entry.owner.dataset);
  PutBytes(out, entry.source_key);
  PutExtent(out, entry);
  PutVarint(out, entry.sequence);
  PutFields(out, *entry.fields);
  return out;
}

std::optional<SegmentEntry> DecodeEntry(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Fixed<std::uint8_t>() != kEntryVersion) return std::nullopt;
  SegmentEntry entry;
  entry.owner.account = in.Bytes();
  entry.owner.region = in.Bytes();
  entry.owner.customer = in.Bytes();
  entry.owner.dataset = in.Bytes();
  entry.source_key = in.Bytes();
  GetExtent(in, entry);
  entry.sequence = in.Varint();
  entry.fields = GetFields(in);
  if (!in.ok() || !in.empty()) return std::nullopt;
  return entry;
}

void Trash::Add(std::string path) {
  const std::lock_guard lock(mutex_);
  paths_.push_back(std::move(path));
}

void Trash::Empty(FileSystem& files) {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    paths.swap(paths_);
  }
  for (const std::string& path : paths) {
    const Result<> removed = files.Remove(path);
    // Missing: replay meets edits whose files went before the crash.
    if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
      Log(LogLevel::kWarn, "cannot remove a replaced segment",
          {{"file", path}, {"error", removed.error().message()}});
    }
  }
}

SegmentHandle::SegmentHandle(SegmentEntry entry, std::string path, FileSystem& files,
                             std::shared_ptr<Shared> shared)
    : entry_(std::move(entry)), path_(std::move(path)), files_(files), shared_(std::move(shared)) {}

SegmentHandle::~SegmentHandle() {
  if (!obsolete_.load()) return;
  shared_->cache.Erase(entry_.file_id);
  shared_->trash.Add(path_);
}

Result<std::shared_ptr<const Segment>> SegmentHandle::Open() const {
  if (auto cached = shared_->cache.Find(entry_.file_id)) return cached;
  auto file = files_.Map(path_);
  if (!file.ok()) {
    // A live segment that is gone is damage, not a wrong request.
    return Internal(file.error().message());
  }
  SB_TRY(auto segment, Segment::Open(*std::move(file), path_));
  if (segment->rows() != entry_.rows || segment->owner() != entry_.owner) {
    return Internal(fmt::format("{}: is not the segment that the catalogue names", path_));
  }
  shared_->cache.Insert(entry_.file_id, segment);
  return segment;
}

DatasetCatalogue::DatasetCatalogue(FileSystem& files, std::string folder, std::uint64_t cache_bytes)
    : files_(files),
      folder_(std::move(folder)),
      shared_(std::make_shared<SegmentHandle::Shared>(cache_bytes)) {}

std::string DatasetCatalogue::PathOf(std::uint64_t file_id) const {
  return folder_ + "/" + FileName(file_id, kSuffix);
}

std::shared_ptr<SegmentHandle> DatasetCatalogue::MakeHandle(const SegmentEntry& entry) const {
  return std::make_shared<SegmentHandle>(entry, PathOf(entry.file_id), files_, shared_);
}

Result<> DatasetCatalogue::Load(const storage::KeyValue& key_values) {
  SB_TRY_OK(files_.CreateFolders(folder_));
  SB_TRY(const std::vector<std::string> names, files_.List(folder_));
  std::uint64_t last_id = 0;
  for (const std::string& name : names) {
    const std::optional<std::uint64_t> id = FileIdOf(name, kSuffix);
    if (!id.has_value()) continue;  // not ours
    files_at_load_.push_back(*id);
    last_id = std::max(last_id, *id);
  }
  const std::lock_guard lock(mutex_);
  const std::string prefix = CatalogueKey(kEntryKind);
  bool damaged = false;
  std::shared_ptr<const Fields> last_fields;
  SB_TRY_OK(key_values.Visit(prefix, storage::PrefixEnd(prefix), false,
                             [&](std::string_view, std::string_view value) {
                               std::optional<SegmentEntry> entry = DecodeEntry(value);
                               if (!entry.has_value()) {
                                 damaged = true;
                                 return false;
                               }
                               if (last_fields != nullptr && *last_fields == *entry->fields)
                                 entry->fields = last_fields;
                               last_fields = entry->fields;
                               last_id = std::max(last_id, entry->file_id);
                               Insert(*entry);
                               return true;
                             }));
  changes_.clear();  // what was just read is durable
  next_file_id_ = last_id + 1;
  if (damaged) return Internal("a segment's entry in the catalogue does not decode");
  return {};
}

Result<> DatasetCatalogue::RemoveOrphans() {
  EmptyTrash();
  std::set<std::uint64_t> live;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, list] : segments_) {
      for (const auto& handle : *list) live.insert(handle->entry().file_id);
    }
  }
  for (const std::uint64_t file : std::exchange(files_at_load_, {})) {
    if (!live.contains(file) && files_.Exists(PathOf(file))) {
      SB_TRY_OK(files_.Remove(PathOf(file)));
    }
  }
  return {};
}

std::shared_ptr<const SegmentList> DatasetCatalogue::SegmentsOf(const DatasetKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto it = segments_.find(key);
  return it == segments_.end() ? nullptr : it->second;
}

void DatasetCatalogue::Insert(const SegmentEntry& entry) {
  std::shared_ptr<const SegmentList>& slot = segments_[entry.owner];
  auto list =
      slot == nullptr ? std::make_shared<SegmentList>() : std::make_shared<SegmentList>(*slot);
  auto handle = MakeHandle(entry);
  changes_[entry.file_id] = handle;
  list->insert(std::upper_bound(list->begin(), list->end(), handle, IsEarlier), handle);
  slot = std::move(list);
}

template <class Gone>
void DatasetCatalogue::Remove(const DatasetKey& key, Gone gone) {
  const auto it = segments_.find(key);
  if (it == segments_.end()) return;
  auto kept = std::make_shared<SegmentList>();
  for (const auto& handle : *it->second) {
    if (gone(handle->entry())) {
      handle->MarkObsolete();
      changes_[handle->entry().file_id] = nullptr;
    } else {
      kept->push_back(handle);
    }
  }
  it->second = std::move(kept);
}

void DatasetCatalogue::Apply(storage::Sequence sequence, const DatasetEdit& edit) {
  const std::lock_guard lock(mutex_);
  // Replay meets ids that the folder's listing does not show any more.
  for (const SegmentEntry& entry : edit.adds) {
    if (entry.file_id >= next_file_id_) next_file_id_ = entry.file_id + 1;
  }
  if (edit.merged_files.empty()) {
    ApplyImport(sequence, edit);
  } else {
    ApplyMerge(edit);
  }
}

void DatasetCatalogue::ApplyImport(storage::Sequence sequence, const DatasetEdit& edit) {
  if (!IsAppendKey(edit.adds.front().source_key)) {
    // Before anything is added: an import may have several segments of a customer.
    for (const SegmentEntry& entry : edit.adds) {
      Remove(entry.owner,
             [&](const SegmentEntry& old) { return old.source_key == entry.source_key; });
    }
  }
  for (SegmentEntry entry : edit.adds) {
    entry.sequence = sequence;
    Insert(entry);
  }
}

void DatasetCatalogue::ApplyMerge(const DatasetEdit& edit) {
  SegmentEntry merged = edit.adds.front();
  const auto& files = edit.merged_files;
  const auto is_merged = [&](const SegmentEntry& entry) {
    return std::find(files.begin(), files.end(), entry.file_id) != files.end();
  };
  std::size_t found = 0;
  if (const auto it = segments_.find(merged.owner); it != segments_.end()) {
    for (const auto& handle : *it->second) {
      if (!is_merged(handle->entry())) continue;
      ++found;
      merged.sequence = std::max(merged.sequence, handle->entry().sequence);
    }
  }
  // Merging twice would double rows.
  SB_CHECK(found == files.size(), "a merge of segments that are not live");
  Remove(merged.owner, is_merged);
  Insert(merged);
}

void DatasetCatalogue::Seal() {
  const std::lock_guard lock(mutex_);
  for (auto& [file, handle] : changes_) sealed_[file] = std::move(handle);
  changes_.clear();
}

void DatasetCatalogue::WriteSealed(storage::WriteBatch& batch) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [file, handle] : sealed_) {
    if (handle == nullptr) {
      batch.Delete(EntryKey(file));
    } else {
      batch.Put(EntryKey(file), EncodeEntry(handle->entry()));
    }
  }
}

void DatasetCatalogue::DropSealed() {
  const std::lock_guard lock(mutex_);
  sealed_.clear();
}

}  // namespace securebase::events

#include "storage/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::storage {
namespace {

constexpr std::string_view kSuffix = ".jnl";
constexpr std::size_t kNumberDigits = 10;
/// What one write may carry: larger batches gain nothing and make their first writer wait.
constexpr std::uint64_t kBatchBytesMax = 8u << 20;

std::optional<std::uint64_t> NumberOf(std::string_view name) {
  if (name.size() != kNumberDigits + kSuffix.size() || !name.ends_with(kSuffix)) return {};
  auto number = ParseInt(name.substr(0, kNumberDigits));
  if (!number || *number <= 0) return {};
  return static_cast<std::uint64_t>(*number);
}

Error Damaged(const std::string& path, std::uint64_t offset, std::string_view what) {
  return Internal(fmt::format("{}: damaged at offset {}: {}", path, offset, what));
}

}  // namespace

Journal::Journal(std::string folder, std::uint64_t file_bytes, FileSystem& files)
    : folder_(std::move(folder)), file_bytes_(file_bytes), files_(files) {}

Result<std::unique_ptr<Journal>> Journal::Open(const std::string& folder, std::uint64_t file_bytes,
                                               FileSystem& files) {
  SB_TRY_OK(files.CreateFolders(folder));
  std::unique_ptr<Journal> journal(new Journal(folder, file_bytes, files));
  SB_TRY_OK(journal->ReadEntries());
  if (journal->entries_.empty()) {
    SB_TRY_OK(journal->Rotate());
  } else {
    SB_TRY_OK(journal->OpenNewest());
  }
  return journal;
}

std::string Journal::PathOf(std::uint64_t number) const {
  return fmt::format("{}/{:0{}}{}", folder_, number, kNumberDigits, kSuffix);
}

std::string Journal::SparePath() const { return folder_ + "/spare" + std::string(kSuffix); }

Result<> Journal::ReadEntries() {
  SB_TRY(std::vector<std::string> names, files_.List(folder_));
  for (const std::string& name : names) {
    auto number = NumberOf(name);
    if (!number) continue;
    std::string path = PathOf(*number);
    SB_TRY(std::unique_ptr<MappedFile> file, files_.Map(path));
    auto header = DecodeFileHeader(file->bytes());
    if (!header.ok()) return header.error().Within(path);
    if (header->number != *number) {
      return Damaged(path, 0, fmt::format("the header says file {}", header->number));
    }
    // A gap in the numbers: a cut was under way, and the removal of an older file got lost.
    if (!entries_.empty() && entries_.back().number + 1 != *number) {
      for (const FileEntry& entry : entries_) leftovers_.push_back(PathOf(entry.number));
      entries_.clear();
    }
    entries_.push_back({.number = *number, .first_sequence = header->first_sequence});
  }
  // A spare of another size, or half made, is made anew.
  if (files_.Exists(SparePath())) {
    SB_TRY(std::uint64_t size, files_.Size(SparePath()));
    spare_ready_ = size == file_bytes_;
    if (!spare_ready_) SB_TRY_OK(files_.Remove(SparePath()));
  }
  return {};
}

Result<> Journal::OpenNewest() {
  const FileEntry newest = entries_.back();
  const std::string path = PathOf(newest.number);
  SB_TRY(std::unique_ptr<MappedFile> mapped, files_.Map(path));
  FileHeader header{.number = newest.number, .first_sequence = newest.first_sequence};
  SB_TRY(FrameRun run, ReadFrames(mapped->bytes(), header, UINT64_MAX, {}));
  Tail tail = InspectTail(mapped->bytes(), newest.number, run);
  if (tail.proof_of_damage) {
    return Damaged(path, run.end,
                   fmt::format("record {} is broken, but a later one at offset {} is sound",
                               run.next_sequence, *tail.proof_of_damage));
  }
  capacity_ = mapped->bytes().size();
  mapped.reset();
  SB_TRY(file_, files_.OpenForWrite(path));
  for (std::uint64_t stray : tail.strays) {
    SB_TRY_OK(file_->Write(stray, std::string(kFrameHeaderBytes, '\0')));
  }
  if (!tail.strays.empty()) {
    Log(LogLevel::kWarn, "cut the torn end of the journal",
        {{"file", path}, {"offset", std::to_string(run.end)}});
  }
  // What is replayed counts as durable from here on, and it may be in the page cache only.
  SB_TRY_OK(file_->Sync());
  number_ = newest.number;
  end_ = run.end;
  next_sequence_ = run.next_sequence;
  return {};
}

Result<> Journal::Replay(Sequence after, const RecordVisitor& visit) {
  if (entries_.front().first_sequence > after + 1) {
    return Internal(fmt::format("{}: records {} to {} are missing", folder_, after + 1,
                                entries_.front().first_sequence - 1));
  }
  if (last_sequence() < after) {
    return Internal(fmt::format("{}: records {} to {} are missing, which the catalogue holds",
                                folder_, last_sequence() + 1, after));
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const FileEntry& entry = entries_[i];
    bool newest = i + 1 == entries_.size();
    Sequence limit = newest ? next_sequence_ : entries_[i + 1].first_sequence;
    if (limit <= after + 1) continue;
    std::string path = PathOf(entry.number);
    SB_TRY(std::unique_ptr<MappedFile> mapped, files_.Map(path));
    FileHeader header{.number = entry.number, .first_sequence = entry.first_sequence};
    auto run = ReadFrames(mapped->bytes(), header, limit,
                          [&](Sequence sequence, std::string_view record) -> Result<> {
                            if (sequence <= after) return {};
                            return visit(sequence, record);
                          });
    if (!run.ok()) return run.error().Within(path);
    if (run->next_sequence != limit) {
      return Damaged(path, run->end, fmt::format("record {} is broken", run->next_sequence));
    }
  }
  return {};
}

std::uint64_t Journal::record_bytes_max() const {
  return file_bytes_ - kFileHeaderBytes - FrameBytes(0);
}

Error Journal::Fail(const Error& cause) {
  failed_ = true;
  Log(LogLevel::kError, "the journal cannot be synced: no more writes until a restart",
      {{"error", cause.message()}});
  return Unavailable("writes are refused until the server is restarted: " + cause.message());
}

Result<std::size_t> Journal::Append(std::span<const std::string_view> records) {
  SB_CHECK(!records.empty());
  if (failed_)
    return Unavailable("writes are refused until the server is restarted: a sync failed");
  SB_CHECK(!records.front().empty());
  SB_CHECK(records.front().size() <= record_bytes_max());  // the engine refuses larger ones
  if (rotate_first_ || FrameBytes(records.front().size()) > capacity_ - end_) {
    SB_TRY_OK(Rotate());
  }
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  while (count < records.size()) {
    std::uint64_t frame = FrameBytes(records[count].size());
    if (frame > capacity_ - end_ - bytes) break;
    if (count > 0 && bytes + frame > kBatchBytesMax) break;
    bytes += frame;
    ++count;
  }
  SB_TRY_OK(WriteFrames(records.first(count)));
  return count;
}

Result<> Journal::WriteFrames(std::span<const std::string_view> records) {
  buffer_.clear();
  for (std::size_t i = 0; i < records.size(); ++i) {
    AppendFrame(buffer_, number_, next_sequence_ + i, static_cast<std::uint32_t>(i), records[i]);
  }
  SB_CHECK(end_ + buffer_.size() <= capacity_);
  if (auto written = file_->Write(end_, buffer_); !written.ok()) {
    // Parts of the batch may be in the file: it is given up, its records up to here stay.
    rotate_first_ = true;
    return Unavailable(written.error().message());
  }
  ++syncs_;
  if (auto synced = file_->Sync(); !synced.ok()) return Fail(synced.error());
  end_ += buffer_.size();
  next_sequence_ += records.size();
  return {};
}

bool Journal::wants_spare() {
  std::unique_lock lock(mutex_, std::try_to_lock);
  // Held by whoever makes the spare or cuts: no need to ask then.
  return lock.owns_lock() && !spare_ready_;
}

Result<> Journal::PrepareSpare() {
  std::lock_guard lock(mutex_);
  return CreateSpare();
}

Result<> Journal::CreateSpare() {
  if (spare_ready_) return {};
  auto make = [&]() -> Result<> {
    SB_TRY(std::unique_ptr<WritableFile> file, files_.Create(SparePath()));
    SB_TRY_OK(file->Allocate(file_bytes_));
    SB_TRY_OK(file->Sync());
    return file->Close();
  };
  if (auto made = make(); !made.ok()) {
    // Half a file would only take room from others. If it stays, the next attempt replaces it.
    static_cast<void>(files_.Remove(SparePath()));
    return made.error();
  }
  spare_ready_ = true;
  return {};
}

Result<> Journal::Rotate() {
  std::lock_guard lock(mutex_);
  if (auto made = CreateSpare(); !made.ok()) return Unavailable(made.error().message());
  FileHeader header{.number = entries_.empty() ? 1 : entries_.back().number + 1,
                    .first_sequence = next_sequence_};
  auto opened = files_.OpenForWrite(SparePath());
  if (!opened.ok()) return Unavailable(opened.error().message());
  std::unique_ptr<WritableFile> file = *std::move(opened);
  if (auto written = file->Write(0, EncodeFileHeader(header)); !written.ok()) {
    return Unavailable(written.error().message());
  }
  ++syncs_;
  if (auto synced = file->Sync(); !synced.ok()) return Fail(synced.error());
  // A name of the journal always stands for a file with a sound header.
  if (auto renamed = files_.Rename(SparePath(), PathOf(header.number)); !renamed.ok()) {
    return Unavailable(renamed.error().message());
  }
  spare_ready_ = false;
  if (auto synced = files_.SyncFolder(folder_); !synced.ok()) return Fail(synced.error());
  entries_.push_back({.number = header.number, .first_sequence = header.first_sequence});
  file_ = std::move(file);
  number_ = header.number;
  capacity_ = file_bytes_;
  end_ = kFileHeaderBytes;
  rotate_first_ = false;
  return {};
}

Result<> Journal::Cut(Sequence sequence) {
  std::lock_guard lock(mutex_);
  bool recycled = false;
  bool changed = !leftovers_.empty();
  for (; !leftovers_.empty(); leftovers_.pop_back()) {
    SB_TRY_OK(files_.Remove(leftovers_.back()));
  }
  // A file's records end where the next one's begin; the newest file always stays.
  while (entries_.size() > 1 && entries_[1].first_sequence <= sequence + 1) {
    std::string path = PathOf(entries_.front().number);
    SB_TRY(std::uint64_t size, files_.Size(path));
    if (!spare_ready_ && !recycled && size == file_bytes_) {
      SB_TRY_OK(files_.Rename(path, SparePath()));
      recycled = true;
    } else {
      SB_TRY_OK(files_.Remove(path));
    }
    entries_.erase(entries_.begin());
    changed = true;
  }
  if (changed) SB_TRY_OK(files_.SyncFolder(folder_));
  // Only now: before, a crash could bring back the old name with the new life's content.
  if (recycled) spare_ready_ = true;
  return {};
}

}  // namespace securebase::storage

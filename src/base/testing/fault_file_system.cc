#include "base/testing/fault_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace securebase {
namespace {

struct PendingWrite {
  std::uint64_t offset;
  std::string bytes;
};

struct File {
  std::string data;                   // what a reader sees
  std::string durable;                // what a power cut leaves for certain
  std::vector<PendingWrite> pending;  // from durable to data
};

using FilePointer = std::shared_ptr<File>;
using Names = std::map<std::string, FilePointer>;

// `from`, if any, goes; `to`, if any, is `file` from then on.
struct NameChange {
  std::string folder;
  std::string from;
  std::string to;
  FilePointer file;
};

void Apply(std::string& data, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (data.size() < offset + bytes.size()) data.resize(offset + bytes.size());
  data.replace(offset, bytes.size(), bytes);
}

void Apply(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.file;
}

std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal.empty() ? "." : normal;
}

std::string Parent(const std::string& normal) {
  const std::string parent = std::filesystem::path(normal).parent_path().string();
  return parent.empty() ? "." : parent;
}

Error PowerIsOff() { return Unavailable("the power is cut"); }
Error Missing(std::string_view verb, const std::string& path) {
  return NotFound(fmt::format("cannot {} {}: no such file or directory", verb, path));
}
Error DiskFull(std::string_view verb, const std::string& path) {
  return Unavailable(fmt::format("cannot {} {}: no space left on device", verb, path));
}
Error SyncFailed(const std::string& path) {
  return Internal(fmt::format("cannot sync {}: input/output error", path));
}

}  // namespace

// The state. Its members are guarded by `mutex`; whoever calls a function holds it.
class FaultFileSystem::Disk {
 public:
  std::mutex mutex;
  Names names;                           // what a reader sees
  Names durable_names;                   // what a power cut leaves for certain
  std::vector<NameChange> name_changes;  // from durable_names to names
  std::set<std::string> folders = {"/", "."};
  std::set<std::string> locked;
  std::uint64_t changes = 0;
  std::optional<std::uint64_t> cut_at;
  std::uint64_t boots = 0;  // power cuts survived: what was opened before one is dead
  bool off = false;
  bool full = false;
  bool sync_fails = false;

  // Counts a changing operation. An operation calls Begin, then does its work so that a power
  // cut may keep or lose it, then returns End: an error where the power went in between.
  Result<> Begin() {
    if (off) return PowerIsOff();
    ++changes;
    off = cut_at == changes;
    return {};
  }
  Result<> End() const {
    if (off) return PowerIsOff();
    return {};
  }

  FilePointer Find(const std::string& normal) const {
    const auto found = names.find(normal);
    return found == names.end() ? nullptr : found->second;
  }

  void Change(NameChange change) {
    Apply(names, change);
    name_changes.push_back(std::move(change));
  }
};

class FaultFileSystem::OpenFile final : public WritableFile {
 public:
  OpenFile(std::shared_ptr<Disk> disk, FilePointer file, std::string path)
      : disk_(std::move(disk)),
        file_(std::move(file)),
        path_(std::move(path)),
        boot_(disk_->boots) {}

  Result<> Write(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(disk_->mutex);
    return WriteLocked(offset, std::string(bytes));
  }

  Result<> Allocate(std::uint64_t size) override {
    const std::lock_guard lock(disk_->mutex);
    const std::uint64_t old_size = file_->data.size();
    return WriteLocked(old_size, std::string(std::max(size, old_size) - old_size, '\0'));
  }

  Result<> Sync() override {
    const std::lock_guard lock(disk_->mutex);
    if (Dead()) return PowerIsOff();
    SB_TRY_OK(disk_->Begin());
    SB_TRY_OK(disk_->End());  // cut within: nothing more than before is certain
    if (disk_->sync_fails) return SyncFailed(path_);
    for (const PendingWrite& write : file_->pending) {
      Apply(file_->durable, write.offset, write.bytes);
    }
    file_->pending.clear();
    return {};
  }

  Result<> Close() override {
    const std::lock_guard lock(disk_->mutex);
    if (Dead() || disk_->off) return PowerIsOff();
    return {};
  }

 private:
  bool Dead() const { return boot_ != disk_->boots; }

  Result<> WriteLocked(std::uint64_t offset, std::string bytes) {
    if (Dead()) return PowerIsOff();
    SB_TRY_OK(disk_->Begin());
    if (disk_->full && !bytes.empty() && offset + bytes.size() > file_->data.size()) {
      return DiskFull("write", path_);
    }
    Apply(file_->data, offset, bytes);
    file_->pending.push_back({offset, std::move(bytes)});
    return disk_->End();
  }

  const std::shared_ptr<Disk> disk_;
  const FilePointer file_;
  const std::string path_;
  const std::uint64_t boot_;
};

class FaultFileSystem::HeldLock final : public FolderLock {
 public:
  HeldLock(std::shared_ptr<Disk> disk, std::string folder)
      : disk_(std::move(disk)), folder_(std::move(folder)), boot_(disk_->boots) {}
  ~HeldLock() override {
    const std::lock_guard lock(disk_->mutex);
    if (boot_ == disk_->boots) disk_->locked.erase(folder_);
  }

 private:
  const std::shared_ptr<Disk> disk_;
  const std::string folder_;
  const std::uint64_t boot_;
};

namespace {

class Copy final : public MappedFile {
 public:
  explicit Copy(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

}  // namespace

FaultFileSystem::FaultFileSystem() : disk_(std::make_shared<Disk>()) {}
FaultFileSystem::~FaultFileSystem() = default;

std::uint64_t FaultFileSystem::changes() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->changes;
}

void FaultFileSystem::CutAtChange(std::uint64_t k) {
  const std::lock_guard lock(disk_->mutex);
  disk_->cut_at = disk_->changes + k;
}

void FaultFileSystem::PowerCut(Random& random) {
  const std::lock_guard lock(disk_->mutex);
  // A file system's own journal keeps the order of its changes: any prefix may have reached it.
  const std::uint64_t kept = random.Below(disk_->name_changes.size() + 1);
  for (std::uint64_t i = 0; i < kept; ++i) Apply(disk_->durable_names, disk_->name_changes[i]);
  disk_->name_changes.clear();
  disk_->names = disk_->durable_names;

  // Data has no order: a later write may be there and an earlier one lost, or torn.
  for (const auto& [name, file] : disk_->names) {
    for (const PendingWrite& write : file->pending) {
      const std::string_view bytes = write.bytes;
      switch (random.Below(3)) {
        case 0:
          break;
        case 1:
          Apply(file->durable, write.offset, bytes);
          break;
        default:
          Apply(file->durable, write.offset, bytes.substr(0, random.Below(bytes.size() + 1)));
      }
    }
    file->pending.clear();
    file->data = file->durable;
  }
  disk_->locked.clear();
  disk_->cut_at.reset();
  disk_->off = false;
  ++disk_->boots;
}

void FaultFileSystem::SetDiskFull(bool full) {
  const std::lock_guard lock(disk_->mutex);
  disk_->full = full;
}

void FaultFileSystem::SetSyncFails(bool fails) {
  const std::lock_guard lock(disk_->mutex);
  disk_->sync_fails = fails;
}

Result<> FaultFileSystem::FlipBit(const std::string& path, std::uint64_t offset, int bit) {
  const std::lock_guard lock(disk_->mutex);
  const FilePointer file = disk_->Find(Normal(path));
  if (file == nullptr || offset >= file->data.size()) return Missing("flip a bit of", path);
  const auto flip = [&](std::string& bytes) {
    if (offset < bytes.size()) bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << bit));
  };
  flip(file->data);
  flip(file->durable);
  return {};
}

Result<std::unique_ptr<WritableFile>> FaultFileSystem::Create(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  const std::string normal = Normal(path);
  if (!disk_->folders.contains(Parent(normal))) return Missing("create", path);
  if (disk_->folders.contains(normal)) {
    return Internal(fmt::format("cannot create {}: is a directory", path));
  }
  SB_TRY_OK(disk_->Begin());
  if (disk_->full) return DiskFull("create", path);
  const auto file = std::make_shared<File>();
  disk_->Change({Parent(normal), {}, normal, file});
  SB_TRY_OK(disk_->End());
  return std::make_unique<OpenFile>(disk_, file, path);
}

Result<std::unique_ptr<WritableFile>> FaultFileSystem::OpenForWrite(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->End());
  const FilePointer file = disk_->Find(Normal(path));
  if (file == nullptr) return Missing("open", path);
  return std::make_unique<OpenFile>(disk_, file, path);
}

Result<std::string> FaultFileSystem::Read(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->End());
  const FilePointer file = disk_->Find(Normal(path));
  if (file == nullptr) return Missing("read", path);
  return file->data;
}

Result<std::unique_ptr<MappedFile>> FaultFileSystem::Map(const std::string& path) {
  SB_TRY(std::string bytes, Read(path));
  return std::make_unique<Copy>(std::move(bytes));
}

Result<std::vector<std::string>> FaultFileSystem::List(const std::string& folder) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->End());
  const std::string normal = Normal(folder);
  if (!disk_->folders.contains(normal)) return Missing("list", folder);
  std::set<std::string> entries;
  const auto add = [&](const std::string& path) {
    if (Parent(path) == normal && path != normal) {
      entries.insert(std::filesystem::path(path).filename().string());
    }
  };
  for (const auto& [name, file] : disk_->names) add(name);
  for (const std::string& name : disk_->folders) add(name);
  return std::vector<std::string>(entries.begin(), entries.end());
}

Result<> FaultFileSystem::CreateFolders(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->Begin());
  SB_TRY_OK(disk_->End());
  std::vector<std::string> missing;
  for (std::string folder = Normal(path); !disk_->folders.contains(folder);
       folder = Parent(folder)) {
    if (disk_->names.contains(folder)) {
      return Internal(fmt::format("cannot create {}: file exists", folder));
    }
    missing.push_back(folder);
  }
  if (disk_->full && !missing.empty()) return DiskFull("create", path);
  disk_->folders.insert(missing.begin(), missing.end());
  return {};
}

Result<> FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(disk_->mutex);
  const std::string old_name = Normal(from);
  const std::string new_name = Normal(to);
  if (Parent(old_name) != Parent(new_name)) {
    return Internal(fmt::format("cannot rename {}: {} is in another folder", from, to));
  }
  const FilePointer file = disk_->Find(old_name);
  if (file == nullptr) return Missing("rename", from);
  SB_TRY_OK(disk_->Begin());
  disk_->Change({Parent(old_name), old_name, new_name, file});
  return disk_->End();
}

Result<> FaultFileSystem::Remove(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  const std::string normal = Normal(path);
  SB_TRY_OK(disk_->Begin());
  if (disk_->folders.contains(normal)) {
    const auto within = [&](const std::string& other) { return Parent(other) == normal; };
    if (std::any_of(disk_->names.begin(), disk_->names.end(),
                    [&](const auto& name) { return within(name.first); }) ||
        std::any_of(disk_->folders.begin(), disk_->folders.end(), within)) {
      return Internal(fmt::format("cannot remove {}: directory not empty", path));
    }
    disk_->folders.erase(normal);
    return disk_->End();
  }
  if (disk_->Find(normal) == nullptr) return Missing("remove", path);
  disk_->Change({Parent(normal), normal, {}, nullptr});
  return disk_->End();
}

bool FaultFileSystem::Exists(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  const std::string normal = Normal(path);
  return !disk_->off && (disk_->names.contains(normal) || disk_->folders.contains(normal));
}

Result<std::uint64_t> FaultFileSystem::Size(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->End());
  const FilePointer file = disk_->Find(Normal(path));
  if (file == nullptr) return Missing("read", path);
  return file->data.size();
}

Result<> FaultFileSystem::SyncFolder(const std::string& folder) {
  const std::lock_guard lock(disk_->mutex);
  const std::string normal = Normal(folder);
  if (!disk_->folders.contains(normal)) return Missing("sync", folder);
  SB_TRY_OK(disk_->Begin());
  SB_TRY_OK(disk_->End());
  if (disk_->sync_fails) return SyncFailed(folder);
  std::erase_if(disk_->name_changes, [&](const NameChange& change) {
    if (change.folder != normal) return false;
    Apply(disk_->durable_names, change);
    return true;
  });
  return {};
}

Result<std::unique_ptr<FolderLock>> FaultFileSystem::Lock(const std::string& folder) {
  const std::lock_guard lock(disk_->mutex);
  SB_TRY_OK(disk_->End());
  const std::string normal = Normal(folder);
  if (!disk_->folders.contains(normal)) return Missing("lock", folder);
  if (!disk_->locked.insert(normal).second) {
    return Conflict(fmt::format("{} is in use by another process", folder));
  }
  // The lock's file shows in the folder, as it does on a real one.
  const auto file = std::make_shared<File>();
  disk_->names[normal + "/LOCK"] = file;
  disk_->durable_names[normal + "/LOCK"] = file;
  return std::make_unique<HeldLock>(disk_, normal);
}

}  // namespace securebase

#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.h"

namespace securebase {
namespace {

// What we store may be confidential: for the owner only.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr std::size_t kZeroBytes = 1 << 20;

// "cannot <verb> <path>: <cause>", from errno.
Error SystemError(std::string_view verb, const std::string& path) {
  const int cause = errno;
  std::string text = std::strerror(cause);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  const auto code = cause == ENOSPC || cause == EDQUOT    ? ErrorCode::kUnavailable
                    : cause == ENOENT || cause == ENOTDIR ? ErrorCode::kNotFound
                                                          : ErrorCode::kInternal;
  return Error(code, fmt::format("cannot {} {}: {}", verb, path, text));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<FileDescriptor> Open(const std::string& path, int flags, std::string_view verb) {
  FileDescriptor file(open(path.c_str(), flags | O_CLOEXEC, kFileMode));
  if (file.get() < 0) return SystemError(verb, path);
  return file;
}

Result<std::uint64_t> SizeOf(const FileDescriptor& file, const std::string& path) {
  struct stat status;
  if (fstat(file.get(), &status) != 0) return SystemError("read", path);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return SystemError("read", path);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::string Parent(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(FileDescriptor file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Result<> Write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written =
          pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError("write", path_);
      offset += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<> Sync() override {
    if (fdatasync(file_.get()) != 0) return SystemError("sync", path_);
    return {};
  }

  Result<> Allocate(std::uint64_t size) override {
    SB_TRY(std::uint64_t written, SizeOf(file_, path_));
    if (written >= size) return {};
    // Some file systems cannot reserve: there the zeroes alone do.
    if (fallocate(file_.get(), 0, 0, static_cast<off_t>(size)) != 0 && errno != EOPNOTSUPP) {
      return SystemError("write", path_);
    }
    const std::string zeroes(std::min<std::uint64_t>(kZeroBytes, size - written), '\0');
    while (written < size) {
      const std::size_t count = std::min<std::uint64_t>(zeroes.size(), size - written);
      SB_TRY_OK(Write(written, std::string_view(zeroes).substr(0, count)));
      written += count;
    }
    return {};
  }

  Result<> Close() override {
    // Linux frees the descriptor even when close reports an error.
    if (close(file_.Release()) != 0) return SystemError("close", path_);
    return {};
  }

 private:
  FileDescriptor file_;
  const std::string path_;
};

class PosixMappedFile final : public MappedFile {
 public:
  explicit PosixMappedFile(std::string_view bytes) : bytes_(bytes) {}
  ~PosixMappedFile() override {
    if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string_view bytes_;
};

// The lock is flock's, on the file LOCK: the kernel lets go of it when the process dies. The
// file stays: removing it would let two processes lock two files of the same name.
class PosixFolderLock final : public FolderLock {
 public:
  explicit PosixFolderLock(FileDescriptor file) : file_(std::move(file)) {}

 private:
  const FileDescriptor file_;
};

class Posix final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    SB_TRY(FileDescriptor file, Open(path, O_WRONLY | O_CREAT | O_TRUNC, "create"));
    return std::make_unique<PosixWritableFile>(std::move(file), path);
  }

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override {
    SB_TRY(FileDescriptor file, Open(path, O_WRONLY, "open"));
    return std::make_unique<PosixWritableFile>(std::move(file), path);
  }

  Result<std::string> Read(const std::string& path) override {
    SB_TRY(const FileDescriptor file, Open(path, O_RDONLY, "read"));
    SB_TRY(const std::uint64_t size, SizeOf(file, path));
    // One byte more than the size shows the end without growing; files of /proc say size 0.
    std::string bytes(size + 1, '\0');
    std::size_t used = 0;
    while (true) {
      const ssize_t count = read(file.get(), bytes.data() + used, bytes.size() - used);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return SystemError("read", path);
      if (count == 0) break;
      used += static_cast<std::size_t>(count);
      if (used == bytes.size()) bytes.resize(std::max<std::size_t>(4096, bytes.size() * 2));
    }
    bytes.resize(used);
    return bytes;
  }

  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override {
    SB_TRY(const FileDescriptor file, Open(path, O_RDONLY, "read"));
    SB_TRY(const std::uint64_t size, SizeOf(file, path));
    if (size == 0) return std::make_unique<PosixMappedFile>(std::string_view());
    void* const address = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
    if (address == MAP_FAILED) return SystemError("map", path);
    return std::make_unique<PosixMappedFile>(
        std::string_view(static_cast<const char*>(address), size));
  }

  Result<std::vector<std::string>> List(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
    if (entries == nullptr) return SystemError("list", folder);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return SystemError("list", folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<> CreateFolders(const std::string& path) override {
    std::string prefix;
    for (const std::string_view part : Split(path, '/')) {
      prefix += part;
      if (!part.empty() && part != "." && part != "..") SB_TRY_OK(CreateFolder(prefix));
      prefix += '/';
    }
    return {};
  }

  Result<> Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) return SystemError("rename", from);
    return {};
  }

  Result<> Remove(const std::string& path) override {
    if (std::remove(path.c_str()) != 0) return SystemError("remove", path);
    return {};
  }

  bool Exists(const std::string& path) override { return access(path.c_str(), F_OK) == 0; }

  Result<std::uint64_t> Size(const std::string& path) override {
    struct stat status;
    if (stat(path.c_str(), &status) != 0) return SystemError("read", path);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<> SyncFolder(const std::string& folder) override {
    SB_TRY(const FileDescriptor file, Open(folder, O_RDONLY | O_DIRECTORY, "sync"));
    if (fsync(file.get()) != 0) return SystemError("sync", folder);
    return {};
  }

  Result<std::unique_ptr<FolderLock>> Lock(const std::string& folder) override {
    const std::string path = folder + "/LOCK";
    SB_TRY(FileDescriptor file, Open(path, O_RDWR | O_CREAT, "lock"));
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return SystemError("lock", path);
      return Conflict(fmt::format("{} is in use by {}", folder, Holder(path)));
    }
    const std::string pid = fmt::format("{}\n", getpid());
    if (ftruncate(file.get(), 0) != 0 ||
        pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
      return SystemError("write", path);
    }
    return std::make_unique<PosixFolderLock>(std::move(file));
  }

 private:
  Result<> CreateFolder(const std::string& path) {
    if (mkdir(path.c_str(), kFolderMode) == 0) return SyncFolder(Parent(path));
    const int cause = errno;
    struct stat status;
    if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    errno = cause;
    return SystemError("create", path);
  }

  std::string Holder(const std::string& path) {
    const Result<std::string> content = Read(path);
    const auto pid = content.ok() ? ParseInt(Trim(*content)) : std::nullopt;
    return pid ? fmt::format("process {}", *pid) : "another process";
  }
};

Result<> WriteTemporary(FileSystem& files, const std::string& path, std::string_view bytes) {
  SB_TRY(const std::unique_ptr<WritableFile> file, files.Create(path));
  SB_TRY_OK(file->Write(0, bytes));
  SB_TRY_OK(file->Sync());
  return file->Close();
}

}  // namespace

FileSystem& PosixFileSystem() {
  static Posix files;
  return files;
}

Result<> WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  Result<> done = WriteTemporary(files, temporary, bytes);
  if (done.ok()) done = files.Rename(temporary, path);
  if (!done.ok()) {
    // Half a file would fill a full disk further. Whether this fails changes nothing: the next
    // attempt replaces it.
    static_cast<void>(files.Remove(temporary));
    return done;
  }
  return files.SyncFolder(Parent(path));
}

}  // namespace securebase

#pragma once

// Files as the stores need them, behind an interface: tests cut the power, fill the disk and
// flip bits (base/testing/fault_file_system.h).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase {

/// A file that is written at its end or in place. Not thread-safe. Errors: kUnavailable when the
/// disk is full, kInternal else; the message names the file.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Result<> Write(std::uint64_t offset, std::string_view bytes) = 0;
  /// Data (and, after growth, size) is on the disk when this returns.
  virtual Result<> Sync() = 0;
  /// Grows the file to `size` bytes, reserved and written with zeroes, so that later writes in
  /// place change no metadata. What the file holds already stays.
  virtual Result<> Allocate(std::uint64_t size) = 0;
  virtual Result<> Close() = 0;
};

/// Immutable content mapped into memory. Views stay valid while this lives.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::string_view bytes() const = 0;
};

/// Holds an exclusive lock on a folder until it is destroyed.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

/// Thread-safe. Errors: kNotFound where the file or folder is missing, kUnavailable when the disk
/// is full, kInternal else; the message names the path.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// An empty file; one of that name is replaced.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  /// A file that exists, with its content.
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) = 0;
  virtual Result<std::string> Read(const std::string& path) = 0;
  virtual Result<std::unique_ptr<MappedFile>> Map(const std::string& path) = 0;
  /// Names (not paths) of the entries, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  /// The folder and those above it, where they are missing. They survive a power cut.
  virtual Result<> CreateFolders(const std::string& path) = 0;
  /// Atomic replacement; both in one folder.
  virtual Result<> Rename(const std::string& from, const std::string& to) = 0;
  /// Removes a file or an empty folder.
  virtual Result<> Remove(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual Result<std::uint64_t> Size(const std::string& path) = 0;
  /// Names created, renamed or removed in the folder survive a power cut after this.
  virtual Result<> SyncFolder(const std::string& folder) = 0;
  /// kConflict when another process holds it; the message says which, where it is known.
  virtual Result<std::unique_ptr<FolderLock>> Lock(const std::string& folder) = 0;
};

/// The machine's files.
FileSystem& PosixFileSystem();

/// Writes a whole file so that after a crash it is there whole or not at all: temporary name,
/// sync, rename, sync of the folder.
Result<> WriteFileAtomically(FileSystem& files, const std::string& path, std::string_view bytes);

}  // namespace securebase

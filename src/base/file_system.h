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
  /// Reserves `size` bytes and writes zeroes, so that later writes in place change no metadata.
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

/// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) = 0;
  virtual Result<std::string> Read(const std::string& path) = 0;
  virtual Result<std::unique_ptr<MappedFile>> Map(const std::string& path) = 0;
  /// Names (not paths) of the entries, sorted.
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  virtual Result<> CreateFolders(const std::string& path) = 0;
  /// Atomic replacement; both in one folder.
  virtual Result<> Rename(const std::string& from, const std::string& to) = 0;
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

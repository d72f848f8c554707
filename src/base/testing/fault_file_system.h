#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/random.h"

namespace securebase {

/// Files in memory that fail as real ones do: the power goes, the disk fills, a bit flips.
///
/// File content is durable after WritableFile::Sync, names after SyncFolder (both are needed for
/// a new file); folders at once. A changing operation is Create, Write, Allocate, Sync, Rename,
/// Remove, CreateFolders and SyncFolder. Thread-safe.
///
/// A crash test runs its workload once to learn changes(), then for each k up to it again with
/// CutAtChange(k), PowerCut, and reopens its store on the same object.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  /// How many changing operations there were.
  std::uint64_t changes() const;

  /// Makes the `k`-th changing operation from now (1: the next) fail, half done, and every
  /// operation after it, until PowerCut.
  void CutAtChange(std::uint64_t k);

  /// The power goes and comes back. Of what was not synced, a random part remains: each write
  /// whole, not at all or its beginning; of the changes of names the first few. Locks are free
  /// and files that were open fail.
  void PowerCut(Random& random);

  /// While the disk is full, what needs space (a new name, a longer file) fails with
  /// kUnavailable; writes within a file still work, as in a file that is reserved.
  void SetDiskFull(bool full);

  /// While set, Sync and SyncFolder fail with kInternal and sync nothing.
  void SetSyncFails(bool fails);

  /// Inverts one bit (0 the lowest) of the byte at `offset`, as a failing disk would: durable,
  /// unnoticed. kNotFound where there is no such byte.
  Result<> FlipBit(const std::string& path, std::uint64_t offset, int bit = 0);

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path) override;
  Result<std::string> Read(const std::string& path) override;
  /// A copy: later changes do not show.
  Result<std::unique_ptr<MappedFile>> Map(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Result<> CreateFolders(const std::string& path) override;
  Result<> Rename(const std::string& from, const std::string& to) override;
  Result<> Remove(const std::string& path) override;
  bool Exists(const std::string& path) override;
  Result<std::uint64_t> Size(const std::string& path) override;
  Result<> SyncFolder(const std::string& folder) override;
  Result<std::unique_ptr<FolderLock>> Lock(const std::string& folder) override;

 private:
  class Disk;
  class OpenFile;
  class HeldLock;
  const std::shared_ptr<Disk> disk_;  // shared with the open files and locks
};

}  // namespace securebase

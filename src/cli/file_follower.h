#pragma once

// Reads a file as it grows, through rotation and truncation.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace securebase::cli {

/// Up to where a file was read: which file it was, and the offset behind the last whole line.
struct FilePosition {
  std::uint64_t inode = 0;  // 0: nothing was read yet
  std::uint64_t offset = 0;
};

/// Not thread-safe.
class FileFollower {
 public:
  /// Goes on at `position`. Where the path is another file by now, the rest of the old one is read
  /// first, if it still lies in the same folder.
  FileFollower(std::string path, FilePosition position);
  ~FileFollower();
  FileFollower(const FileFollower&) = delete;
  FileFollower& operator=(const FileFollower&) = delete;

  /// Appends whole lines that came since, about `bytes_max` of them, without their ends. A file
  /// that is not there (yet) has none. A line without an end is given when its file was replaced.
  Result<> Read(std::vector<std::string>& lines, std::size_t bytes_max);

  /// Behind the lines that were read.
  FilePosition position() const { return position_; }
  const std::string& path() const { return path_; }

 private:
  bool Open();
  void Close();
  bool Replaced() const;

  const std::string path_;
  FilePosition position_;
  int fd_ = -1;
  std::string partial_;  // bytes behind position_ that are no whole line yet
};

}  // namespace securebase::cli

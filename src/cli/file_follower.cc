#include "cli/file_follower.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace securebase::cli {
namespace {

// A longer line is given in pieces: an event has at most a megabyte.
constexpr std::size_t kLineMax = 1'000'000;

std::uint64_t InodeOf(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? static_cast<std::uint64_t>(info.st_ino) : 0;
}

/// A file of the path's folder with that inode: where rotation moved it. -1: none.
int OpenByInode(const std::string& path, std::uint64_t inode) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return -1;
  int found = -1;
  while (const dirent* entry = readdir(directory)) {
    if (static_cast<std::uint64_t>(entry->d_ino) != inode) continue;
    const std::string name = folder + (folder.ends_with('/') ? "" : "/") + entry->d_name;
    found = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    break;
  }
  closedir(directory);
  return found;
}

}  // namespace

FileFollower::FileFollower(std::string path, FilePosition position)
    : path_(std::move(path)), position_(position) {}

FileFollower::~FileFollower() { Close(); }

void FileFollower::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  partial_.clear();
}

bool FileFollower::Open() {
  if (position_.inode != 0) {
    fd_ = OpenByInode(path_, position_.inode);
    if (fd_ >= 0) return true;
  }
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return false;
  position_ = {.inode = InodeOf(fd_), .offset = 0};
  return true;
}

bool FileFollower::Replaced() const {
  struct stat info;
  return stat(path_.c_str(), &info) == 0 &&
         static_cast<std::uint64_t>(info.st_ino) != position_.inode;
}

Result<> FileFollower::Read(std::vector<std::string>& lines, std::size_t bytes_max) {
  if (fd_ < 0 && !Open()) return {};
  std::size_t given = 0;
  std::array<char, 64 << 10> buffer;
  while (given < bytes_max) {
    struct stat info;
    if (fstat(fd_, &info) != 0) return Unavailable("cannot read " + path_);
    if (static_cast<std::uint64_t>(info.st_size) < position_.offset + partial_.size()) {
      position_.offset = 0;  // cut off: what is there now is new
      partial_.clear();
    }
    const ssize_t count = pread(fd_, buffer.data(), buffer.size(),
                                static_cast<off_t>(position_.offset + partial_.size()));
    if (count < 0) return Unavailable("cannot read " + path_ + ": " + std::strerror(errno));
    if (count == 0) {
      if (!Replaced()) return {};
      if (!partial_.empty()) lines.push_back(std::exchange(partial_, {}));
      Close();
      position_ = {};
      if (!Open()) return {};
      continue;
    }
    partial_.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end; (end = partial_.find('\n', start)) != partial_.npos; start = end + 1) {
      std::string line = partial_.substr(start, end - start);
      if (line.ends_with('\r')) line.pop_back();
      given += line.size() + 1;
      lines.push_back(std::move(line));
    }
    if (partial_.size() - start > kLineMax) {
      lines.push_back(partial_.substr(start, kLineMax));
      given += kLineMax;
      start += kLineMax;
    }
    position_.offset += start;
    partial_.erase(0, start);
  }
  return {};
}

}  // namespace securebase::cli

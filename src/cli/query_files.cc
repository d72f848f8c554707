#include "cli/query_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/compression.h"

namespace securebase::cli {
namespace {

// Packed files are unpacked in memory: a bomb ends here.
constexpr std::size_t kUnpackedBytesMax = std::size_t{8} << 30;

Result<std::string> ReadStandardInput() {
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (text.size() - used < (1 << 16))
      text.resize(std::max<std::size_t>(1 << 20, text.size() * 2));
    const ssize_t n = read(STDIN_FILENO, text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Internal("cannot read standard input");
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  text.resize(used);
  return text;
}

std::int64_t ModifiedMs(const std::string& name) {
  struct stat status {};
  if (stat(name.c_str(), &status) != 0) return 0;
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 +
         status.st_mtim.tv_nsec / 1'000'000;
}

// The text of packed bytes; null for bytes that are not packed.
Result<std::unique_ptr<std::string>> Unpack(const std::string& name, std::string_view bytes) {
  const bool gzip = bytes.starts_with("\x1f\x8b");
  if (!gzip && !bytes.starts_with("\x28\xb5\x2f\xfd")) return std::unique_ptr<std::string>();
  Result<std::string> text =
      gzip ? GunzipAll(bytes, kUnpackedBytesMax) : UnzstdAll(bytes, kUnpackedBytesMax);
  if (!text.ok()) return InvalidArgument(name, text.error().message());
  return std::make_unique<std::string>(*std::move(text));
}

Result<std::vector<std::string>> Expand(const std::vector<std::string>& names) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code error;
    if (name == "-" || !fs::is_directory(name, error)) {
      files.push_back(name);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(name, error), end;
    for (; !error && at != end; at.increment(error)) {
      const std::string base = at->path().filename().string();
      if (base.starts_with('.')) {
        if (at->is_directory(error)) at.disable_recursion_pending();
        continue;
      }
      if (at->is_regular_file(error)) found.push_back(at->path().string());
    }
    if (error) return InvalidArgument(name, "cannot be read: " + error.message());
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace

Result<QueryFiles> OpenQueryFiles(const std::vector<std::string>& names, std::int64_t now_ms) {
  QueryFiles out;
  SB_TRY(const std::vector<std::string> files, Expand(names));
  for (const std::string& name : files) {
    insights::LogFile file;
    file.name = name == "-" ? "stdin" : name;
    file.modified_ms = now_ms;
    std::string_view bytes;
    std::error_code ignored;
    if (name == "-" || std::filesystem::is_fifo(name, ignored)) {
      if (name != "-") return InvalidArgument(name, "is a pipe: use - and redirect it");
      SB_TRY(std::string text, ReadStandardInput());
      out.texts.push_back(std::make_unique<std::string>(std::move(text)));
      bytes = *out.texts.back();
    } else {
      if (!std::filesystem::exists(name, ignored)) return NotFound(name + " does not exist");
      if (!std::filesystem::is_regular_file(name, ignored)) {
        return InvalidArgument(name, "is no regular file");
      }
      file.modified_ms = ModifiedMs(name);
      if (std::filesystem::file_size(name, ignored) > 0) {
        SB_TRY(std::unique_ptr<MappedFile> mapped, PosixFileSystem().Map(name));
        bytes = mapped->bytes();
        out.mapped.push_back(std::move(mapped));
      }
    }
    SB_TRY(std::unique_ptr<std::string> unpacked, Unpack(file.name, bytes));
    if (unpacked) {
      bytes = *unpacked;
      out.texts.push_back(std::move(unpacked));
    }
    file.text = bytes;
    out.files.push_back(std::move(file));
  }
  return out;
}

}  // namespace securebase::cli

#pragma once

// Log files as an input: lines of text or JSON, and events written out one a line.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "insights/memory_input.h"
#include "insights/run.h"

namespace securebase::insights {

enum class LineFormat : std::uint8_t { kAuto, kText, kJson, kEvents };

/// A file's whole text, unpacked.
struct LogFile {
  std::string name;              // as the user wrote it: @logStream of its lines
  std::string_view text;         // outlives the input
  std::int64_t modified_ms = 0;  // lines without a time count on from here
};

/// Lines of files. Their @timestamp is the first of the fields timestamp, @timestamp, time and ts
/// (epoch seconds or milliseconds, ISO 8601), or the ISO time that a line of text begins with, else
/// the file's time plus the line's number in milliseconds. Their group is the file's base name; a
/// selection that names no group known here means all.
///
/// kEvents: lines of {"timestamp": ms, "message": text, "stream": name, "group": name}, loaded at
/// once. Immutable, thread-safe.
class FileInput final : public Input {
 public:
  /// kInvalidArgument names the file and line that is no event.
  static Result<std::unique_ptr<FileInput>> Open(std::vector<LogFile> files, LineFormat format);

  Result<std::vector<std::string>> Resolve(const GroupSelection& selection) const override;
  Result<std::vector<ScanPart>> Open(const ScanRequest& request, std::size_t parts) const override;
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Lines {
    LogFile file;
    std::string group;
    bool json = true;  // fields of JSON may hold the time
  };
  std::vector<Lines> lines_;
  std::vector<MemoryEvent> events_;
  std::vector<std::string> groups_;
  std::vector<std::string> derived_;  // those that are a file's name, as its lines name none
  std::uint64_t bytes_ = 0;
};

}  // namespace securebase::insights

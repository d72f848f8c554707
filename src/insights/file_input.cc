#include "insights/file_input.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "base/text.h"
#include "insights/internal/line_source.h"
#include "insights/internal/memory_source.h"

namespace securebase::insights {
namespace {

constexpr const char* kAccount = "local";
// One thread reads so much of a file at a time.
constexpr std::size_t kPieceBytes = 8 << 20;

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view FirstLine(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return Trim(text.substr(start, text.find('\n', start) - start));
}

class EventReader {
 public:
  // False where the line is no event; `strict`: nor one with members of other names.
  bool Read(std::string_view line, bool strict, MemoryEvent& event) {
    simdjson::dom::object object;
    if (parser_.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return false;
    bool has_time = false, has_message = false, has_place = false;
    for (const auto field : object) {
      std::string_view text;
      if (field.key == "timestamp") {
        double number = 0;
        std::int64_t whole = 0;
        if (field.value.get(whole) == simdjson::SUCCESS) {
          event.timestamp_ms = whole;
        } else if (field.value.get(number) == simdjson::SUCCESS && std::abs(number) < 9e15) {
          event.timestamp_ms = static_cast<std::int64_t>(number);
        } else {
          return false;
        }
        has_time = true;
      } else if (field.key == "message" || field.key == "stream" || field.key == "group") {
        if (field.value.get(text) != simdjson::SUCCESS) return false;
        (field.key == "message"  ? event.message
         : field.key == "stream" ? event.stream
                                 : event.group) = text;
        (field.key == "message" ? has_message : has_place) = true;
      } else if (field.key == "ingestionTime") {
        if (field.value.get(event.ingested_ms) != simdjson::SUCCESS) event.ingested_ms = 0;
      } else if (strict) {
        return false;
      }
    }
    return has_time && has_message && (has_place || !strict);
  }

 private:
  simdjson::dom::parser parser_;
};

template <class F>
Result<> EachLine(std::string_view text, F&& f) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++number;
    const std::string_view line = Trim(text.substr(at, end - at));
    at = end + 1;
    if (!line.empty()) SB_TRY_OK(f(line, number));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<FileInput>> FileInput::Open(std::vector<LogFile> files, LineFormat format) {
  auto input = std::make_unique<FileInput>();
  std::set<std::string> groups, derived;
  EventReader reader;
  for (LogFile& file : files) {
    const std::string base(BaseName(file.name));
    input->bytes_ += file.text.size();
    if (file.text.starts_with("\xEF\xBB\xBF")) file.text.remove_prefix(3);
    MemoryEvent probe;
    const bool events =
        format == LineFormat::kEvents ||
        (format == LineFormat::kAuto && reader.Read(FirstLine(file.text), true, probe));
    if (!events) {
      groups.insert(base);
      derived.insert(base);
      input->lines_.push_back({file, base, format != LineFormat::kText});
      continue;
    }
    SB_TRY_OK(EachLine(file.text, [&](std::string_view line, std::size_t number) -> Result<> {
      MemoryEvent event{.stream = file.name, .group = base};
      if (!reader.Read(line, false, event)) {
        return InvalidArgument(file.name + ":" + std::to_string(number),
                               "is no event: an object with timestamp (ms) and message is wanted");
      }
      if (event.ingested_ms == 0) event.ingested_ms = event.timestamp_ms;
      groups.insert(event.group);
      if (event.group == base) derived.insert(base);
      input->events_.push_back(std::move(event));
      return {};
    }));
  }
  input->groups_.assign(groups.begin(), groups.end());
  input->derived_.assign(derived.begin(), derived.end());
  return input;
}

Result<std::vector<std::string>> FileInput::Resolve(const GroupSelection& selection) const {
  // Nothing here has tags: a selection by them alone chooses nothing.
  std::vector<std::string> chosen;
  for (const std::string& group : groups_) {
    const bool named =
        std::find(selection.names.begin(), selection.names.end(), group) != selection.names.end();
    const bool prefixed =
        std::any_of(selection.prefixes.begin(), selection.prefixes.end(),
                    [&](const std::string& prefix) { return group.starts_with(prefix); });
    if (named || prefixed) chosen.push_back(group);
  }
  // Lines that name no group are of any that is not known here: the query was written for a server.
  const bool unknown =
      std::any_of(selection.names.begin(), selection.names.end(), [&](const std::string& name) {
        return std::find(groups_.begin(), groups_.end(), name) == groups_.end();
      });
  if (unknown || (chosen.empty() && events_.empty())) {
    for (const std::string& group : derived_) {
      if (std::find(chosen.begin(), chosen.end(), group) == chosen.end()) chosen.push_back(group);
    }
  }
  return chosen;
}

Result<std::vector<ScanPart>> FileInput::Open(const ScanRequest& request, std::size_t) const {
  std::vector<ScanPart> parts;
  const auto chosen = [&](const std::string& group) {
    return request.groups.empty() ||
           std::find(request.groups.begin(), request.groups.end(), group) != request.groups.end();
  };
  if (!events_.empty()) {
    ScanPart part;
    part.source = std::make_unique<internal::MemorySource>(events_, request, kAccount);
    part.rows = events_.size();
    for (const MemoryEvent& event : events_) part.bytes += event.message.size();
    parts.push_back(std::move(part));
  }
  std::int64_t file_number = 1;
  for (const Lines& lines : lines_) {
    const std::int64_t arrival = file_number++ << 40;
    if (!chosen(lines.group)) continue;
    const std::string_view text = lines.file.text;
    const std::string_view sample = text.substr(0, 64 << 10);
    const auto newlines = std::count(sample.begin(), sample.end(), '\n');
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t end = begin + kPieceBytes;
      if (end < text.size()) end = text.find('\n', end);
      end = end < text.size() ? end + 1 : text.size();
      ScanPart part;
      part.bytes = end - begin;
      part.rows = part.bytes * static_cast<std::uint64_t>(newlines + 1) /
                  std::max<std::size_t>(sample.size(), 1);
      part.source = std::make_unique<internal::LineSource>(
          internal::LinePiece{.whole = text,
                              .begin = begin,
                              .end = end,
                              .arrival = arrival,
                              .modified_ms = lines.file.modified_ms,
                              .stream = lines.file.name,
                              .group = lines.group,
                              .json = lines.json},
          request, kAccount);
      parts.push_back(std::move(part));
      begin = end;
    }
  }
  // Files are mostly in the order of time: the newest lines stand at the end.
  if (request.newest_first) std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace securebase::insights

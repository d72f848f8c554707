#include "ingest/syslog.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"

namespace securebase::ingest {
namespace {

constexpr std::array<std::string_view, 8> kSeverities = {
    "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// "<34>" at the front; taken off where it is valid.
std::optional<int> TakePriority(std::string_view& rest) {
  if (!rest.starts_with("<")) return std::nullopt;
  const std::size_t end = rest.substr(0, 5).find('>');
  if (end == rest.npos) return std::nullopt;
  const auto number = ParseInt(rest.substr(1, end - 1));
  if (!number || *number < 0 || *number > 191) return std::nullopt;
  rest.remove_prefix(end + 1);
  return static_cast<int>(*number);
}

/// The text up to the next blank, which goes too.
std::string_view TakeWord(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// "-" stands for nothing.
std::string Field(std::string_view word) { return word == "-" ? std::string() : std::string(word); }

/// `[id a="b" c="d"]`.. or "-"; false: it is malformed, and all of it is text.
bool TakeData(std::string_view& rest, SyslogMessage& out) {
  if (rest.starts_with("-")) {
    TakeWord(rest);
    return true;
  }
  std::string_view left = rest;
  while (left.starts_with("[")) {
    left.remove_prefix(1);
    const std::size_t id_end = left.find_first_of(" ]");
    if (id_end == left.npos || id_end == 0) return false;
    auto& element = out.data.emplace_back(std::string(left.substr(0, id_end)),
                                          std::vector<std::pair<std::string, std::string>>());
    left.remove_prefix(id_end);
    while (left.starts_with(" ")) {
      left.remove_prefix(1);
      const std::size_t equals = left.find("=\"");
      if (equals == left.npos) return false;
      std::string name(left.substr(0, equals)), value;
      left.remove_prefix(equals + 2);
      while (!left.empty() && left.front() != '"') {
        const bool escaped = left.front() == '\\' && left.size() > 1 &&
                             (left[1] == '"' || left[1] == '\\' || left[1] == ']');
        if (escaped) left.remove_prefix(1);
        value += left.front();
        left.remove_prefix(1);
      }
      if (left.empty()) return false;
      left.remove_prefix(1);
      element.second.emplace_back(std::move(name), std::move(value));
    }
    if (!left.starts_with("]")) return false;
    left.remove_prefix(1);
  }
  if (out.data.empty()) return false;
  rest = left;
  if (rest.starts_with(" ")) rest.remove_prefix(1);
  return true;
}

bool ParseNew(std::string_view rest, SyslogMessage& out) {
  if (!rest.starts_with("1 ")) return false;
  rest.remove_prefix(2);
  const std::string_view time = TakeWord(rest);
  if (time != "-") {
    const Result<Instant> parsed = ParseIso(time);
    if (!parsed.ok()) return false;
    out.time = *parsed;
  }
  out.host = Field(TakeWord(rest));
  out.app = Field(TakeWord(rest));
  out.process_id = Field(TakeWord(rest));
  out.message_id = Field(TakeWord(rest));
  if (!TakeData(rest, out)) out.data.clear();
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  out.text = rest;
  return true;
}

/// "Oct  1 22:14:15": of this year, or of the last where that would be far ahead.
std::optional<Instant> OldTime(std::string_view text, Instant now) {
  using namespace std::chrono;
  if (text.size() != 15 || text[3] != ' ' || text[6] != ' ') return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  const auto of_day = ParseInt(Trim(text.substr(4, 2)));
  const auto h = ParseInt(text.substr(7, 2)), m = ParseInt(text.substr(10, 2)),
             s = ParseInt(text.substr(13, 2));
  if (month == kMonths.end() || !of_day || !h || !m || !s || *h > 23 || *m > 59 || *s > 60) {
    return std::nullopt;
  }
  const auto number = static_cast<unsigned>(month - kMonths.begin()) + 1;
  year_month_day date(floor<days>(now));
  for (const int back : {0, 1}) {
    const year_month_day day(date.year() - years(back), std::chrono::month(number),
                             std::chrono::day(static_cast<unsigned>(*of_day)));
    if (!day.ok()) continue;
    const Instant time = sys_days(day) + hours(*h) + minutes(*m) + seconds(*s);
    if (time <= now + hours(24)) return time;
  }
  return std::nullopt;
}

void ParseOld(std::string_view rest, Instant now, SyslogMessage& out) {
  if (const auto time = OldTime(rest.substr(0, 15), now)) {
    out.time = time;
    rest.remove_prefix(15);
    if (rest.starts_with(" ")) rest.remove_prefix(1);
    // "host tag[pid]: text"
    std::string_view after = rest;
    const std::string_view host = TakeWord(after);
    const std::size_t tag_end = after.find_first_of("[: ");
    if (!host.empty() && !host.ends_with(":")) {
      out.host = host;
      rest = after;
      if (tag_end != after.npos && tag_end > 0 && after[tag_end] != ' ') {
        out.app = after.substr(0, tag_end);
        rest = after.substr(tag_end);
        const std::size_t close = rest.find(']');
        if (rest.starts_with("[") && close != rest.npos) {
          out.process_id = rest.substr(1, close - 1);
          rest.remove_prefix(close + 1);
        }
        if (rest.starts_with(":")) rest.remove_prefix(1);
        if (rest.starts_with(" ")) rest.remove_prefix(1);
      }
    }
  }
  out.text = rest;
}

}  // namespace

SyslogMessage ParseSyslog(std::string_view message, Instant now) {
  SyslogMessage out;
  std::string_view rest = message;
  while (rest.ends_with('\n') || rest.ends_with('\r') || rest.ends_with('\0')) {
    rest.remove_suffix(1);
  }
  out.priority = TakePriority(rest);
  SyslogMessage fresh = out;
  if (out.priority && ParseNew(rest, fresh)) return fresh;
  ParseOld(rest, now, out);
  return out;
}

void AddSyslog(std::string_view message, Instant now, LogBatch& batch) {
  const SyslogMessage parsed = ParseSyslog(message, now);
  json::Value out;
  const auto add = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.Set(name, ToValidUtf8(text));
  };
  if (parsed.priority) {
    out.Set("facility", kFacilities[static_cast<std::size_t>(*parsed.priority / 8)]);
    out.Set("severity", kSeverities[static_cast<std::size_t>(*parsed.priority % 8)]);
  }
  add("host", parsed.host);
  add("app", parsed.app);
  add("procid", parsed.process_id);
  add("msgid", parsed.message_id);
  if (!parsed.data.empty()) {
    json::Value data{json::Object()};
    for (const auto& [id, parameters] : parsed.data) {
      json::Value element{json::Object()};
      for (const auto& [name, value] : parameters) {
        element.Set(ToValidUtf8(name), ToValidUtf8(value));
      }
      data.Set(ToValidUtf8(id), std::move(element));
    }
    out.Set("data", std::move(data));
  }
  out.Set("message", ToValidUtf8(parsed.text));
  const std::string stream = parsed.host + (parsed.app.empty() ? "" : "/" + parsed.app);
  batch.Add("/syslog", StreamNameFrom(stream, "unknown"), parsed.time.value_or(now),
            json::Write(out));
}

void SyslogFramer::Feed(std::string_view bytes, std::vector<std::string>& messages) {
  buffer_ += bytes;
  std::size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    if (rest.empty()) break;
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const auto length = digits > 0 && digits < 7 && digits < rest.size() && rest[digits] == ' '
                            ? ParseInt(rest.substr(0, digits))
                            : std::nullopt;
    if (!skipping_ && length && *length > 0 && rest[0] != '0') {
      const std::size_t size = static_cast<std::size_t>(*length);
      if (rest.size() < digits + 1 + size) break;
      messages.emplace_back(rest.substr(digits + 1, std::min(size, kMessageMax)));
      at += digits + 1 + size;
      continue;
    }
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) {
      if (rest.size() < kMessageMax) break;
      if (!skipping_) messages.emplace_back(rest.substr(0, kMessageMax));
      skipping_ = true;
      at += rest.size();
      break;
    }
    if (!skipping_ && end > 0) messages.emplace_back(rest.substr(0, std::min(end, kMessageMax)));
    skipping_ = false;
    at += end + 1;
  }
  buffer_.erase(0, at);
}

void SyslogFramer::End(std::vector<std::string>& messages) {
  if (!buffer_.empty() && !skipping_) messages.push_back(std::move(buffer_));
  buffer_.clear();
}

}  // namespace securebase::ingest

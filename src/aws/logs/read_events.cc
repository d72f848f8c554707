// GetLogEvents and FilterLogEvents (spec: logs-api 5 and 6). Pages go on from an event's id, so
// that events that arrive meanwhile shift nothing.

#include <algorithm>
#include <set>
#include <utility>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "logs/filter_pattern.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kEventsMax = 10'000;
constexpr std::size_t kPageBytesMax = 1u << 20;
constexpr std::size_t kEventOverhead = 26;
// How many events of other streams a page of FilterLogEvents steps over before it ends early.
constexpr std::size_t kScannedMax = 100'000;
const Instant kFarFuture = FromUnixMillis(253'402'300'799'000);  // the end of the year 9999

using events::ReadEvent;

/// Cuts a page at a megabyte; one event always fits.
void CutToSize(std::vector<ReadEvent>& page) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    bytes += page[i].event.message.size() + kEventOverhead;
    if (bytes <= kPageBytesMax || i == 0) continue;
    page.resize(i);
    return;
  }
}

Result<> ReadTimes(const Value& request, bool end_inclusive, events::ReadRequest& read) {
  read.start = FromUnixMillis(request.Int("startTime").value_or(0));
  read.end = kFarFuture;
  if (const auto end = request.Int("endTime"); end && *end < ToUnixMillis(kFarFuture)) {
    read.end = FromUnixMillis(*end + (end_inclusive ? 1 : 0));
  }
  return {};
}

Error BadToken() { return InvalidParameter("nextToken", "The specified nextToken is invalid."); }

/// "f/<id>" or "b/<id>".
struct Position {
  bool forward = true;
  std::string id;
};

Result<std::optional<Position>> PositionOf(const Value& request) {
  const std::string* token = request.Text("nextToken");
  if (token == nullptr) return std::optional<Position>();
  const bool forward = token->starts_with("f/");
  if ((!forward && !token->starts_with("b/")) || !IsEventId(token->substr(2))) return BadToken();
  return std::optional(Position{forward, token->substr(2)});
}

Result<Value> RunGetLogEvents(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request));
  SB_TRY(const auto stream, FindStream(context, group, *request.Text("logStreamName")));
  if (!stream) return StreamNotFound();
  SB_TRY(const auto position, PositionOf(request));
  events::ReadRequest read;
  read.group = group;
  read.stream = stream->name;
  read.events_max = static_cast<std::size_t>(request.Int("limit").value_or(kEventsMax));
  read.from_head = position ? position->forward : request.Bool("startFromHead", false);
  SB_TRY_OK(ReadTimes(request, /*end_inclusive=*/false, read));
  SB_TRY(auto page, ReadPage(context, read, position ? std::optional(position->id) : std::nullopt));
  CutToSize(page);
  if (!read.from_head) std::reverse(page.begin(), page.end());

  Value::List events;
  for (const ReadEvent& one : page) {
    events.push_back(Value::MakeStruct({{"timestamp", Millis(one.event.time)},
                                        {"message", one.event.message},
                                        {"ingestionTime", Millis(one.event.ingested_at)}}));
  }
  // At an end both tokens stay where they are: that is how a client sees it.
  const std::string here = position ? position->id : std::string(kIdDigits, '0');
  return Value::MakeStruct({{"events", std::move(events)},
                            {"nextForwardToken", "f/" + (page.empty() ? here : page.back().id)},
                            {"nextBackwardToken", "b/" + (page.empty() ? here : page.front().id)}});
}

/// Which streams FilterLogEvents reads; empty: all.
struct StreamFilter {
  std::set<std::string, std::less<>> names;
  std::string prefix;

  bool Takes(const std::string& stream) const {
    return names.empty() ? stream.starts_with(prefix) : names.contains(stream);
  }
};

Result<StreamFilter> StreamFilterOf(const Value& request) {
  StreamFilter filter;
  for (const Value& name : request.Elements("logStreamNames")) {
    filter.names.insert(*name.As<std::string>());
  }
  filter.prefix = request.TextOr("logStreamNamePrefix", "");
  if (!filter.names.empty() && !filter.prefix.empty()) {
    return InvalidParameter("logStreamNamePrefix",
                            "Only one of logStreamNames or logStreamNamePrefix can be provided.");
  }
  return filter;
}

struct FilteredPage {
  std::vector<ReadEvent> events;
  std::optional<std::string> next;  // go on after this event
};

/// Reads on until the page is full, the events are at an end, or enough has been stepped over.
Result<FilteredPage> ReadFiltered(const CallContext& context, const events::ReadRequest& read,
                                  const StreamFilter& filter,
                                  const securebase::logs::FilterPattern& pattern,
                                  std::optional<std::string> after) {
  FilteredPage page;
  std::size_t bytes = 0;
  for (std::size_t scanned = 0; scanned < kScannedMax;) {
    SB_TRY(auto events, ReadPage(context, read, after));
    const bool end = events.size() < read.events_max;
    scanned += events.size();
    for (ReadEvent& event : events) {
      const bool takes = filter.Takes(event.stream) && pattern.Matches(event.event.message);
      if (takes) {
        bytes += event.event.message.size() + kEventOverhead;
        const bool full = page.events.size() == read.events_max ||
                          (bytes > kPageBytesMax && !page.events.empty());
        if (full) {
          page.next = after;
          return page;
        }
      }
      after = event.id;
      if (takes) page.events.push_back(std::move(event));
    }
    if (end) return page;
  }
  page.next = after;
  return page;
}

Result<Value> RunFilterLogEvents(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request));
  if (!GroupExists(context, group)) return GroupNotFound();
  SB_TRY(const StreamFilter filter, StreamFilterOf(request));
  SB_TRY(const auto pattern,
         securebase::logs::FilterPattern::Parse(request.TextOr("filterPattern", "")));
  events::ReadRequest read;
  read.group = group;
  read.events_max = static_cast<std::size_t>(request.Int("limit").value_or(kEventsMax));
  read.from_head = request.Bool("startFromHead", true);
  SB_TRY_OK(ReadTimes(request, /*end_inclusive=*/true, read));
  SB_TRY(const auto position, PositionOf(request));
  std::optional<std::string> after;
  if (position) {
    read.from_head = position->forward;
    after = position->id;
  }
  SB_TRY(const FilteredPage page, ReadFiltered(context, read, filter, pattern, std::move(after)));

  Value::List events;
  for (const ReadEvent& one : page.events) {
    events.push_back(Value::MakeStruct({{"logStreamName", one.stream},
                                        {"timestamp", Millis(one.event.time)},
                                        {"message", one.event.message},
                                        {"ingestionTime", Millis(one.event.ingested_at)},
                                        {"eventId", one.id}}));
  }
  Value answer =
      Value::MakeStruct({{"events", std::move(events)}, {"searchedLogStreams", Value::List()}});
  if (page.next) answer.Set("nextToken", (read.from_head ? "f/" : "b/") + *page.next);
  return answer;
}

}  // namespace

Operation GetLogEvents() {
  return {.name = "GetLogEvents",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              GroupIdentifierMember(),
              Required("logStreamName", NameShape()),
              Optional("startTime", Int(0)),
              Optional("endTime", Int(0)),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kEventsMax)),
              Optional("startFromHead", Bool()),
              Accepted("unmask", Bool()),
          }),
          .run = RunGetLogEvents};
}

Operation FilterLogEvents() {
  return {.name = "FilterLogEvents",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              GroupIdentifierMember(),
              Optional("logStreamNames", ListOf(NameShape(), 1, 100)),
              Optional("logStreamNamePrefix", NameShape()),
              Optional("startTime", Int(0)),
              Optional("endTime", Int(0)),
              Optional("filterPattern", Text(0, 1024)),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kEventsMax)),
              Optional("startFromHead", Bool()),
              Accepted("interleaved", Bool()),
              Accepted("unmask", Bool()),
          }),
          .run = RunFilterLogEvents};
}

}  // namespace securebase::aws::logs

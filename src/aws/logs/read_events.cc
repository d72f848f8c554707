// GetLogEvents and FilterLogEvents (spec: logs-api 5 and 6). Pages go on from an event's place,
// so that events that arrive meanwhile shift nothing.

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/text.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kEventsMax = 10'000;
constexpr std::size_t kPageBytesMax = 1u << 20;
// How many events of other streams a page of FilterLogEvents steps over before it ends early.
constexpr std::size_t kScannedMax = 100'000;
// Newest first is allowed for events from then on.
constexpr Instant kNewestFirstSince = FromUnixMillis(1'704'067'200'000);  // 2024-01-01

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

/// "f/<56 digits>" or "b/<56 digits>": the number of an event in its stream, from 0.
struct Position {
  bool forward = true;
  std::uint64_t ordinal = 0;
};

Result<std::optional<Position>> PositionOf(const Value& request) {
  const std::string* token = request.Text("nextToken");
  if (token == nullptr) return std::optional<Position>();
  const bool forward = token->starts_with("f/");
  const bool digits =
      token->size() == 2 + kIdDigits && token->find_first_not_of("0123456789", 2) == token->npos;
  const auto number = digits ? ParseInt(std::string_view(*token).substr(2)) : std::nullopt;
  if ((!forward && !token->starts_with("b/")) || !number) return BadToken();
  return std::optional(Position{forward, static_cast<std::uint64_t>(*number)});
}

std::string TokenOf(char direction, std::uint64_t ordinal) {
  return fmt::format("{}/{:0{}}", direction, ordinal, kIdDigits);
}

/// Streams that were empty when somebody looked: the token of their end is that of their first
/// event, so the first event must be told to whoever comes back with it. A few may be told twice,
/// none is lost.
class EmptyStreams {
 public:
  void Note(std::string key) {
    constexpr std::size_t kMax = 10'000;
    std::lock_guard lock(mutex_);
    if (keys_.size() < kMax) keys_.insert(std::move(key));
  }
  bool Has(const std::string& key) {
    std::lock_guard lock(mutex_);
    return keys_.contains(key);
  }
  void Forget(const std::string& key) {
    std::lock_guard lock(mutex_);
    keys_.erase(key);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> keys_;  // guarded by mutex_
};

EmptyStreams& EmptyStreamsSeen() {
  static EmptyStreams streams;
  return streams;
}

Result<Value> RunGetLogEvents(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request, context));
  SB_TRY(const events::LogStream stream,
         FindStream(context, group, *request.Text("logStreamName")));
  SB_TRY(const auto position, PositionOf(request));
  events::ReadRequest read;
  read.group = group;
  read.stream = stream.name;
  read.events_max = static_cast<std::size_t>(request.Int("limit").value_or(kEventsMax));
  read.from_head = position ? position->forward : request.Bool("startFromHead", false);
  if (position) read.after_ordinal = position->ordinal;
  const std::string key =
      context.account.id + "\n" + context.account.region + "\n" + group + "\n" + stream.name;
  const bool was_empty =
      position && position->forward && position->ordinal == 0 && EmptyStreamsSeen().Has(key);
  if (was_empty) read.after_ordinal.reset();
  SB_TRY_OK(ReadTimes(request, /*end_inclusive=*/false, read));
  SB_TRY(auto page, context.stores.logs.Read(context.account, read));
  CutToSize(page);
  if (!read.from_head) std::reverse(page.begin(), page.end());
  if (!stream.last_event) {
    EmptyStreamsSeen().Note(key);
  } else if (was_empty && !page.empty()) {
    EmptyStreamsSeen().Forget(key);
  }

  Value::List events;
  for (const ReadEvent& one : page) {
    events.push_back(Value::MakeStruct({{"timestamp", Millis(one.event.time)},
                                        {"message", one.event.message},
                                        {"ingestionTime", Millis(one.event.ingested_at)}}));
  }
  // At an end both tokens stay where they are: that is how a client sees it.
  const std::uint64_t here = position ? position->ordinal : 0;
  return Value::MakeStruct(
      {{"events", std::move(events)},
       {"nextForwardToken", TokenOf('f', page.empty() ? here : page.back().ordinal)},
       {"nextBackwardToken", TokenOf('b', page.empty() ? here : page.front().ordinal)}});
}

/// Which streams FilterLogEvents reads; empty: all.
struct StreamFilter {
  std::set<std::string, std::less<>> names;
  std::string prefix;

  bool everything() const { return names.empty() && prefix.empty(); }
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
Result<FilteredPage> ReadFiltered(const CallContext& context, events::ReadRequest read,
                                  const StreamFilter& filter,
                                  const securebase::logs::FilterPattern& pattern) {
  FilteredPage page;
  const std::size_t wanted = read.events_max;
  // Where most are stepped over, small reads would cost more than they save.
  if (!pattern.MatchesEverything() || !filter.everything()) {
    read.events_max = std::max<std::size_t>(wanted, kEventsMax);
  }
  std::size_t bytes = 0;
  for (std::size_t scanned = 0; scanned < kScannedMax;) {
    SB_TRY(auto events, context.stores.logs.Read(context.account, read));
    const bool end = events.size() < read.events_max;
    scanned += events.size();
    for (ReadEvent& event : events) {
      const bool takes = filter.Takes(event.stream) && pattern.Matches(event.event.message);
      if (takes) {
        bytes += event.event.message.size() + kEventOverhead;
        const bool full =
            page.events.size() == wanted || (bytes > kPageBytesMax && !page.events.empty());
        if (full) {
          page.next = read.after_id;
          return page;
        }
      }
      read.after_id = event.id;
      if (takes) page.events.push_back(std::move(event));
    }
    if (end) return page;
  }
  page.next = read.after_id;
  return page;
}

/// A token names the direction, the place, and the question that it belongs to.
Result<> TakeFilterToken(const Value& request, const CallContext& context,
                         std::string_view question, events::ReadRequest& read) {
  const std::string* token = request.Text("nextToken");
  if (token == nullptr) return {};
  const auto position = context.tokens.Open(question, *token, context.now);
  if (!position.ok() || position->size() < 2) return BadToken();
  read.from_head = position->starts_with("f/");
  read.after_id = position->substr(2);
  return {};
}

Result<Value> RunFilterLogEvents(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request, context));
  SB_TRY_OK(FindGroup(context, group));
  SB_TRY(const StreamFilter filter, StreamFilterOf(request));
  const std::string pattern_text = request.TextOr("filterPattern", "");
  SB_TRY(const auto pattern, securebase::logs::FilterPattern::Parse(pattern_text));
  events::ReadRequest read;
  read.group = group;
  read.events_max = static_cast<std::size_t>(request.Int("limit").value_or(kEventsMax));
  read.from_head = request.Bool("startFromHead", true);
  if (!read.from_head && request.Int("startTime") &&
      FromUnixMillis(*request.Int("startTime")) < kNewestFirstSince) {
    return InvalidParameter("startFromHead",
                            "startFromHead can be false only for a startTime on or after "
                            "2024-01-01T00:00:00Z.");
  }
  SB_TRY_OK(ReadTimes(request, /*end_inclusive=*/true, read));
  const std::string question = "FilterLogEvents " + group + "\n" + pattern_text;
  SB_TRY_OK(TakeFilterToken(request, context, question, read));
  // One stream alone is read without the others.
  if (filter.names.size() == 1) {
    const auto stream =
        context.stores.logs.FindStream(context.account, group, *filter.names.begin());
    if (!stream.ok() || !stream->has_value()) return StreamNotFound();
    read.stream = *filter.names.begin();
  }
  SB_TRY(const FilteredPage page, ReadFiltered(context, read, filter, pattern));

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
  if (page.next) {
    answer.Set(
        "nextToken",
        context.tokens.Seal(question, (read.from_head ? "f/" : "b/") + *page.next, context.now));
  }
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

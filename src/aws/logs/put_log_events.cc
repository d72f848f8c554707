// PutLogEvents (spec: logs-api 4).

#include <utility>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/random.h"

namespace securebase::aws::logs {
namespace {

using std::chrono::hours;

constexpr std::int64_t kEventsMax = 10'000;
constexpr std::size_t kBatchBytesMax = 1'048'576;
constexpr std::size_t kEventOverhead = 26;  // what the service counts an event beside its text
constexpr Duration kPastMax = hours(24 * 14);
constexpr Duration kFutureMax = hours(2);
constexpr Duration kSpanMax = hours(24);

/// Which events are kept: old ones are a prefix and new ones a suffix, as events are ordered.
struct Sifted {
  std::vector<events::LogEvent> events;
  std::optional<std::int64_t> too_old_end;
  std::optional<std::int64_t> too_new_start;
};

Result<> CheckSize(const Value::List& list) {
  std::size_t bytes = 0;
  for (const Value& event : list) bytes += event.Text("message")->size() + kEventOverhead;
  if (bytes <= kBatchBytesMax) return {};
  return InvalidParameter("logEvents", "Upload too large: " + std::to_string(bytes) +
                                           " bytes exceeds limit of 1048576");
}

Result<Sifted> Sift(const Value::List& list, Instant now) {
  Sifted out;
  std::optional<Instant> last;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Instant time = FromUnixMillis(*list[i].Int("timestamp"));
    if (last && time < *last) {
      return InvalidParameter(
          "logEvents",
          "Log events in a single PutLogEvents request must be in chronological order.");
    }
    last = time;
    if (time < now - kPastMax) {
      out.too_old_end = static_cast<std::int64_t>(i) + 1;
    } else if (time > now + kFutureMax) {
      if (!out.too_new_start) out.too_new_start = static_cast<std::int64_t>(i);
    } else {
      out.events.push_back({time, *list[i].Text("message"), now});
    }
  }
  if (!out.events.empty() && out.events.back().time - out.events.front().time > kSpanMax) {
    return InvalidParameter("logEvents",
                            "The batch of log events in a single PutLogEvents request cannot "
                            "span more than 24 hours.");
  }
  return out;
}

Value RejectedOf(const Sifted& sifted) {
  if (!sifted.too_old_end && !sifted.too_new_start) return Value();
  Value rejected;
  if (sifted.too_new_start) rejected.Set("tooNewLogEventStartIndex", *sifted.too_new_start);
  if (sifted.too_old_end) rejected.Set("tooOldLogEventEndIndex", *sifted.too_old_end);
  return rejected;
}

/// Opaque digits: the token is ignored when it comes back, but clients want one.
std::string SequenceToken(Random& random) {
  std::string token;
  while (token.size() < kIdDigits) token += static_cast<char>('0' + random.Below(10));
  return token;
}

Result<Value> Run(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  const std::string stream = *request.Text("logStreamName");
  SB_TRY(const auto present, FindStream(context, group, stream));
  if (!present) return StreamNotFound();
  const Value::List& list = request.Elements("logEvents");
  SB_TRY_OK(CheckSize(list));
  SB_TRY(Sifted sifted, Sift(list, context.now));
  if (!sifted.events.empty()) {
    SB_TRY_OK(context.stores.logs.Append(context.account, group, stream, std::move(sifted.events)));
  }
  Value answer = Value::MakeStruct({{"nextSequenceToken", SequenceToken(context.stores.random)}});
  answer.Set("rejectedLogEventsInfo", RejectedOf(sifted));
  return answer;
}

}  // namespace

Operation PutLogEvents() {
  const ShapePtr event = Struct({Required("timestamp", Int(0)), Required("message", Text(1))});
  return {.name = "PutLogEvents",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("logStreamName", NameShape()),
              Required("logEvents", ListOf(event, 1, kEventsMax)),
              Accepted("sequenceToken", Text()),
              Refused("entity"),
          }),
          .run = Run};
}

}  // namespace securebase::aws::logs

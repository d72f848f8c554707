// PutLogEvents (spec: logs-api 4).

#include <algorithm>
#include <utility>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/random.h"

namespace securebase::aws::logs {
namespace {

using std::chrono::hours;

constexpr std::int64_t kEventsMax = 10'000;
constexpr std::size_t kBatchBytesMax = 1'048'576;
constexpr Duration kPastMax = hours(24 * 14);
constexpr Duration kFutureMax = hours(2);
constexpr Duration kSpanMax = hours(24);

/// Which events are kept: old ones are a prefix and new ones a suffix, as events are ordered.
struct Sifted {
  std::vector<events::LogEvent> events;
  std::optional<std::int64_t> too_old_end;
  std::optional<std::int64_t> expired_end;
  std::optional<std::int64_t> too_new_start;
};

Result<> CheckSize(const Value::List& list) {
  std::size_t bytes = 0;
  for (const Value& event : list) bytes += event.Text("message")->size() + kEventOverhead;
  if (bytes <= kBatchBytesMax) return {};
  return InvalidParameter("logEvents", "Upload too large: " + std::to_string(bytes) +
                                           " bytes exceeds limit of 1048576");
}

Result<Sifted> Sift(const Value::List& list, Instant now, int retention_days) {
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
    } else if (retention_days > 0 && time < now - hours(24 * retention_days)) {
      out.expired_end = static_cast<std::int64_t>(i) + 1;
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
  if (!sifted.too_old_end && !sifted.expired_end && !sifted.too_new_start) return Value();
  Value rejected;
  if (sifted.too_new_start) rejected.Set("tooNewLogEventStartIndex", *sifted.too_new_start);
  if (sifted.too_old_end) rejected.Set("tooOldLogEventEndIndex", *sifted.too_old_end);
  if (sifted.expired_end) rejected.Set("expiredLogEventEndIndex", *sifted.expired_end);
  return rejected;
}

/// Why an entity is not taken; empty: it is fine. It never fails the call.
std::string EntityFault(const Value& entity) {
  const Value::Fields& keys = entity.Entries("keyAttributes");
  const Value::Fields& attributes = entity.Entries("attributes");
  if (keys.size() > 4 || attributes.size() > 10) return "EntitySizeTooLarge";
  const auto has = [&](std::string_view name) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const auto& key) { return key.first == name; });
  };
  if (!keys.empty() && !has("Type")) return "MissingRequiredFields";
  for (const auto& [name, value] : keys) {
    if (name.size() > 32) return "InvalidKeyAttributes";
    if (value.As<std::string>()->empty() || value.As<std::string>()->size() > 512) {
      return "InvalidKeyAttributes";
    }
  }
  for (const auto& [name, value] : attributes) {
    if (name.empty() || name.size() > 256 || value.As<std::string>()->size() > 512) {
      return "InvalidAttributes";
    }
  }
  return keys.empty() && attributes.empty() ? "InvalidEntity" : "";
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
  SB_TRY(const events::LogGroup described, FindGroup(context, group));
  SB_TRY_OK(FindStream(context, group, stream));
  const Value::List& list = request.Elements("logEvents");
  SB_TRY_OK(CheckSize(list));
  SB_TRY(Sifted sifted, Sift(list, context.now, described.retention_days));
  if (!sifted.events.empty()) {
    SB_TRY_OK(context.stores.logs.Append(context.account, group, stream, std::move(sifted.events)));
  }
  Value answer = Value::MakeStruct({{"nextSequenceToken", SequenceToken(context.stores.random)}});
  answer.Set("rejectedLogEventsInfo", RejectedOf(sifted));
  if (const Value* entity = request.Find("entity")) {
    if (const std::string fault = EntityFault(*entity); !fault.empty()) {
      answer.Set("rejectedEntityInfo", Value::MakeStruct({{"errorType", fault}}));
    }
  }
  return answer;
}

}  // namespace

Operation PutLogEvents() {
  const ShapePtr event = Struct({Required("timestamp", Int(0)), Required("message", Text(1))});
  const ShapePtr entity = Struct({
      Optional("keyAttributes", MapOf(Text())),
      Optional("attributes", MapOf(Text())),
  });
  return {.name = "PutLogEvents",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("logStreamName", NameShape()),
              Required("logEvents", ListOf(event, 1, kEventsMax)),
              Accepted("sequenceToken", Text()),
              Optional("entity", entity),
          }),
          .run = Run};
}

}  // namespace securebase::aws::logs

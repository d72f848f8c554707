#pragma once

// One message on its way to one receiver.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "documents/value.h"

namespace securebase::notify {

enum class DeliveryState { kPending, kDelivered, kFailed, kBounced, kSuppressed, kExpired };
std::string_view ToText(DeliveryState state);

/// What came of trying once.
struct Attempt {
  int number = 1;
  Instant started_at;
  Duration took{0};
  int status = 0;       // HTTP status or SMTP code; 0: there was no answer
  std::string outcome;  // "delivered", "retry", "permanent", "configuration"
  std::string detail;   // at most 1 KiB, secrets cut out
};

/// Attempts beyond the newest of these are counted, not kept.
inline constexpr std::size_t kAttemptsKept = 20;

struct Delivery {
  std::string id;  // "dlv-" and a ULID, or a name that tells a repeat of the same message
  Account account;
  std::string channel;    // "webhook", "slack", ..: who can deliver it
  std::string target;     // what rate limits and circuits go by: the target's name or the endpoint
  std::string order_key;  // messages of one target and key never overtake one another
  std::string source;     // ARN or id of what it tells of
  std::string title;
  std::string payload;  // JSON in the channel's own form
  /// Delays after each failed attempt, in place of the channel's plan.
  std::vector<Duration> delays;
  int attempts_max = 0;  // 0: as the plan says

  DeliveryState state = DeliveryState::kPending;
  Instant created_at;
  Instant next_try;
  std::optional<Instant> ended_at;
  int attempt_count = 0;
  std::vector<Attempt> attempts;  // the newest ones, oldest first
};

documents::Item ToItem(const Delivery& delivery);
/// kInternal for an item that ToItem did not make.
Result<Delivery> DeliveryFromItem(const documents::Item& item);

/// The delivery as people and the API see it, without the payload.
json::Value ToJson(const Delivery& delivery);

}  // namespace securebase::notify

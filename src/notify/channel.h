#pragma once

// A way to reach somebody: one class a kind of receiver.

#include <optional>
#include <string>

#include "base/time.h"
#include "net/transport.h"
#include "notify/delivery.h"

namespace securebase::notify {

/// What an attempt came to.
struct Outcome {
  enum class Kind {
    kDelivered,
    kRetry,
    kPermanent,      // for this delivery
    kConfiguration,  // the channel's fault (a wrong password): tried again, slowly
  };
  Kind kind = Kind::kDelivered;
  int status = 0;
  std::string detail;
  std::optional<Duration> retry_after;
};
std::string_view ToText(Outcome::Kind kind);

/// Thread-safe. Blocks for as long as the receiver takes.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Sends once. `delivery.id` is the same at every attempt: receivers drop a repeat by it.
  virtual Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) = 0;
  /// The least time between two messages to one target.
  virtual Duration spacing() const { return Duration(0); }
};

/// The outcome of an HTTP exchange by the rules common to all channels (spec: notifications 1).
Outcome JudgeHttp(const Result<net::HttpClientResponse>& response, Instant now);

/// The text's first 1 KiB, valid UTF-8 and without control characters, each of `secrets` replaced
/// by "***".
std::string Excerpt(std::string_view text, const std::vector<std::string>& secrets = {});

}  // namespace securebase::notify

#pragma once

#include <optional>
#include <string>

#include "notify/channels/target_channels.h"

namespace securebase::notify {

/// A delivery's payload with what it names looked up.
struct TargetMessage {
  std::shared_ptr<const TargetBook> book;  // keeps `target` alive
  const Target* target = nullptr;
  Event event;
  std::string recipient;  // of mail
};

/// Errors: kNotFound for a target that is gone, kInternal for a payload that does not read.
Result<TargetMessage> ReadMessage(const Delivery& delivery, const CurrentTargets& targets);

/// What a message that cannot be made comes to: for good, or, where a secret is missing,
/// the configuration's fault.
Outcome OutcomeOf(const Error& error);

/// A POST of JSON and how it went.
Result<net::HttpClientResponse> PostJson(
    net::Transport& transport, const std::string& url, std::string body,
    std::vector<std::pair<std::string, std::string>> headers = {});

/// The first `max` bytes, ended by an ellipsis where that cut something, never inside a character.
std::string Cut(std::string_view text, std::size_t max);

}  // namespace securebase::notify

#pragma once

// Tokens of paged answers: opaque, signed, good for 24 hours, repeatable.

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::aws {

/// Seals a position so that only this process reads it back, and only for the same question.
/// Thread-safe.
class PageTokens {
 public:
  explicit PageTokens(Random& random) : key_(random.Hex(32)) {}

  /// `question`: what must be the same when the token comes back.
  std::string Seal(std::string_view question, std::string_view position, Instant now) const;
  /// The position. kInvalidArgument for a token that is damaged, too old or another question's.
  Result<std::string> Open(std::string_view question, std::string_view token, Instant now) const;

 private:
  std::string Tag(std::string_view question, std::string_view sealed) const;

  const std::string key_;
};

}  // namespace securebase::aws

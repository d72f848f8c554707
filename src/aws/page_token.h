#pragma once

// Tokens of paged answers: opaque, signed, good for 24 hours, repeatable.

#include <string>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "documents/document_store.h"

namespace securebase::aws {

/// The key of a server's tokens, which outlives a restart: made at the first call, then kept in an
/// internal table. A key of this process alone where the store cannot be read or written.
std::string PageTokenKey(documents::DocumentStore& documents, const Account& home, Random& random);

/// Seals a position so that only who has the key reads it back, and only for the same question.
/// Thread-safe.
class PageTokens {
 public:
  explicit PageTokens(std::string key) : key_(std::move(key)) {}

  /// `question`: what must be the same when the token comes back.
  std::string Seal(std::string_view question, std::string_view position, Instant now) const;
  /// The position. kInvalidArgument for a token that is damaged, too old or another question's.
  Result<std::string> Open(std::string_view question, std::string_view token, Instant now) const;

 private:
  std::string Tag(std::string_view question, std::string_view sealed) const;

  const std::string key_;
};

}  // namespace securebase::aws

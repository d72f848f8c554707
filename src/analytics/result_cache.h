#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace securebase::analytics {

/// Serialised answers by key, least recently used first to go when `bytes_max` is exceeded.
/// An entry is good for one generation of the data and until it expires. Thread-safe; a look-up
/// costs a hash and a copy of the answer's pointer.
class ResultCache {
 public:
  explicit ResultCache(std::size_t bytes_max);
  ~ResultCache();

  struct Answer {
    std::string body;
    std::size_t rows = 0;
    std::string query_type;
  };

  /// Null when absent, of another generation (it is dropped then) or expired.
  std::shared_ptr<const Answer> Find(std::string_view key, std::uint64_t generation, Instant now);

  /// Keeps an answer; one larger than a quarter of the cache is not kept.
  void Put(std::string key, std::uint64_t generation, Instant expires,
           std::shared_ptr<const Answer> answer);

  struct Statistics {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  Statistics statistics() const;

 private:
  struct State;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::unique_ptr<State> state_;  // guarded by mutex_
};

}  // namespace securebase::analytics

#include "analytics/result_cache.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <list>
#include <utility>

namespace securebase::analytics {
namespace {

/// What an entry costs beside its body: node, map slot, key.
constexpr std::size_t kOverhead = 256;

}  // namespace

struct ResultCache::State {
  struct Entry {
    std::string key;
    std::uint64_t generation = 0;
    Instant expires;
    std::shared_ptr<const Answer> answer;

    std::size_t size() const { return kOverhead + key.size() + answer->body.size(); }
  };
  using List = std::list<Entry>;

  void Erase(List::iterator entry) {
    statistics.bytes -= entry->size();
    by_key.erase(std::string_view(entry->key));
    entries.erase(entry);
  }

  List entries;                                                        // most recently used first
  boost::unordered_flat_map<std::string_view, List::iterator> by_key;  // views of the entries' keys
  Statistics statistics;
};

ResultCache::ResultCache(std::size_t bytes_max)
    : bytes_max_(bytes_max), state_(std::make_unique<State>()) {}

ResultCache::~ResultCache() = default;

std::shared_ptr<const ResultCache::Answer> ResultCache::Find(std::string_view key,
                                                             std::uint64_t generation,
                                                             Instant now) {
  std::lock_guard lock(mutex_);
  const auto found = state_->by_key.find(key);
  if (found == state_->by_key.end()) {
    ++state_->statistics.misses;
    return nullptr;
  }
  const State::List::iterator entry = found->second;
  if (entry->generation != generation || now >= entry->expires) {
    state_->Erase(entry);
    ++state_->statistics.misses;
    return nullptr;
  }
  state_->entries.splice(state_->entries.begin(), state_->entries, entry);
  ++state_->statistics.hits;
  return entry->answer;
}

void ResultCache::Put(std::string key, std::uint64_t generation, Instant expires,
                      std::shared_ptr<const Answer> answer) {
  State::Entry entry{std::move(key), generation, expires, std::move(answer)};
  if (entry.size() > bytes_max_ / 4) return;
  std::lock_guard lock(mutex_);
  if (const auto old = state_->by_key.find(std::string_view(entry.key));
      old != state_->by_key.end()) {
    state_->Erase(old->second);
  }
  state_->statistics.bytes += entry.size();
  state_->entries.push_front(std::move(entry));
  state_->by_key.emplace(state_->entries.front().key, state_->entries.begin());
  while (state_->statistics.bytes > bytes_max_) {
    state_->Erase(std::prev(state_->entries.end()));
    ++state_->statistics.evictions;
  }
}

ResultCache::Statistics ResultCache::statistics() const {
  std::lock_guard lock(mutex_);
  Statistics statistics = state_->statistics;
  statistics.entries = state_->entries.size();
  return statistics;
}

}  // namespace securebase::analytics

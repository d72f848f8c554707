#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "events/internal/segment.h"

namespace securebase::events {

/// Open segments by file, up to a sum of the memory that their footers and dictionaries take; the
/// ones used longest ago go first. Scans keep theirs alive. Thread-safe.
template <class S>
class SegmentCacheOf {
 public:
  explicit SegmentCacheOf(std::uint64_t memory_max) : memory_max_(memory_max) {}

  /// Null where the file is not among them.
  std::shared_ptr<const S> Find(std::uint64_t file_id);
  void Insert(std::uint64_t file_id, std::shared_ptr<const S> segment);
  void Erase(std::uint64_t file_id);
  /// Does not count as a use.
  bool Contains(std::uint64_t file_id) const;
  std::size_t size() const;

 private:
  struct Entry {
    std::uint64_t file_id;
    std::shared_ptr<const S> segment;
    std::uint64_t bytes;  // as it was counted in bytes_
  };
  using List = std::list<Entry>;

  void Trim();

  const std::uint64_t memory_max_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  List used_;  // the last one first
  boost::unordered_flat_map<std::uint64_t, typename List::iterator> by_file_;
  std::uint64_t bytes_ = 0;
};

template <class S>
std::shared_ptr<const S> SegmentCacheOf<S>::Find(std::uint64_t file_id) {
  const std::lock_guard lock(mutex_);
  const auto it = by_file_.find(file_id);
  if (it == by_file_.end()) return nullptr;
  used_.splice(used_.begin(), used_, it->second);
  Entry& entry = used_.front();
  // Dictionaries come as they are asked for.
  bytes_ -= entry.bytes;
  entry.bytes = entry.segment->memory_bytes();
  bytes_ += entry.bytes;
  std::shared_ptr<const S> segment = entry.segment;
  Trim();
  return segment;
}

template <class S>
void SegmentCacheOf<S>::Insert(std::uint64_t file_id, std::shared_ptr<const S> segment) {
  const std::lock_guard lock(mutex_);
  if (by_file_.contains(file_id)) return;  // another thread opened it meanwhile
  const std::uint64_t bytes = segment->memory_bytes();
  used_.push_front({file_id, std::move(segment), bytes});
  by_file_.emplace(file_id, used_.begin());
  bytes_ += bytes;
  Trim();
}

template <class S>
void SegmentCacheOf<S>::Erase(std::uint64_t file_id) {
  const std::lock_guard lock(mutex_);
  const auto it = by_file_.find(file_id);
  if (it == by_file_.end()) return;
  bytes_ -= it->second->bytes;
  used_.erase(it->second);
  by_file_.erase(it);
}

template <class S>
bool SegmentCacheOf<S>::Contains(std::uint64_t file_id) const {
  const std::lock_guard lock(mutex_);
  return by_file_.contains(file_id);
}

template <class S>
std::size_t SegmentCacheOf<S>::size() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

// The one used last stays, however large.
template <class S>
void SegmentCacheOf<S>::Trim() {
  while (bytes_ > memory_max_ && used_.size() > 1) {
    bytes_ -= used_.back().bytes;
    by_file_.erase(used_.back().file_id);
    used_.pop_back();
  }
}

using SegmentCache = SegmentCacheOf<Segment>;

}  // namespace securebase::events

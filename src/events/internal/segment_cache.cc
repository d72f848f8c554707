#include "events/internal/segment_cache.h"

namespace securebase::events {

std::shared_ptr<const Segment> SegmentCache::Find(std::uint64_t file_id) {
  const std::lock_guard lock(mutex_);
  const auto it = by_file_.find(file_id);
  if (it == by_file_.end()) return nullptr;
  used_.splice(used_.begin(), used_, it->second);
  Entry& entry = used_.front();
  // Dictionaries come as they are asked for.
  bytes_ -= entry.bytes;
  entry.bytes = entry.segment->memory_bytes();
  bytes_ += entry.bytes;
  std::shared_ptr<const Segment> segment = entry.segment;
  Trim();
  return segment;
}

void SegmentCache::Insert(std::uint64_t file_id, std::shared_ptr<const Segment> segment) {
  const std::lock_guard lock(mutex_);
  if (by_file_.contains(file_id)) return;  // another thread opened it meanwhile
  const std::uint64_t bytes = segment->memory_bytes();
  used_.push_front({file_id, std::move(segment), bytes});
  by_file_.emplace(file_id, used_.begin());
  bytes_ += bytes;
  Trim();
}

void SegmentCache::Erase(std::uint64_t file_id) {
  const std::lock_guard lock(mutex_);
  const auto it = by_file_.find(file_id);
  if (it == by_file_.end()) return;
  bytes_ -= it->second->bytes;
  used_.erase(it->second);
  by_file_.erase(it);
}

bool SegmentCache::Contains(std::uint64_t file_id) const {
  const std::lock_guard lock(mutex_);
  return by_file_.contains(file_id);
}

std::size_t SegmentCache::size() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

// The one used last stays, however large.
void SegmentCache::Trim() {
  while (bytes_ > memory_max_ && used_.size() > 1) {
    bytes_ -= used_.back().bytes;
    by_file_.erase(used_.back().file_id);
    used_.pop_back();
  }
}

}  // namespace securebase::events

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
class SegmentCache {
 public:
  explicit SegmentCache(std::uint64_t memory_max) : memory_max_(memory_max) {}

  /// Null where the file is not among them.
  std::shared_ptr<const Segment> Find(std::uint64_t file_id);
  void Insert(std::uint64_t file_id, std::shared_ptr<const Segment> segment);
  void Erase(std::uint64_t file_id);
  /// Does not count as a use.
  bool Contains(std::uint64_t file_id) const;
  std::size_t size() const;

 private:
  struct Entry {
    std::uint64_t file_id;
    std::shared_ptr<const Segment> segment;
    std::uint64_t bytes;  // as it was counted in bytes_
  };
  using List = std::list<Entry>;

  void Trim();

  const std::uint64_t memory_max_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  List used_;  // the last one first
  boost::unordered_flat_map<std::uint64_t, List::iterator> by_file_;
  std::uint64_t bytes_ = 0;
};

}  // namespace securebase::events

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "events/internal/log_block.h"
#include "events/log_store.h"

namespace securebase::events {

/// Collects the first events of a read, in its order, from memory and blocks; holds at most about
/// twice as many as were asked for. Not thread-safe.
class LogReader {
 public:
  explicit LogReader(const ReadRequest& request);

  /// Streams of the group, in the order of their numbers; before any event.
  void AddStream(const std::string& name) { streams_.push_back(name); }
  void Offer(const StoredEvent& event);
  /// Offers the events of all blocks that may hold wanted ones.
  Result<> ReadBlocks(std::vector<LogBlock> blocks, FileSystem& files,
                      const std::function<std::string(std::uint64_t file_id)>& path_of);
  std::vector<ReadEvent> Take();

 private:
  bool Comes(const StoredEvent& a, const StoredEvent& b) const;
  bool IsWanted(const LogBlock& block) const;
  void Trim();

  const ReadRequest& request_;
  const std::size_t events_max_;
  std::vector<std::string> streams_;
  std::vector<StoredEvent> events_;
  // Once as many events are kept as are wanted: what comes after this one is not.
  std::optional<StoredEvent> last_wanted_;
};

}  // namespace securebase::events

#pragma once

// Events that are durable in the journal and in no segment yet.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::events {

/// The events of one append, immutable once it is applied.
struct HeadBatch {
  struct Event {
    std::int64_t time_ms = 0;
    std::int64_t ingested_ms = 0;
    std::uint32_t offset = 0;  // of the message in `bytes`
    std::uint32_t size = 0;
  };
  std::uint32_t stream = 0;         // number within the group
  std::uint64_t first_arrival = 0;  // the events' arrivals and ordinals follow one another
  std::uint64_t first_ordinal = 0;
  std::int64_t first_ms = 0;  // extremes of the times
  std::int64_t last_ms = 0;
  std::string bytes;
  std::vector<Event> events;

  std::string_view Message(const Event& event) const {
    return std::string_view(bytes).substr(event.offset, event.size);
  }
};
using HeadBatches = std::vector<std::shared_ptr<const HeadBatch>>;

}  // namespace securebase::events

#include "events/internal/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>

namespace securebase::events {
namespace {

std::size_t SaturatingSum(std::size_t a, std::size_t b) {
  const std::size_t max = std::numeric_limits<std::size_t>::max();
  return a > max - b ? max : a + b;
}

}  // namespace

LogReader::LogReader(const ReadRequest& request)
    : request_(request), events_max_(SaturatingSum(request.skip, request.events_max)) {}

bool LogReader::Comes(const StoredEvent& a, const StoredEvent& b) const {
  return request_.from_head ? IsEarlier(a, b) : IsEarlier(b, a);
}

void LogReader::Offer(const StoredEvent& event) {
  if (event.time_ms < ToUnixMillis(request_.start) || event.time_ms >= ToUnixMillis(request_.end)) {
    return;
  }
  if (event.stream >= streams_.size()) return;  // came after the streams were listed
  if (request_.stream.has_value() && streams_[event.stream] != *request_.stream) return;
  if (last_wanted_.has_value() && !Comes(event, *last_wanted_)) return;
  events_.push_back(event);
  if (events_.size() / 2 >= std::max<std::size_t>(events_max_, 1)) Trim();
}

// Keeps the wanted events only.
void LogReader::Trim() {
  if (events_.size() <= events_max_) return;
  const auto last = events_.begin() + static_cast<std::ptrdiff_t>(events_max_);
  std::nth_element(events_.begin(), last, events_.end(),
                   [&](const auto& a, const auto& b) { return Comes(a, b); });
  last_wanted_ = *last;
  events_.erase(last, events_.end());
}

bool LogReader::IsWanted(const LogBlock& block) const {
  if (block.last_ms < ToUnixMillis(request_.start) ||
      block.first_ms >= ToUnixMillis(request_.end)) {
    return false;
  }
  if (!last_wanted_.has_value()) return true;
  return request_.from_head ? block.first_ms <= last_wanted_->time_ms
                            : block.last_ms >= last_wanted_->time_ms;
}

Result<> LogReader::ReadBlocks(std::vector<LogBlock> blocks, FileSystem& files,
                               const std::function<std::string(std::uint64_t)>& path_of) {
  // The nearest first: those after the last wanted event need not be read.
  std::sort(blocks.begin(), blocks.end(), [&](const LogBlock& a, const LogBlock& b) {
    return request_.from_head ? a.first_ms < b.first_ms : a.last_ms > b.last_ms;
  });
  std::map<std::uint64_t, std::unique_ptr<MappedFile>> mapped;
  for (const LogBlock& block : blocks) {
    if (!IsWanted(block)) continue;
    const std::string path = path_of(block.file_id);
    auto& file = mapped[block.file_id];
    if (file == nullptr) {
      auto opened = files.Map(path);
      if (!opened.ok()) return Internal(opened.error().message());  // damage, not a wrong request
      file = *std::move(opened);
    }
    SB_TRY(const auto events, DecodeLogBlock(file->bytes(), block, path));
    for (const StoredEvent& event : events) Offer(event);
    Trim();
  }
  return {};
}

std::vector<ReadEvent> LogReader::Take() {
  Trim();
  std::sort(events_.begin(), events_.end(),
            [&](const auto& a, const auto& b) { return Comes(a, b); });
  std::vector<ReadEvent> result;
  for (std::size_t i = request_.skip; i < events_.size(); ++i) {
    StoredEvent& event = events_[i];
    const std::int64_t digits_ms = std::max<std::int64_t>(event.time_ms, 0);
    result.push_back(
        {.stream = streams_[event.stream],
         .event = {.time = FromUnixMillis(event.time_ms),
                   .message = std::move(event.message),
                   .ingested_at = FromUnixMillis(event.ingested_ms)},
         .id = fmt::format("{:020}{:020}{:016}", digits_ms, event.sequence, event.index)});
  }
  return result;
}

}  // namespace securebase::events

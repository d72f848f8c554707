// The log store's reads: scans as columns, and events one by one.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

#include "events/discovery.h"
#include "events/embedded_log_store.h"
#include "events/internal/log_scan.h"
#include "events/internal/log_store_state.h"

namespace securebase::events {
namespace {

constexpr std::size_t kTimeDigits = 20;
constexpr std::size_t kIdDigits = 56;

/// Events are ordered by time, then by arrival.
struct Place {
  std::int64_t time_ms = 0;
  std::uint64_t arrival = 0;
  bool operator==(const Place&) const = default;
  auto operator<=>(const Place&) const = default;
};

std::string IdOf(const Place& place) {
  return fmt::format("{:020}{:036}", std::max<std::int64_t>(place.time_ms, 0), place.arrival);
}

std::optional<Place> PlaceOfId(std::string_view id) {
  if (id.size() != kIdDigits) return std::nullopt;
  Place place;
  const auto read = [&](std::string_view digits, auto& value) {
    const char* const end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    return result.ec == std::errc() && result.ptr == end;
  };
  if (!read(id.substr(0, kTimeDigits), place.time_ms) ||
      !read(id.substr(kTimeDigits), place.arrival)) {
    return std::nullopt;
  }
  return place;
}

/// The keys of a unit's rows, and their lines on demand.
class UnitRows {
 public:
  explicit UnitRows(LogUnit unit) : unit_(std::move(unit)) {
    if (unit_.segment != nullptr) chunk_ = std::make_unique<LogChunk>(unit_.segment, unit_.chunk);
  }

  Result<> Load() {
    if (chunk_ == nullptr) return {};
    for (int i = 0; i < LogSegment::kShape; ++i) {
      SB_TRY(values_[i], chunk_->System(static_cast<LogSegment::System>(i)));
    }
    return {};
  }
  std::size_t size() const { return chunk_ != nullptr ? chunk_->rows() : unit_.rows.size(); }
  /// Without its message where it is of a segment.
  LogRow RowAt(std::size_t i) const {
    if (chunk_ == nullptr) return unit_.rows[i];
    return {.time_ms = (*values_[LogSegment::kTime])[i],
            .ingested_ms = (*values_[LogSegment::kIngested])[i],
            .arrival = static_cast<std::uint64_t>((*values_[LogSegment::kArrival])[i]),
            .ordinal = static_cast<std::uint64_t>((*values_[LogSegment::kOrdinal])[i]),
            .stream = static_cast<std::uint32_t>((*values_[LogSegment::kStream])[i]),
            .message = {}};
  }
  Result<std::string> MessageAt(std::size_t i) {
    if (chunk_ == nullptr) return std::string(unit_.rows[i].message);
    std::string message;
    SB_TRY_OK(chunk_->AppendMessage(i, message));
    return message;
  }
  const LogUnit& unit() const { return unit_; }

 private:
  const LogUnit unit_;
  std::unique_ptr<LogChunk> chunk_;
  const std::vector<std::int64_t>* values_[LogSegment::kShape] = {};
};

struct Found {
  Place place;
  std::shared_ptr<UnitRows> unit;
  std::size_t row = 0;
};

}  // namespace

LogSnapshot EmbeddedLogStore::SnapshotOf(const LogGroupState& group,
                                         const std::vector<std::string>& streams,
                                         std::int64_t start_ms, std::int64_t end_ms) const {
  LogSnapshot snapshot{.group_id = group.id, .name = group.group.name};
  snapshot.log = group.account.id + ":" + group.group.name;
  snapshot.streams = group.names;
  if (!streams.empty()) {
    snapshot.wanted.assign(group.streams.size(), 0);
    for (const std::string& name : streams) {
      const auto it = group.numbers.find(name);
      if (it != group.numbers.end()) snapshot.wanted[it->second] = 1;
    }
  }
  snapshot.files = group.files;
  snapshot.head = group.sealed;
  snapshot.head.insert(snapshot.head.end(), group.head.begin(), group.head.end());
  snapshot.start_ms = std::max(start_ms, group.CutAt(clock_.Now()));
  snapshot.end_ms = std::max(end_ms, snapshot.start_ms);
  return snapshot;
}

Result<std::vector<std::unique_ptr<LogSource>>> EmbeddedLogStore::Scan(
    const Account& account, const LogScanRequest& request) const {
  std::vector<LogSnapshot> snapshots;
  {
    const std::shared_lock lock(mutex_);
    for (const std::string& name : request.groups) {
      const LogGroupPtr group = state_->log.Find(account, name);
      if (group == nullptr) return NotFound(fmt::format("there is no log group \"{}\"", name));
      snapshots.push_back(SnapshotOf(*group, request.streams, ToUnixMillis(request.start),
                                     ToUnixMillis(request.end)));
    }
  }
  const std::size_t count = std::max<std::size_t>(request.sources, 1);
  const auto plan =
      std::make_shared<LogPlan>(std::move(snapshots), request.where, request.newest_first, count);
  std::vector<std::unique_ptr<LogSource>> sources;
  for (std::size_t i = 0; i < count; ++i) {
    sources.push_back(std::make_unique<LogScanSource>(plan, i, request.columns));
  }
  return sources;
}

namespace {

Result<ReadEvent> EventOf(const Found& found) {
  const LogRow row = found.unit->RowAt(found.row);
  const LogSnapshot& group = *found.unit->unit().group;
  ReadEvent event{.stream = (*group.streams)[row.stream]};
  event.event.time = FromUnixMillis(row.time_ms);
  event.event.ingested_at = FromUnixMillis(row.ingested_ms);
  SB_TRY(event.event.message, found.unit->MessageAt(found.row));
  event.id = IdOf(found.place);
  event.ordinal = row.ordinal;
  event.ptr = PtrOf(group.group_id, row.time_ms, row.arrival);
  return event;
}

/// Walks a plan's rows until enough are found that nothing to come can displace.
class RowCollector {
 public:
  RowCollector(std::vector<LogSnapshot> snapshots, bool from_head, std::size_t rows_max)
      : from_head_(from_head),
        rows_max_(rows_max),
        plan_(std::move(snapshots), {}, /*newest_first=*/!from_head, 1) {}

  /// Only rows after this place in the order of reading, itself too where `inclusive`.
  void After(const Place& place, bool inclusive) {
    after_ = place;
    inclusive_ = inclusive;
  }

  Result<std::vector<Found>> Run() {
    query::ScanStatistics statistics;
    while (rows_max_ > 0) {
      if (IsFull() && !MayStillDisplace(plan_.frontier())) break;
      SB_TRY(auto unit, plan_.Take(0, statistics));
      if (!unit.has_value()) break;
      auto rows = std::make_shared<UnitRows>(*std::move(unit));
      SB_TRY_OK(rows->Load());
      Offer(rows);
      plan_.Deliver(0);
    }
    std::sort(found_.begin(), found_.end(),
              [&](const Found& a, const Found& b) { return Comes(a.place, b.place); });
    if (found_.size() > rows_max_) found_.resize(rows_max_);
    return std::move(found_);
  }

 private:
  bool Comes(const Place& a, const Place& b) const { return from_head_ ? a < b : b < a; }
  bool IsFull() const { return found_.size() >= rows_max_; }
  bool MayStillDisplace(std::int64_t frontier) const {
    return from_head_ ? frontier <= last_.time_ms : frontier >= last_.time_ms;
  }

  void Offer(const std::shared_ptr<UnitRows>& unit) {
    const LogSnapshot& group = *unit->unit().group;
    for (std::size_t i = 0; i < unit->size(); ++i) {
      const LogRow row = unit->RowAt(i);
      if (row.time_ms < group.start_ms || row.time_ms >= group.end_ms) continue;
      if (!group.Wants(row.stream)) continue;
      const Place place{row.time_ms, row.arrival};
      if (after_ && !Comes(*after_, place) && !(inclusive_ && *after_ == place)) continue;
      found_.push_back({place, unit, i});
    }
    if (!IsFull()) return;
    const auto last = found_.begin() + static_cast<std::ptrdiff_t>(rows_max_ - 1);
    std::nth_element(found_.begin(), last, found_.end(),
                     [&](const Found& a, const Found& b) { return Comes(a.place, b.place); });
    last_ = last->place;
    found_.resize(rows_max_);
  }

  const bool from_head_;
  const std::size_t rows_max_;
  LogPlan plan_;
  std::optional<Place> after_;
  bool inclusive_ = false;
  std::vector<Found> found_;
  Place last_;  // the last one wanted, once there are enough
};

/// Where the event of a stream with this ordinal is, or the nearest that comes later in the order
/// of reading (then `exact` is false); nothing where none does.
Result<std::optional<Place>> PlaceOfOrdinal(LogSnapshot snapshot, std::uint64_t ordinal,
                                            bool from_head, bool& exact) {
  std::optional<Place> best;
  std::uint64_t best_ordinal = 0;
  const auto offer = [&](const LogRow& row) {
    if (from_head ? row.ordinal < ordinal : row.ordinal > ordinal) return;
    const auto distance = [&](std::uint64_t o) { return from_head ? o - ordinal : ordinal - o; };
    if (best.has_value() && distance(row.ordinal) >= distance(best_ordinal)) return;
    best = Place{row.time_ms, row.arrival};
    best_ordinal = row.ordinal;
  };
  snapshot.start_ms = std::numeric_limits<std::int64_t>::min() / 2;
  snapshot.end_ms = std::numeric_limits<std::int64_t>::max() / 2;
  std::vector<LogSnapshot> snapshots;
  snapshots.push_back(std::move(snapshot));
  LogPlan plan(std::move(snapshots), {}, /*newest_first=*/true, 1);
  query::ScanStatistics statistics;
  while (true) {
    SB_TRY(auto unit, plan.Take(0, statistics));
    if (!unit.has_value()) break;
    if (unit->segment != nullptr) {
      const auto& zone = unit->segment->system(LogSegment::kOrdinal).chunks[unit->chunk];
      const auto wanted = static_cast<std::int64_t>(ordinal);
      if (from_head ? zone.max < wanted : zone.min > wanted) continue;
    }
    UnitRows rows(*std::move(unit));
    SB_TRY_OK(rows.Load());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const LogRow row = rows.RowAt(i);
      if (rows.unit().group->Wants(row.stream)) offer(row);
    }
    if (best.has_value() && best_ordinal == ordinal) break;
  }
  exact = best.has_value() && best_ordinal == ordinal;
  return best;
}

}  // namespace

Result<std::vector<ReadEvent>> EmbeddedLogStore::Read(const Account& account,
                                                      const ReadRequest& request) const {
  LogSnapshot snapshot;
  {
    const std::shared_lock lock(mutex_);
    const LogGroupPtr group = state_->log.Find(account, request.group);
    if (group == nullptr) {
      return NotFound(fmt::format("there is no log group \"{}\"", request.group));
    }
    std::vector<std::string> streams;
    if (request.stream.has_value()) streams.push_back(*request.stream);
    snapshot = SnapshotOf(*group, streams, ToUnixMillis(request.start), ToUnixMillis(request.end));
  }
  std::optional<Place> after;
  bool exact = true;
  if (request.after_id.has_value()) {
    after = PlaceOfId(*request.after_id);
    if (!after.has_value()) return InvalidArgument("after_id", "is not the id of an event");
  } else if (request.after_ordinal.has_value()) {
    SB_TRY(after, PlaceOfOrdinal(snapshot, *request.after_ordinal, request.from_head, exact));
    if (!after.has_value()) return std::vector<ReadEvent>();
  }
  if (after.has_value()) {
    if (request.from_head) {
      snapshot.start_ms = std::max(snapshot.start_ms, after->time_ms);
    } else {
      snapshot.end_ms = std::min(snapshot.end_ms, after->time_ms + 1);
    }
    snapshot.end_ms = std::max(snapshot.start_ms, snapshot.end_ms);
  }
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  const std::size_t rows_max =
      request.skip > most - request.events_max ? most : request.skip + request.events_max;
  std::vector<LogSnapshot> snapshots;
  snapshots.push_back(std::move(snapshot));
  RowCollector collector(std::move(snapshots), request.from_head, rows_max);
  if (after.has_value()) collector.After(*after, !exact);
  SB_TRY(const std::vector<Found> found, collector.Run());
  std::vector<ReadEvent> events;
  for (std::size_t i = request.skip; i < found.size(); ++i) {
    SB_TRY(ReadEvent event, EventOf(found[i]));
    events.push_back(std::move(event));
  }
  return events;
}

Result<LogStore::Located> EmbeddedLogStore::ReadOne(const Account& account,
                                                    std::string_view ptr) const {
  const std::optional<PtrParts> parts = ParsePtr(ptr);
  if (!parts.has_value()) return InvalidArgument("ptr", "is not a pointer to a log event");
  std::vector<LogSnapshot> snapshots;
  {
    const std::shared_lock lock(mutex_);
    const LogGroupPtr group = state_->log.FindById(parts->group_id);
    if (group == nullptr || group->account != account) {
      return NotFound("the log event is not there any more");
    }
    const bool last = parts->time_ms == std::numeric_limits<std::int64_t>::max();
    snapshots.push_back(SnapshotOf(*group, {}, parts->time_ms, parts->time_ms + (last ? 0 : 1)));
  }
  const std::string name = snapshots.front().name;
  RowCollector collector(std::move(snapshots), /*from_head=*/true, 1);
  collector.After({parts->time_ms, parts->arrival}, /*inclusive=*/true);
  SB_TRY(const std::vector<Found> found, collector.Run());
  if (found.empty() || found[0].place != Place{parts->time_ms, parts->arrival}) {
    return NotFound("the log event is not there any more");
  }
  SB_TRY(ReadEvent event, EventOf(found[0]));
  return Located{.group = name, .event = std::move(event)};
}

Result<FieldCounts> EmbeddedLogStore::CountFields(const Account& account, std::string_view group,
                                                  Instant start, Instant end) const {
  LogScanRequest request{.groups = {std::string(group)},
                         .streams = {},
                         .start = start,
                         .end = end,
                         .columns = {std::string(kMessageColumn)}};
  SB_TRY(auto sources, Scan(account, request));
  Discoverer discoverer;
  std::map<std::string, std::uint64_t, std::less<>> counts;
  FieldCounts result;
  query::Batch batch;
  while (true) {
    SB_TRY(const bool more, sources[0]->Next(batch));
    if (!more) break;
    for (std::size_t i = 0; i < batch.SelectedCount(); ++i) {
      const std::size_t row = batch.filtered ? batch.selection[i] : i;
      ++result.events;
      for (const DiscoveredField& field : discoverer.Discover(batch.columns[0].StringAt(row))) {
        const auto it = counts.find(field.name);
        if (it != counts.end()) {
          ++it->second;
        } else {
          counts.emplace(field.name, 1);
        }
      }
    }
  }
  for (const auto& [name, events] : counts) result.fields.push_back({name, events});
  std::stable_sort(result.fields.begin(), result.fields.end(),
                   [](const FieldCount& a, const FieldCount& b) { return a.events > b.events; });
  return result;
}

}  // namespace securebase::events

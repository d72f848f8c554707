#pragma once

// Group keys as small numbers.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/aggregate.h"
#include "query/column.h"

namespace securebase::query {

/// Numbers the distinct values of one field over all batches: 0 is "absent", then 1, 2, .. in the
/// order of first sight. Strings are looked up once per distinct value and dictionary, time cuts
/// once per calendar unit as long as the rows come in order of time.
class KeyMapper {
 public:
  KeyMapper(std::string field, GroupKey::Cut cut) : field_(std::move(field)), cut_(cut) {}

  /// Sets `ids[i]` for row `rows[i]`. Errors: kInvalidArgument for a cut of what is no time;
  /// kInternal where the field changes its type between batches.
  Result<> Map(const Column& column, std::span<const std::uint16_t> rows, std::uint32_t* ids);

  /// All ids are below it.
  std::uint32_t size() const { return static_cast<std::uint32_t>(count_) + 1; }
  Cell CellOf(std::uint32_t id) const;
  std::uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  Result<> CheckType(Type type);
  void MapStrings(const Column& column, std::span<const std::uint16_t> rows, std::uint32_t* ids);
  void MapTimes(const Column& column, std::span<const std::uint16_t> rows, std::uint32_t* ids);
  template <class ValueAt>
  void MapIntegers(std::span<const std::uint16_t> rows, std::uint32_t* ids, ValueAt value_at);
  std::uint32_t IdOfText(std::string_view text);
  std::uint32_t IdOfInteger(std::int64_t value);

  const std::string field_;
  const GroupKey::Cut cut_;
  std::optional<Type> type_;
  std::size_t count_ = 0;
  std::uint64_t memory_bytes_ = 0;

  std::deque<std::string> texts_;  // a deque: the map's views stay valid
  boost::unordered_flat_map<std::string_view, std::uint32_t> text_ids_;
  std::shared_ptr<const Dictionary> dictionary_;  // of the codes in code_ids_
  std::vector<std::uint32_t> code_ids_;           // 0: not looked up yet

  std::vector<std::int64_t> integers_;  // doubles as their bits
  boost::unordered_flat_map<std::int64_t, std::uint32_t> integer_ids_;
  std::int64_t unit_start_ = 0;  // of the calendar unit seen last: [start, end)
  std::int64_t unit_end_ = 0;
  std::uint32_t unit_id_ = 0;
};

/// The start of the calendar unit that `time_ms` lies in, and of the next one. UTC.
struct CalendarUnit {
  std::int64_t start_ms;
  std::int64_t end_ms;
};
CalendarUnit UnitOf(std::int64_t time_ms, GroupKey::Cut cut);

}  // namespace securebase::query

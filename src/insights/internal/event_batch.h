#pragma once

// Events one by one to batches of the columns that a scan asks for.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/discovery.h"
#include "insights/internal/cell.h"
#include "insights/run.h"
#include "query/column.h"

namespace securebase::insights::internal {

struct RawEvent {
  std::int64_t timestamp_ms = 0;
  std::int64_t ingested_ms = 0;
  std::int64_t arrival = 0;
  std::string_view message;  // these three outlive the batch's use
  std::string_view stream;
  std::string_view group;
};

/// The value of an inner node of the message's JSON: a map or list, by its dotted name.
Cell InnerNode(std::string_view message, std::string_view name, Arena& arena);

/// One thread's. Columns of few distinct values keep one dictionary from batch to batch.
class EventBatch {
 public:
  EventBatch(const ScanRequest& request, std::string account);
  void Add(const RawEvent& event);
  /// The same, its time found among the message's fields where `json`; false: there is none, and
  /// SetLastTime must follow.
  bool AddTimed(const RawEvent& event, bool json);
  void SetLastTime(std::int64_t ms) { times_.back() = ms; }
  /// Text that lives as long as the batch.
  std::string_view Keep(std::string_view text) { return arena_->Copy(text); }
  std::size_t rows() const { return times_.size(); }
  /// Fills `batch` with the rows since the last call.
  void Finish(query::Batch& batch);

 private:
  enum class What : std::uint8_t {
    kTime,
    kArrival,
    kIngested,
    kMessage,
    kStream,
    kLog,
    kPointer,
    kField
  };
  // Values seen so far of a column with few of them.
  struct Interned {
    std::unordered_map<std::string_view, std::uint32_t> codes;
    std::shared_ptr<Arena> arena = std::make_shared<Arena>();
    std::shared_ptr<const query::Dictionary> dictionary;
    std::vector<std::string_view> values;
    bool given_up = false;
  };
  struct Wanted {
    What what = What::kField;
    std::string name;
    bool tree = false;
    std::vector<std::string_view> texts;  // of this batch; null data: absent
    std::vector<query::Column::Kind> kinds;
    Interned interned;
  };

  void AddColumns(const RawEvent& event);
  void AddFields(std::string_view message, std::optional<std::int64_t>* time);
  void SetText(Wanted& wanted, std::string_view text, query::Column::Kind kind, bool keep);
  void FinishTexts(Wanted& wanted, query::Column& column);
  static bool Intern(Wanted& wanted, query::Column& column);

  const std::string account_;
  std::vector<Wanted> wanted_;
  std::vector<std::size_t> fields_;  // of wanted_, the discovered ones
  std::vector<std::int32_t> by_id_;  // a discovered name's id to wanted_, -1 for the others
  std::unordered_map<std::string, std::size_t> by_name_;
  bool discovers_ = false;
  bool trees_ = false;
  std::uint32_t time_ids_[4];  // of the fields that may hold an event's time
  events::Discoverer discoverer_;
  std::vector<std::int64_t> times_, ingested_, arrivals_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

}  // namespace securebase::insights::internal

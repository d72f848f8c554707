#include "insights/internal/event_batch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "insights/internal/json_text.h"
#include "insights/internal/line_source.h"

namespace securebase::insights::internal {
namespace {

using ColumnKind = query::Column::Kind;

// A dictionary of more values is not kept from batch to batch.
constexpr std::size_t kInternedMax = 4096;

ColumnKind KindOf(events::FieldKind kind) {
  switch (kind) {
    case events::FieldKind::kNumber:
      return ColumnKind::kNumber;
    case events::FieldKind::kBool:
      return ColumnKind::kBool;
    default:
      return ColumnKind::kString;
  }
}

}  // namespace

Cell InnerNode(std::string_view message, std::string_view name, Arena& arena) {
  const std::size_t open = message.find('{');
  if (open == std::string_view::npos) return {};
  std::string_view json = message.substr(open);
  if (!IsTree(json)) {
    const std::size_t close = json.rfind('}');
    if (close == std::string_view::npos) return {};
    json = json.substr(0, close + 1);
    if (!IsTree(json)) return {};
  }
  if (name.starts_with("@@")) name.remove_prefix(1);
  std::vector<std::string> steps;
  for (std::string_view part : Split(name, '.')) steps.emplace_back(part);
  const Cell cell = JsonAt(json, steps, arena);
  return cell.kind == Kind::kTree ? cell : Cell();
}

EventBatch::EventBatch(const ScanRequest& request, std::string account)
    : account_(std::move(account)) {
  static constexpr std::string_view kTimeFields[] = {"timestamp", "@@timestamp", "time", "ts"};
  for (std::size_t i = 0; i < std::size(kTimeFields); ++i) {
    time_ids_[i] = discoverer_.IdOf(kTimeFields[i]);
  }
  static constexpr std::pair<std::string_view, What> kSystem[] = {
      {"@timestamp", What::kTime},
      {"@arrival", What::kArrival},
      {"@ingestionTime", What::kIngested},
      {"@message", What::kMessage},
      {"@logStream", What::kStream},
      {"@log", What::kLog},
      {"@ptr", What::kPointer}};
  for (const ScanField& field : request.fields) {
    Wanted wanted;
    wanted.name = field.name;
    wanted.tree = field.tree;
    for (const auto& [name, what] : kSystem) {
      if (name == field.name) wanted.what = what;
    }
    if (wanted.what == What::kField) {
      fields_.push_back(wanted_.size());
      discovers_ = true;
      trees_ = trees_ || field.tree;
      // Several wanted columns may have one name (as a leaf, as a tree): the first leads.
      by_name_.try_emplace(field.name, wanted_.size());
      const std::uint32_t id = discoverer_.IdOf(field.name);
      if (id != events::DiscoveredField::kNoId) {
        if (by_id_.size() <= id) by_id_.resize(id + 1, -1);
        if (by_id_[id] < 0) by_id_[id] = static_cast<std::int32_t>(wanted_.size());
      }
    }
    wanted_.push_back(std::move(wanted));
  }
}

void EventBatch::SetText(Wanted& wanted, std::string_view text, ColumnKind kind, bool keep) {
  wanted.texts.back() = keep ? text : arena_->Copy(text);
  if (wanted.texts.back().data() == nullptr) wanted.texts.back() = "";
  wanted.kinds.back() = kind;
}

void EventBatch::AddFields(std::string_view message, std::optional<std::int64_t>* time) {
  std::size_t best = std::size(time_ids_);
  for (const events::DiscoveredField& field : discoverer_.Discover(message)) {
    for (std::size_t i = 0; time != nullptr && i < best; ++i) {
      if (field.name_id != time_ids_[i]) continue;
      if (const auto ms = ReadAnyTime(field.text)) {
        *time = *ms;
        best = i;
      }
    }
    std::int32_t at = -1;
    if (field.name_id != events::DiscoveredField::kNoId) {
      if (field.name_id < by_id_.size()) at = by_id_[field.name_id];
    } else if (const auto found = by_name_.find(std::string(field.name)); found != by_name_.end()) {
      at = static_cast<std::int32_t>(found->second);
    }
    if (at < 0 || field.kind == events::FieldKind::kNull) continue;
    // Text that lies in the message lives on, decoded text does not.
    const bool inside = field.text.data() >= message.data() &&
                        field.text.data() + field.text.size() <= message.data() + message.size();
    SetText(wanted_[static_cast<std::size_t>(at)], field.text, KindOf(field.kind), inside);
  }
  // Columns that share a name, and inner nodes.
  for (const std::size_t i : fields_) {
    Wanted& wanted = wanted_[i];
    const std::size_t first = by_name_.at(wanted.name);
    if (first != i) {
      wanted.texts.back() = wanted_[first].texts.back();
      wanted.kinds.back() = wanted_[first].kinds.back();
    }
  }
  if (!trees_) return;
  for (const std::size_t i : fields_) {
    Wanted& wanted = wanted_[i];
    if (!wanted.tree || wanted.texts.back().data() != nullptr) continue;
    const Cell cell = InnerNode(message, wanted.name, *arena_);
    if (!cell.missing()) SetText(wanted, cell.text(), ColumnKind::kTree, true);
  }
}

void EventBatch::Add(const RawEvent& event) {
  AddColumns(event);
  if (discovers_) AddFields(event.message, nullptr);
}

bool EventBatch::AddTimed(const RawEvent& event, bool json) {
  AddColumns(event);
  std::optional<std::int64_t> time;
  const std::size_t first = event.message.find_first_not_of(" \t");
  const bool object = json && first != std::string_view::npos && event.message[first] == '{';
  if (discovers_ || object) AddFields(event.message, object ? &time : nullptr);
  if (time) times_.back() = *time;
  return time.has_value();
}

void EventBatch::AddColumns(const RawEvent& event) {
  times_.push_back(event.timestamp_ms);
  ingested_.push_back(event.ingested_ms);
  arrivals_.push_back(event.arrival);
  for (Wanted& wanted : wanted_) {
    if (wanted.what < What::kMessage) continue;
    wanted.texts.emplace_back();
    wanted.kinds.push_back(ColumnKind::kString);
    switch (wanted.what) {
      case What::kMessage:
        SetText(wanted, event.message, ColumnKind::kString, true);
        break;
      case What::kStream:
        SetText(wanted, event.stream, ColumnKind::kString, true);
        break;
      case What::kLog:
        SetText(wanted, account_ + ":" + std::string(event.group), ColumnKind::kString, false);
        break;
      case What::kPointer:
        SetText(wanted, std::to_string(event.arrival), ColumnKind::kString, false);
        break;
      default:
        break;
    }
  }
}

bool EventBatch::Intern(Wanted& wanted, query::Column& column) {
  Interned& interned = wanted.interned;
  if (interned.given_up || wanted.what == What::kMessage || wanted.what == What::kPointer) {
    return false;
  }
  const std::size_t before = interned.values.size();
  for (std::size_t i = 0; i < wanted.texts.size(); ++i) {
    const std::string_view text = wanted.texts[i];
    if (text.data() == nullptr) continue;
    const auto found = interned.codes.find(text);
    if (found != interned.codes.end()) {
      column.codes[i] = found->second;
      continue;
    }
    const std::string_view kept = interned.arena->Copy(text);
    const auto code = static_cast<std::uint32_t>(interned.values.size());
    interned.values.push_back(kept);
    interned.codes.emplace(kept, code);
    column.codes[i] = code;
  }
  if (interned.values.empty()) interned.values.emplace_back("");
  if (interned.values.size() != before || !interned.dictionary) {
    auto dictionary = std::make_shared<query::Dictionary>();
    dictionary->values = interned.values;
    dictionary->owner = interned.arena;
    interned.dictionary = std::move(dictionary);
    const std::size_t fresh = interned.values.size() - before;
    interned.given_up = interned.values.size() > kInternedMax || fresh * 2 > wanted.texts.size();
  }
  column.dictionary = interned.dictionary;
  return true;
}

void EventBatch::FinishTexts(Wanted& wanted, query::Column& column) {
  const std::size_t rows = wanted.texts.size();
  column.type = query::Type::kString;
  column.codes.assign(rows, 0);
  column.valid.assign(rows, 1);
  std::size_t absent = 0;
  bool mixed = false;
  for (std::size_t i = 0; i < rows; ++i) {
    if (wanted.texts[i].data() == nullptr) {
      column.valid[i] = 0;
      ++absent;
    } else {
      mixed = mixed || wanted.kinds[i] != ColumnKind::kString;
    }
  }
  column.all_absent = absent == rows;
  if (absent == 0) column.valid.clear();
  if (mixed) column.kinds = wanted.kinds;
  if (!Intern(wanted, column)) {
    auto dictionary = std::make_shared<query::Dictionary>();
    dictionary->values.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      if (wanted.texts[i].data() != nullptr) dictionary->values[i] = wanted.texts[i];
      column.codes[i] = static_cast<std::uint32_t>(i);
    }
    if (rows == 0) dictionary->values.emplace_back();
    dictionary->owner = arena_;
    column.dictionary = std::move(dictionary);
  }
  wanted.texts.clear();
  wanted.kinds.clear();
}

void EventBatch::Finish(query::Batch& batch) {
  batch = query::Batch();
  batch.rows = times_.size();
  batch.columns.resize(wanted_.size());
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    query::Column& column = batch.columns[i];
    switch (wanted_[i].what) {
      case What::kTime:
        column.type = query::Type::kTime;
        column.ints = times_;
        break;
      case What::kArrival:
        column.ints = arrivals_;
        break;
      case What::kIngested:
        column.type = query::Type::kTime;
        column.ints = ingested_;
        break;
      default:
        FinishTexts(wanted_[i], column);
    }
  }
  times_.clear();
  ingested_.clear();
  arrivals_.clear();
  arena_ = std::make_shared<Arena>();
}

}  // namespace securebase::insights::internal

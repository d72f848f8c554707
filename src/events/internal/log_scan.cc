#include "events/internal/log_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "events/internal/log_leaf.h"

namespace securebase::events {

using query::Batch;
using query::Column;
using query::Dictionary;
using query::Type;

std::string PtrOf(std::uint32_t group_id, std::int64_t time_ms, std::uint64_t arrival) {
  return fmt::format("{:08x}{:016x}{:016x}", group_id, static_cast<std::uint64_t>(time_ms),
                     arrival);
}

std::optional<PtrParts> ParsePtr(std::string_view ptr) {
  if (ptr.size() != 40) return std::nullopt;
  const auto read = [&](std::size_t at, std::size_t size) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const char* const end = ptr.data() + at + size;
    const auto result = std::from_chars(ptr.data() + at, end, value, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return value;
  };
  const auto group = read(0, 8), time = read(8, 16), arrival = read(24, 16);
  if (!group || !time || !arrival) return std::nullopt;
  return PtrParts{static_cast<std::uint32_t>(*group), static_cast<std::int64_t>(*time), *arrival};
}

// What is worth keeping from one chunk of a segment to the next.
struct LogScanSource::SegmentState {
  SegmentState(std::shared_ptr<const LogSegment> of, const query::Predicate& where,
               const std::vector<std::string>& streams)
      : segment(std::move(of)), matcher(*segment, where, streams), leaves(segment) {}

  PrefixFields& prefix_fields() {
    if (!prefix_.has_value()) prefix_.emplace(*segment);
    return *prefix_;
  }

  const std::shared_ptr<const LogSegment> segment;
  LogMatcher matcher;
  LeafReader leaves;

 private:
  std::optional<PrefixFields> prefix_;
};

LogScanSource::LogScanSource(std::shared_ptr<LogPlan> plan, std::size_t reader,
                             std::vector<std::string> columns)
    : plan_(std::move(plan)), reader_(reader), columns_(std::move(columns)) {
  for (const std::string& name : columns_) {
    whats_.push_back(name == kTimeColumn          ? What::kTime
                     : name == kIngestionColumn   ? What::kIngestion
                     : name == kMessageColumn     ? What::kMessage
                     : name == kStreamColumn      ? What::kStream
                     : name == kLogColumn         ? What::kLog
                     : name == kPtrColumn         ? What::kPtr
                     : name == kArrivalColumn     ? What::kArrival
                     : name == kMessageSizeColumn ? What::kSize
                                                  : What::kField);
  }
  builders_.resize(columns_.size());
}

LogScanSource::~LogScanSource() { plan_->Deliver(reader_); }

LogScanSource::SegmentState& LogScanSource::StateOf(const LogUnit& unit) {
  if (state_ == nullptr || state_->segment != unit.segment) {
    state_ = std::make_unique<SegmentState>(unit.segment, plan_->where(), *unit.group->streams);
  }
  return *state_;
}

Result<bool> LogScanSource::Next(Batch& batch) {
  while (true) {
    SB_TRY(const std::optional<LogUnit> unit, plan_->Take(reader_, statistics_));
    if (!unit.has_value()) return false;
    batch.columns.resize(columns_.size());
    batch.filtered = false;
    batch.selection.clear();
    lines_ready_ = false;
    SB_TRY(const bool any,
           unit->segment != nullptr ? FillFromSegment(*unit, batch) : FillFromHead(*unit, batch));
    if (!any) continue;
    plan_->Deliver(reader_);
    return true;
  }
}

Result<> LogScanSource::SelectRows(const LogUnit& unit, LogChunk& chunk, RowMask& mask) {
  const LogSnapshot& group = *unit.group;
  SB_TRY(const auto* times, chunk.System(LogSegment::kTime));
  if (unit.first_ms < group.start_ms || unit.last_ms >= group.end_ms) {
    for (std::size_t i = 0; i < mask.size(); ++i) {
      mask[i] &= (*times)[i] >= group.start_ms && (*times)[i] < group.end_ms;
    }
  }
  const NumberMeta::Chunk& zone = unit.segment->system(LogSegment::kStream).chunks[unit.chunk];
  bool all_streams = true;
  for (std::int64_t i = zone.min; i <= zone.max && all_streams; ++i) all_streams = group.Wants(i);
  if (!all_streams) {
    SB_TRY(const auto* streams, chunk.System(LogSegment::kStream));
    for (std::size_t i = 0; i < mask.size(); ++i) mask[i] &= group.Wants((*streams)[i]);
  }
  return StateOf(unit).matcher.Narrow(chunk, mask);
}

Result<> LogScanSource::RebuildLines(LogChunk& chunk, const RowMask& mask) {
  if (lines_ready_) return {};
  lines_ready_ = true;
  lines_ = std::make_shared<std::string>();
  std::vector<std::size_t> ends(mask.size());
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) SB_TRY_OK(chunk.AppendMessage(i, *lines_));
    ends[i] = lines_->size();
  }
  line_views_.resize(mask.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    line_views_[i] = std::string_view(*lines_).substr(begin, ends[i] - begin);
    begin = ends[i];
  }
  return {};
}

Result<bool> LogScanSource::FillFromSegment(const LogUnit& unit, Batch& batch) {
  SegmentState& state = StateOf(unit);
  LogChunk chunk(unit.segment, unit.chunk);
  RowMask mask(chunk.rows(), 1);
  SB_TRY_OK(SelectRows(unit, chunk, mask));
  statistics_.rows += chunk.rows();
  statistics_.message_bytes += unit.segment->chunk(unit.chunk).message_bytes;
  const auto selected = static_cast<std::size_t>(std::count(mask.begin(), mask.end(), 1));
  batch.rows = chunk.rows();
  if (selected > 0 && selected < mask.size()) {
    batch.filtered = true;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] != 0) batch.selection.push_back(static_cast<std::uint16_t>(i));
    }
  }
  if (selected > 0) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Column& column = batch.columns[i];
      if (whats_[i] == What::kField) {
        SB_TRY_OK(FillField(chunk, state, columns_[i], mask, column));
        continue;
      }
      const auto take = [&](LogSegment::System which, std::vector<std::int64_t>& to) -> Result<> {
        SB_TRY(const auto* values, chunk.System(which));
        to = *values;
        return {};
      };
      if (whats_[i] == What::kMessage || whats_[i] == What::kSize) {
        SB_TRY_OK(RebuildLines(chunk, mask));
      } else if (whats_[i] == What::kIngestion) {
        SB_TRY_OK(take(LogSegment::kIngested, ingested_));
      } else if (whats_[i] == What::kStream) {
        SB_TRY_OK(take(LogSegment::kStream, streams_));
      } else if (whats_[i] != What::kLog) {
        SB_TRY_OK(take(LogSegment::kTime, times_));
        if (whats_[i] != What::kTime) SB_TRY_OK(take(LogSegment::kArrival, arrivals_));
      }
      FillSystem(whats_[i], unit, chunk.rows(), column);
    }
  }
  statistics_.bytes += chunk.bytes_read();
  return selected > 0;
}

void LogScanSource::FillSystem(What what, const LogUnit& unit, std::size_t rows, Column& column) {
  const auto set_ints = [&](Type type, const std::vector<std::int64_t>& values) {
    SetAllAbsent(0, column);
    column.all_absent = false;
    column.dictionary = nullptr;
    column.type = type;
    column.ints = values;
  };
  switch (what) {
    case What::kTime:
      return set_ints(Type::kTime, times_);
    case What::kIngestion:
      return set_ints(Type::kTime, ingested_);
    case What::kArrival:
      return set_ints(Type::kInt64, arrivals_);
    case What::kSize: {
      std::vector<std::int64_t> sizes;
      for (const std::string_view line : line_views_) {
        sizes.push_back(static_cast<std::int64_t>(line.size()));
      }
      return set_ints(Type::kInt64, sizes);
    }
    case What::kMessage:
      return SetTexts(line_views_, lines_, {}, column);
    case What::kLog:
      SetTexts({unit.group->log}, plan_, {}, column);
      column.codes.assign(rows, 0);
      return;
    case What::kStream: {
      // Few streams lie in a chunk: their names once each.
      std::vector<std::string_view> names;
      std::unordered_map<std::int64_t, std::uint32_t> codes;
      std::vector<std::uint32_t> by_row(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const auto [it, added] =
            codes.try_emplace(streams_[i], static_cast<std::uint32_t>(names.size()));
        if (added) {
          const auto at = static_cast<std::size_t>(streams_[i]);
          const auto& all = *unit.group->streams;
          names.push_back(at < all.size() ? std::string_view(all[at]) : std::string_view());
        }
        by_row[i] = it->second;
      }
      SetTexts(std::move(names), plan_, {}, column);
      column.codes = std::move(by_row);
      return;
    }
    case What::kPtr: {
      auto owner = std::make_shared<std::string>();
      for (std::size_t i = 0; i < rows; ++i) {
        *owner += PtrOf(unit.group->group_id, times_[i], static_cast<std::uint64_t>(arrivals_[i]));
      }
      std::vector<std::string_view> texts;
      for (std::size_t i = 0; i < rows; ++i) {
        texts.push_back(std::string_view(*owner).substr(i * 40, 40));
      }
      return SetTexts(std::move(texts), std::move(owner), {}, column);
    }
    case What::kField:
      return;
  }
}

Result<> LogScanSource::FillField(LogChunk& chunk, SegmentState& state, const std::string& name,
                                  const RowMask& mask, Column& column) {
  const LogSegment& segment = *state.segment;
  const std::size_t leaf = segment.FindLeaf(name);
  const LogSegment::ChunkInfo& info = segment.chunk(chunk.number());
  const bool platform = info.has_text && PlatformLines::IsName(name);
  if (!info.has_opaque && !platform) {
    if (leaf == LogSegment::kNoLeaf) {
      SetAllAbsent(chunk.rows(), column);
      return {};
    }
    return state.leaves.Read(chunk, leaf, column);
  }
  if (!info.has_opaque && leaf == LogSegment::kNoLeaf) {
    SB_TRY(const bool filled, FillSlots(chunk, state, name, column));
    if (filled) return {};
  }
  return FillMixed(chunk, state, name, leaf, mask, column);
}

// Fields that are a number slot, or nothing, in every template of the chunk.
Result<bool> LogScanSource::FillSlots(LogChunk& chunk, SegmentState& state, const std::string& name,
                                      Column& column) {
  SB_TRY(const LogChunk::Texts* prefix, chunk.Prefix());
  if (prefix->column->is_dictionary() || !prefix->chunk.presence.all) return false;
  PrefixFields& fields = state.prefix_fields();
  struct Place {
    const std::vector<std::int64_t>* numbers = nullptr;
    std::int64_t times = 1;
  };
  std::vector<Place> places(prefix->column->values().size());
  int decimals = -1;
  for (const TextChunk::Template& one : prefix->chunk.templates) {
    if (fields.IsDynamic(one.id)) return false;
    const PrefixField* field = fields.Find(one.id, name);
    if (field == nullptr) continue;
    const bool number = field->form == PrefixField::Form::kSlot &&
                        field->kind == FieldKind::kNumber &&
                        (one.slots[field->slot].kind == SlotKind::kInt ||
                         one.slots[field->slot].kind == SlotKind::kDecimal);
    if (!number) return false;
    const TextChunk::SlotColumn& slot = one.slots[field->slot];
    const int own = slot.kind == SlotKind::kDecimal ? slot.parameter : 0;
    if ((decimals >= 0 && own != decimals) || own > 15) return false;
    decimals = own;
    places[one.id] = {&slot.numbers, field->megabytes ? 1'000'000 : 1};
    if (field->megabytes && std::any_of(slot.numbers.begin(), slot.numbers.end(),
                                        [](std::int64_t n) { return n > 1'000'000'000; })) {
      return false;
    }
    // A double must give the digits back.
    if (own > 0 && std::any_of(slot.numbers.begin(), slot.numbers.end(),
                               [](std::int64_t n) { return n >= 1'000'000'000'000'000; })) {
      return false;
    }
  }
  const std::size_t rows = chunk.rows();
  SetAllAbsent(rows, column);
  if (decimals < 0) return true;
  column.all_absent = false;
  column.dictionary = nullptr;
  column.codes.clear();
  column.type = decimals == 0 ? Type::kInt64 : Type::kDouble;
  if (decimals == 0) {
    column.ints.assign(rows, 0);
  } else {
    column.doubles.assign(rows, 0);
    column.decimals = static_cast<std::int8_t>(decimals);
  }
  std::size_t present = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const Place& place = places[prefix->chunk.codes[i]];
    if (place.numbers == nullptr) continue;
    const std::int64_t value = (*place.numbers)[prefix->chunk.ordinal[i]] * place.times;
    column.valid[i] = 1;
    ++present;
    if (decimals == 0) {
      column.ints[i] = value;
    } else {
      column.doubles[i] = ScaledToDouble(value, decimals);
    }
  }
  if (present == rows) column.valid.clear();
  return true;
}

// Row by row, from wherever the field is.
Result<> LogScanSource::FillMixed(LogChunk& chunk, SegmentState& state, const std::string& name,
                                  std::size_t leaf, const RowMask& mask, Column& column) {
  const LogSegment::ChunkInfo& info = state.segment->chunk(chunk.number());
  SB_TRY(const auto* shapes, chunk.System(LogSegment::kShape));
  SB_TRY(const LogChunk::Texts* prefix, chunk.Prefix());
  builder_.Begin(chunk.rows());
  if (leaf != LogSegment::kNoLeaf) SB_TRY_OK(state.leaves.Collect(chunk, leaf, builder_));
  const bool platform = info.has_text && PlatformLines::IsName(name);
  std::string text;
  for (std::size_t row = 0; row < chunk.rows(); ++row) {
    if (mask[row] == 0) continue;
    const bool opaque = (*shapes)[row] == kShapeOpaque;
    const std::size_t at = prefix->index.empty() ? row : prefix->index[row];
    if (at == LogChunk::kNoIndex || (!opaque && !platform)) continue;
    text.clear();
    if (opaque) {
      prefix->column->AppendText(prefix->chunk, at, text);
      for (const DiscoveredField& field : discoverer_.Discover(text)) {
        if (field.name == name) builder_.Set(row, field.kind, field.text);
      }
      continue;
    }
    PrefixFields& fields = state.prefix_fields();
    const std::uint32_t code = prefix->chunk.codes[at];
    if (fields.IsDynamic(code)) {
      prefix->column->AppendText(prefix->chunk, at, text);
      for (const DiscoveredField& field : fields.Discover(text)) {
        if (field.name == name) builder_.Set(row, field.kind, field.text);
      }
    } else if (const PrefixField* field = fields.Find(code, name)) {
      fields.AppendText(*field, *prefix->column, prefix->chunk, at, text);
      builder_.Set(row, field->kind, text);
    }
  }
  builder_.Finish(column);
  return {};
}

namespace {

/// A line of the head that cannot match: cheap conditions on the text only.
bool MayMatchLine(const query::Predicate& p, std::string_view line) {
  using Op = query::Predicate::Op;
  const auto may = [&](const query::Predicate& child) { return MayMatchLine(child, line); };
  if (p.op == Op::kAnd) return std::all_of(p.children.begin(), p.children.end(), may);
  if (p.op == Op::kOr) return std::any_of(p.children.begin(), p.children.end(), may);
  if (p.op != Op::kContains || p.field != kMessageColumn) return true;
  return std::any_of(p.literals.begin(), p.literals.end(), [&](const query::Literal& literal) {
    return line.find(Comparable(literal).text) != line.npos;
  });
}

}  // namespace

Result<bool> LogScanSource::FillFromHead(const LogUnit& unit, Batch& batch) {
  std::vector<const LogRow*> rows;
  for (const LogRow& row : unit.rows) {
    ++statistics_.rows;
    statistics_.message_bytes += row.message.size();
    statistics_.bytes += row.message.size();
    if (MayMatchLine(plan_->where(), row.message)) rows.push_back(&row);
  }
  batch.rows = rows.size();
  if (rows.empty()) return false;
  times_.clear();
  ingested_.clear();
  arrivals_.clear();
  streams_.clear();
  line_views_.clear();
  lines_ = nullptr;
  for (const LogRow* row : rows) {
    times_.push_back(row->time_ms);
    ingested_.push_back(row->ingested_ms);
    arrivals_.push_back(static_cast<std::int64_t>(row->arrival));
    streams_.push_back(row->stream);
    line_views_.push_back(row->message);
  }
  // Name ids to the columns that want them.
  std::vector<std::uint32_t> wanted;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (whats_[i] != What::kField) continue;
    const std::uint32_t id = discoverer_.IdOf(columns_[i]);
    if (id != DiscoveredField::kNoId && id >= wanted.size()) wanted.resize(id + 1, 0);
    if (id != DiscoveredField::kNoId) wanted[id] = static_cast<std::uint32_t>(i + 1);
    builders_[i].Begin(rows.size());
  }
  for (std::size_t row = 0; row < rows.size() && !wanted.empty(); ++row) {
    for (const DiscoveredField& field : discoverer_.Discover(rows[row]->message)) {
      if (field.name_id >= wanted.size() || wanted[field.name_id] == 0) continue;
      builders_[wanted[field.name_id] - 1].Set(row, field.kind, field.text);
    }
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (whats_[i] == What::kField) {
      builders_[i].Finish(batch.columns[i]);
    } else {
      FillSystem(whats_[i], unit, rows.size(), batch.columns[i]);
      // Messages view into the head, which the plan keeps.
      if (whats_[i] == What::kMessage) SetTexts(line_views_, plan_, {}, batch.columns[i]);
    }
  }
  return true;
}

}  // namespace securebase::events

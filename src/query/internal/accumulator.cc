#include "query/internal/accumulator.h"

#include <fmt/format.h>

#include <boost/unordered/unordered_flat_set.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "query/internal/key_mapper.h"

namespace securebase::query {
namespace {

using Rows = std::span<const std::uint16_t>;

template <class T>
void GrowTo(std::vector<T>& states, std::uint32_t count) {
  if (states.size() < count) states.resize(count);
}

// Calls `visit(group, row)` for the rows that have a value.
template <class Visit>
void ForPresent(const Column& column, Rows rows, const std::uint32_t* groups, Visit visit) {
  if (column.valid.empty()) {  // fast path
    for (std::size_t i = 0; i < rows.size(); ++i) visit(groups[i], rows[i]);
    return;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (column.valid[rows[i]] != 0) visit(groups[i], rows[i]);
  }
}

class CountAccumulator final : public Accumulator {
 public:
  Result<> Add(const Column& column, Rows rows, const std::uint32_t* groups,
               std::uint32_t group_count) override {
    GrowTo(counts_, group_count);
    if (column.all_absent) return {};
    ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t) { ++counts_[group]; });
    return {};
  }
  Cell Value(std::uint32_t group) const override {
    const std::int64_t count = group < counts_.size() ? counts_[group] : 0;
    return {.present = true, .type = Type::kInt64, .integer = count};
  }
  std::uint64_t memory_bytes() const override { return counts_.size() * sizeof(std::int64_t); }

 private:
  std::vector<std::int64_t> counts_;
};

class SumAccumulator final : public Accumulator {
 public:
  SumAccumulator(std::string field, bool average) : field_(std::move(field)), average_(average) {}

  Result<> Add(const Column& column, Rows rows, const std::uint32_t* groups,
               std::uint32_t group_count) override {
    if (column.all_absent) return {};
    if (column.type != Type::kInt64 && column.type != Type::kDouble) {
      return InvalidArgument(field_, "is not a number: it has neither sum nor average");
    }
    GrowTo(states_, group_count);
    if (column.type == Type::kInt64) {
      ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t row) {
        states_[group].integer_sum += column.ints[row];
        ++states_[group].count;
      });
      return {};
    }
    real_ = true;
    ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t row) {
      states_[group].real_sum += column.doubles[row];
      ++states_[group].count;
    });
    return {};
  }

  Cell Value(std::uint32_t group) const override {
    Cell cell{.type = real_ || average_ ? Type::kDouble : Type::kInt64};
    if (group >= states_.size() || states_[group].count == 0) return cell;
    const State& state = states_[group];
    cell.present = true;
    cell.real = state.real_sum + static_cast<double>(state.integer_sum);
    if (average_) {
      cell.real /= static_cast<double>(state.count);
    } else if (!real_) {
      if (state.integer_sum < std::numeric_limits<std::int64_t>::min() ||
          state.integer_sum > std::numeric_limits<std::int64_t>::max()) {
        cell.type = Type::kDouble;
      } else {
        cell.integer = static_cast<std::int64_t>(state.integer_sum);
      }
    }
    return cell;
  }
  std::uint64_t memory_bytes() const override { return states_.size() * sizeof(State); }

 private:
  struct State {
    __extension__ __int128 integer_sum = 0;  // 2^63 rows of 2^63 do not overflow it
    double real_sum = 0;
    std::uint64_t count = 0;
  };

  const std::string field_;
  const bool average_;
  bool real_ = false;
  std::vector<State> states_;
};

// The smallest or largest value.
class ExtremeAccumulator final : public Accumulator {
 public:
  ExtremeAccumulator(std::string field, bool largest)
      : field_(std::move(field)), largest_(largest) {}

  Result<> Add(const Column& column, Rows rows, const std::uint32_t* groups,
               std::uint32_t group_count) override {
    if (column.all_absent) return {};
    if (type_.has_value() && *type_ != column.type) {
      return Internal(fmt::format("field {} has values of different types", field_));
    }
    type_ = column.type;
    GrowTo(present_, group_count);
    switch (column.type) {
      case Type::kString:
        GrowTo(texts_, group_count);
        ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t row) {
          const std::string_view text = column.StringAt(row);
          if (IsBetter(group, text, std::string_view(texts_[group]))) {
            text_bytes_ += text.size();
            texts_[group] = text;
          }
        });
        break;
      case Type::kDouble:
        GrowTo(reals_, group_count);
        ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t row) {
          const double value = column.doubles[row];
          if (IsBetter(group, value, reals_[group])) reals_[group] = value;
        });
        break;
      default:
        GrowTo(integers_, group_count);
        ForPresent(column, rows, groups, [&](std::uint32_t group, std::size_t row) {
          const std::int64_t value = column.ints[row];
          if (IsBetter(group, value, integers_[group])) integers_[group] = value;
        });
    }
    return {};
  }

  Cell Value(std::uint32_t group) const override {
    Cell cell{.type = type_.value_or(Type::kInt64)};
    if (group >= present_.size() || present_[group] == 0) return cell;
    cell.present = true;
    if (cell.type == Type::kString) {
      cell.text = texts_[group];
    } else if (cell.type == Type::kDouble) {
      cell.real = reals_[group];
    } else {
      cell.integer = integers_[group];
    }
    return cell;
  }
  std::uint64_t memory_bytes() const override {
    return present_.size() + (integers_.size() + reals_.size()) * 8 +
           texts_.size() * sizeof(std::string) + text_bytes_;
  }

 private:
  template <class T>
  bool IsBetter(std::uint32_t group, const T& value, const T& best) {
    if (present_[group] == 0) {
      present_[group] = 1;
      return true;
    }
    if (best != best) return true;  // NaN gives way to any value
    return largest_ ? best < value : value < best;
  }

  const std::string field_;
  const bool largest_;
  std::optional<Type> type_;
  std::vector<std::uint8_t> present_;
  std::vector<std::int64_t> integers_;
  std::vector<double> reals_;
  std::vector<std::string> texts_;
  std::uint64_t text_bytes_ = 0;
};

class DistinctAccumulator final : public Accumulator {
 public:
  explicit DistinctAccumulator(std::string field)
      : values_(std::move(field), GroupKey::Cut::kNone) {}

  Result<> Add(const Column& column, Rows rows, const std::uint32_t* groups,
               std::uint32_t group_count) override {
    GrowTo(counts_, group_count);
    if (column.all_absent) return {};
    ids_.resize(rows.size());
    SB_TRY_OK(values_.Map(column, rows, ids_.data()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (ids_[i] == 0) continue;
      const std::uint64_t pair = std::uint64_t{groups[i]} << 32 | ids_[i];
      counts_[groups[i]] += seen_.insert(pair).second ? 1 : 0;
    }
    return {};
  }
  Cell Value(std::uint32_t group) const override {
    const std::int64_t count = group < counts_.size() ? counts_[group] : 0;
    return {.present = true, .type = Type::kInt64, .integer = count};
  }
  std::uint64_t memory_bytes() const override {
    return counts_.size() * sizeof(std::int64_t) + seen_.size() * 16 + values_.memory_bytes();
  }

 private:
  KeyMapper values_;
  std::vector<std::uint32_t> ids_;
  boost::unordered_flat_set<std::uint64_t> seen_;  // group << 32 | value
  std::vector<std::int64_t> counts_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeAccumulator(const Aggregate& aggregate) {
  switch (aggregate.op) {
    case Aggregate::Op::kCount:
      break;
    case Aggregate::Op::kSum:
      return std::make_unique<SumAccumulator>(aggregate.field, false);
    case Aggregate::Op::kAverage:
      return std::make_unique<SumAccumulator>(aggregate.field, true);
    case Aggregate::Op::kMin:
      return std::make_unique<ExtremeAccumulator>(aggregate.field, false);
    case Aggregate::Op::kMax:
      return std::make_unique<ExtremeAccumulator>(aggregate.field, true);
    case Aggregate::Op::kCountDistinct:
      return std::make_unique<DistinctAccumulator>(aggregate.field);
  }
  return std::make_unique<CountAccumulator>();
}

}  // namespace securebase::query

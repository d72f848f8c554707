#include "insights/internal/accumulator.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <unordered_map>

#include "insights/internal/hash_set.h"
#include "insights/internal/quantiles.h"

namespace securebase::insights::internal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Calls f(group, value) for each row with a numeric value.
template <class F>
void EachNumber(const GroupedRows& rows, const Vector& vector, F&& f) {
  const std::size_t n = rows.groups.size();
  switch (vector.form) {
    case Vector::Form::kNumbers:
      for (std::size_t i = 0; i < n; ++i) {
        if (vector.numbers[i] == vector.numbers[i]) f(rows.groups[i], vector.numbers[i]);
      }
      return;
    case Vector::Form::kConst:
      if (const auto value = ArithmeticOf(vector.constant)) {
        for (std::size_t i = 0; i < n; ++i) f(rows.groups[i], *value);
      }
      return;
    default:
      for (std::size_t i = 0; i < n; ++i) {
        if (const auto value = ArithmeticOf(vector.At(i))) f(rows.groups[i], *value);
      }
  }
}

// Calls f(row, group, cell) for each row with a value.
template <class F>
void EachCell(const GroupedRows& rows, const Vector& vector, F&& f) {
  for (std::size_t i = 0; i < rows.groups.size(); ++i) {
    const Cell cell = vector.At(i);
    if (!cell.missing()) f(i, rows.groups[i], cell);
  }
}

class CountAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { counts_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    if (args.empty()) {
      for (const std::uint32_t group : rows.groups) ++counts_[group];
    } else if (args[0]->form == Vector::Form::kConst) {
      if (args[0]->constant.missing()) return;
      for (const std::uint32_t group : rows.groups) ++counts_[group];
    } else {
      EachCell(rows, *args[0], [&](std::size_t, std::uint32_t g, const Cell&) { ++counts_[g]; });
    }
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& from = static_cast<const CountAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) counts_[groups[g]] += from.counts_[g];
  }
  Cell Finish(std::size_t group, double, Arena&) const override {
    return Cell::Number(static_cast<double>(counts_[group]));
  }
  std::uint64_t bytes() const override { return counts_.capacity() * 8; }

 private:
  std::vector<std::uint64_t> counts_;
};

// Count, sum, sum of squares around a shift: average, variance, deviation too.
class MomentsAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    EachNumber(rows, *args[0], [&](std::uint32_t g, double x) {
      Group& group = groups_[g];
      ++group.n;
      // Neumaier's summation: tenths add up to what a person expects.
      const double sum = group.sum + x;
      group.rest += std::abs(group.sum) >= std::abs(x) ? group.sum - sum + x : x - sum + group.sum;
      group.sum = sum;
      const double delta = x - group.mean;
      group.mean += delta / static_cast<double>(group.n);
      group.m2 += delta * (x - group.mean);
    });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& all = static_cast<const MomentsAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const Group& from = all.groups_[g];
      Group& to = groups_[groups[g]];
      if (from.n == 0) continue;
      const double n = static_cast<double>(to.n + from.n);
      const double delta = from.mean - to.mean;
      to.m2 +=
          from.m2 + delta * delta * static_cast<double>(to.n) * static_cast<double>(from.n) / n;
      to.mean += delta * static_cast<double>(from.n) / n;
      to.n += from.n;
      to.sum += from.sum;
      to.rest += from.rest;
    }
  }
  // The parameter says which: it is the statistic.
  Cell Finish(std::size_t group, double which, Arena&) const override {
    const Group& g = groups_[group];
    switch (static_cast<Statistic>(static_cast<int>(which))) {
      case Statistic::kSum:
        return Cell::Number(g.sum + g.rest);
      case Statistic::kAverage:
        return g.n == 0 ? Cell() : Cell::Number((g.sum + g.rest) / static_cast<double>(g.n));
      case Statistic::kVariance:
        return g.n == 0 ? Cell() : Cell::Number(g.m2 / static_cast<double>(g.n));
      default:
        return g.n == 0 ? Cell() : Cell::Number(std::sqrt(g.m2 / static_cast<double>(g.n)));
    }
  }
  std::uint64_t bytes() const override { return groups_.capacity() * sizeof(Group); }

 private:
  struct Group {
    std::uint64_t n = 0;
    double sum = 0, rest = 0, mean = 0, m2 = 0;
  };
  std::vector<Group> groups_;
};

// Smallest and largest: of the numbers, and of the rest in sort order (they stand before numbers).
class ExtremesAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    const Vector& vector = *args[0];
    if (vector.form == Vector::Form::kNumbers) {
      EachNumber(rows, vector, [&](std::uint32_t g, double x) { AddNumber(groups_[g], x); });
      return;
    }
    EachCell(rows, vector, [&](std::size_t, std::uint32_t g, const Cell& cell) {
      if (const auto x = ArithmeticOf(cell)) {
        AddNumber(groups_[g], *x);
      } else {
        AddText(groups_[g], cell);
      }
    });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& all = static_cast<const ExtremesAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const Group& from = all.groups_[g];
      Group& to = groups_[groups[g]];
      if (from.min == from.min) {
        AddNumber(to, from.min);
        AddNumber(to, from.max);
      }
      if (!from.first.missing()) {
        AddText(to, from.first);
        AddText(to, from.last);
      }
    }
  }
  Cell Finish(std::size_t group, double which, Arena& arena) const override {
    const Group& g = groups_[group];
    if (static_cast<Statistic>(static_cast<int>(which)) == Statistic::kMin) {
      return g.first.missing() ? Cell::Number(g.min) : arena.Keep(g.first);
    }
    return g.max == g.max ? Cell::Number(g.max) : arena.Keep(g.last);
  }
  std::uint64_t bytes() const override {
    return groups_.capacity() * sizeof(Group) + arena_.bytes();
  }

 private:
  struct Group {
    double min = kNaN, max = kNaN;
    Cell first, last;
  };
  static void AddNumber(Group& group, double x) {
    if (!(group.min <= x)) group.min = x;
    if (!(group.max >= x)) group.max = x;
  }
  void AddText(Group& group, const Cell& cell) {
    if (group.first.missing() || NaturalOrder(cell, group.first) < 0)
      group.first = arena_.Keep(cell);
    if (group.last.missing() || NaturalOrder(cell, group.last) > 0) group.last = arena_.Keep(cell);
  }
  std::vector<Group> groups_;
  Arena arena_;
};

class QuantilesAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    EachNumber(rows, *args[0], [&](std::uint32_t g, double x) { groups_[g].Add(x); });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& from = static_cast<const QuantilesAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) groups_[groups[g]].Merge(from.groups_[g]);
  }
  // A percentile, or below 0 the median.
  Cell Finish(std::size_t group, double percent, Arena&) const override {
    return percent < 0 ? Cell::Number(groups_[group].Median())
                       : Cell::Number(groups_[group].Percentile(percent));
  }
  std::uint64_t bytes() const override {
    std::uint64_t sum = 0;
    for (const Quantiles& group : groups_) sum += group.bytes();
    return sum;
  }

 private:
  std::vector<Quantiles> groups_;
};

class DistinctAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    const Vector& vector = *args[0];
    if (vector.form == Vector::Form::kDict) {
      if (dictionary_ != vector.dictionary) {
        dictionary_ = vector.dictionary;
        hashes_.assign(dictionary_->cells.size(), 0);
      }
      for (std::size_t i = 0; i < rows.groups.size(); ++i) {
        const std::uint32_t code = (*vector.codes)[i];
        const Cell& cell = dictionary_->cells[code];
        if (cell.missing()) continue;
        if (hashes_[code] == 0) hashes_[code] = Hash(cell) | 1;
        groups_[rows.groups[i]].Add(hashes_[code]);
      }
      return;
    }
    EachCell(rows, vector, [&](std::size_t, std::uint32_t g, const Cell& cell) {
      groups_[g].Add(Hash(cell) | 1);
    });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& from = static_cast<const DistinctAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) groups_[groups[g]].Merge(from.groups_[g]);
  }
  Cell Finish(std::size_t group, double, Arena&) const override {
    return Cell::Number(groups_[group].Count());
  }
  std::uint64_t bytes() const override {
    std::uint64_t sum = 0;
    for (const DistinctHashes& group : groups_) sum += group.bytes();
    return sum;
  }

 private:
  std::uint64_t Hash(const Cell& cell) {
    key_.clear();
    AppendKey(key_, cell);
    return XXH3_64bits(key_.data(), key_.size());
  }
  std::vector<DistinctHashes> groups_;
  std::shared_ptr<CellDictionary> dictionary_;
  std::vector<std::uint64_t> hashes_;  // of the dictionary's values
  std::string key_;
};

// Values of the first and last row in time that have one; the change between them for rate().
class TimelineAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    EachCell(rows, *args[0], [&](std::size_t row, std::uint32_t g, const Cell& cell) {
      Point point;
      point.time = rows.times != nullptr ? TimeAt(*rows.times, row) : 0;
      // Without timestamps the order of the rows counts.
      point.sequence = rows.sequences != nullptr ? TimeAt(*rows.sequences, row) : next_++;
      point.cell = cell;
      Add(groups_[g], point);
    });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& all = static_cast<const TimelineAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (all.groups_[g].earliest.cell.missing()) continue;
      Add(groups_[groups[g]], all.groups_[g].earliest);
      Add(groups_[groups[g]], all.groups_[g].latest);
    }
  }
  // Below 0: the earliest; 0: the latest; above: the change per so many milliseconds.
  Cell Finish(std::size_t group, double which, Arena& arena) const override {
    const Group& g = groups_[group];
    if (g.earliest.cell.missing()) return {};
    if (which <= 0) {
      const Cell& cell = which < 0 ? g.earliest.cell : g.latest.cell;
      return cell.kind == Kind::kTime ? Cell::Number(static_cast<double>(cell.integer))
                                      : arena.Keep(cell);
    }
    const auto first = ArithmeticOf(g.earliest.cell), last = ArithmeticOf(g.latest.cell);
    if (!first || !last) return {};
    const auto span = static_cast<double>(g.latest.time - g.earliest.time);
    return Cell::Number(span <= 0 ? 0 : (*last - *first) / (span / which));
  }
  std::uint64_t bytes() const override {
    return groups_.capacity() * sizeof(Group) + arena_.bytes();
  }

 private:
  struct Point {
    std::int64_t time = 0, sequence = 0;
    Cell cell;
    bool Before(const Point& other) const {
      return time != other.time ? time < other.time : sequence < other.sequence;
    }
  };
  struct Group {
    Point earliest, latest;
  };
  static std::int64_t TimeAt(const Vector& vector, std::size_t row) {
    if (vector.form == Vector::Form::kTimes) return vector.times[row];
    const Cell cell = vector.At(row);
    return cell.kind == Kind::kTime ? cell.integer : 0;
  }
  void Add(Group& group, const Point& point) {
    if (group.earliest.cell.missing() || point.Before(group.earliest)) {
      group.earliest = point;
      group.earliest.cell = arena_.Keep(point.cell);
    }
    if (group.latest.cell.missing() || group.latest.Before(point)) {
      group.latest = point;
      group.latest.cell = arena_.Keep(point.cell);
    }
  }
  std::vector<Group> groups_;
  Arena arena_;
  std::int64_t next_ = 0;
};

// Distinct values and how often each occurs.
class ValuesAccumulator final : public Accumulator {
 public:
  void Resize(std::size_t groups) override { groups_.resize(groups); }
  void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) override {
    EachCell(rows, *args[0],
             [&](std::size_t, std::uint32_t g, const Cell& cell) { Count(groups_[g], cell, 1); });
  }
  void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) override {
    const auto& all = static_cast<const ValuesAccumulator&>(other);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      for (const auto& [key, entry] : all.groups_[g]) {
        Count(groups_[groups[g]], entry.cell, entry.count);
      }
    }
  }
  // `which`: kSortsFirst, kSortsLast, kValues as negative numbers, or k of topk.
  Cell Finish(std::size_t group, double which, Arena& arena) const override {
    std::vector<const Entry*> entries;
    for (const auto& [key, entry] : groups_[group]) entries.push_back(&entry);
    if (entries.empty()) return which >= 0 || which == -3 ? Cell::Text("[]", Kind::kTree) : Cell();
    std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
      const int order = NaturalOrder(a->cell, b->cell);
      return order != 0 ? order < 0 : a->order < b->order;
    });
    if (which == -1) return arena.Keep(entries.front()->cell);
    if (which == -2) return arena.Keep(entries.back()->cell);
    if (which >= 0) {
      std::stable_sort(entries.begin(), entries.end(),
                       [](const Entry* a, const Entry* b) { return a->count > b->count; });
      entries.resize(std::min(entries.size(), static_cast<std::size_t>(which)));
    }
    std::string list = "[";
    for (const Entry* entry : entries) {
      if (list.size() > 1) list += ',';
      AppendJson(list, entry->cell);
    }
    return Cell::Text(arena.Copy(list + "]"), Kind::kTree);
  }
  std::uint64_t bytes() const override { return arena_.bytes() * 2 + entries_ * 96; }

 private:
  struct Entry {
    Cell cell;
    std::uint64_t count = 0;
    std::uint64_t order = 0;
  };
  using Group = std::unordered_map<std::string, Entry>;

  void Count(Group& group, const Cell& cell, std::uint64_t count) {
    key_.clear();
    AppendKey(key_, cell);
    Entry& entry = group[key_];
    if (entry.count == 0) {
      entry.cell = arena_.Keep(cell);
      entry.order = entries_++;
    }
    entry.count += count;
  }
  std::vector<Group> groups_;
  Arena arena_;
  std::string key_;
  std::uint64_t entries_ = 0;
};

constexpr StatisticName kStatistics[] = {
    {"count", Statistic::kCount, Statistic::kCount, 0, 1},
    {"countdistinct", Statistic::kCountDistinct, Statistic::kCountDistinct, 1, 1},
    {"sum", Statistic::kSum, Statistic::kSum, 1, 1},
    {"avg", Statistic::kAverage, Statistic::kSum, 1, 1},
    {"min", Statistic::kMin, Statistic::kMin, 1, 1},
    {"max", Statistic::kMax, Statistic::kMin, 1, 1},
    {"pct", Statistic::kPercentile, Statistic::kPercentile, 2, 2},
    {"percentile", Statistic::kPercentile, Statistic::kPercentile, 2, 2},
    {"median", Statistic::kMedian, Statistic::kPercentile, 1, 1},
    {"stddev", Statistic::kDeviation, Statistic::kSum, 1, 1},
    {"variance", Statistic::kVariance, Statistic::kSum, 1, 1},
    {"earliest", Statistic::kEarliest, Statistic::kEarliest, 1, 1},
    {"latest", Statistic::kLatest, Statistic::kEarliest, 1, 1},
    {"sortsfirst", Statistic::kSortsFirst, Statistic::kValues, 1, 1},
    {"sortslast", Statistic::kSortsLast, Statistic::kValues, 1, 1},
    {"values", Statistic::kValues, Statistic::kValues, 1, 1},
    {"collectvalues", Statistic::kValues, Statistic::kValues, 1, 1},
    {"topk", Statistic::kTopK, Statistic::kValues, 2, 2},
    {"countovertime", Statistic::kCountRows, Statistic::kCount, 0, 1},
    {"sumovertime", Statistic::kSum, Statistic::kSum, 1, 1},
    {"rate", Statistic::kRate, Statistic::kEarliest, 2, 2},
};

}  // namespace

const StatisticName* FindStatistic(std::string_view name) {
  const auto* found = std::find_if(std::begin(kStatistics), std::end(kStatistics),
                                   [&](const StatisticName& s) { return s.name == name; });
  return found == std::end(kStatistics) ? nullptr : found;
}

std::unique_ptr<Accumulator> MakeAccumulator(Statistic accumulator) {
  switch (accumulator) {
    case Statistic::kCountDistinct:
      return std::make_unique<DistinctAccumulator>();
    case Statistic::kSum:
      return std::make_unique<MomentsAccumulator>();
    case Statistic::kMin:
      return std::make_unique<ExtremesAccumulator>();
    case Statistic::kPercentile:
      return std::make_unique<QuantilesAccumulator>();
    case Statistic::kEarliest:
      return std::make_unique<TimelineAccumulator>();
    case Statistic::kValues:
      return std::make_unique<ValuesAccumulator>();
    default:
      return std::make_unique<CountAccumulator>();
  }
}

Cell FinishStatistic(Statistic statistic, const Accumulator& accumulator, std::size_t group,
                     double parameter, Arena& arena) {
  switch (statistic) {
    case Statistic::kSum:
    case Statistic::kAverage:
    case Statistic::kVariance:
    case Statistic::kDeviation:
    case Statistic::kMin:
    case Statistic::kMax:
      return accumulator.Finish(group, static_cast<double>(statistic), arena);
    case Statistic::kMedian:
    case Statistic::kEarliest:
    case Statistic::kSortsFirst:
      return accumulator.Finish(group, -1, arena);
    case Statistic::kLatest:
      return accumulator.Finish(group, 0, arena);
    case Statistic::kSortsLast:
      return accumulator.Finish(group, -2, arena);
    case Statistic::kValues:
      return accumulator.Finish(group, -3, arena);
    default:
      return accumulator.Finish(group, parameter, arena);
  }
}

}  // namespace securebase::insights::internal

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "query/aggregate.h"
#include "query/internal/accumulator.h"
#include "query/internal/key_mapper.h"
#include "query/internal/pair_table.h"

namespace securebase::query {
namespace {

Result<std::size_t> ColumnOf(const std::vector<std::string>& names, const std::string& field) {
  const auto it = std::find(names.begin(), names.end(), field);
  if (it == names.end()) return InvalidArgument(field, "is not among the columns of the scan");
  return static_cast<std::size_t>(it - names.begin());
}

// Absent values come first, then NaN, then the values in their order.
int Compare(const Cell& a, const Cell& b) {
  if (a.present != b.present) return a.present ? 1 : -1;
  if (!a.present) return 0;
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.type == Type::kString) return sign(a.text, b.text);
  if (a.type != Type::kDouble && b.type != Type::kDouble) return sign(a.integer, b.integer);
  // Sums of integers are doubles where they do not fit; `real` holds the value either way.
  const bool a_nan = a.real != a.real;
  const bool b_nan = b.real != b.real;
  if (a_nan || b_nan) return sign(b_nan ? 1 : 0, a_nan ? 1 : 0);
  return sign(a.real, b.real);
}

class GroupRun {
 public:
  GroupRun(const GroupQuery& query, const Control& control) : query_(query), control_(control) {}

  Result<GroupResult> Run(Source& source);

 private:
  Result<> Bind(const std::vector<std::string>& names);
  Result<> AddBatch(const Batch& batch);
  Result<> NumberGroups(const Batch& batch, std::span<const std::uint16_t> rows);
  Result<> CheckBudget() const;
  Result<> BuildRows();
  std::vector<Cell> RowOf(std::uint32_t group) const;
  void SortRows();
  std::uint32_t GroupCount() const;

  const GroupQuery& query_;
  const Control& control_;
  GroupResult result_;

  std::vector<KeyMapper> keys_;
  std::vector<std::size_t> key_columns_;
  std::vector<PairTable> pairs_;                            // one fewer than keys
  std::vector<std::unique_ptr<Accumulator>> accumulators_;  // null: the count of rows
  std::vector<std::size_t> accumulator_columns_;
  std::vector<std::uint64_t> row_counts_;  // by group

  std::array<std::uint32_t, kBatchRowsMax> groups_{};
  std::array<std::uint32_t, kBatchRowsMax> ids_{};
};

const std::array<std::uint16_t, kBatchRowsMax>& AllRows() {
  static const auto rows = [] {
    std::array<std::uint16_t, kBatchRowsMax> r;
    std::iota(r.begin(), r.end(), std::uint16_t{0});
    return r;
  }();
  return rows;
}

Result<> GroupRun::Bind(const std::vector<std::string>& names) {
  for (const GroupKey& key : query_.keys) {
    SB_TRY(const std::size_t column, ColumnOf(names, key.field));
    key_columns_.push_back(column);
    keys_.emplace_back(key.field, key.cut);
  }
  if (keys_.size() > 1) pairs_.resize(keys_.size() - 1);
  for (const Aggregate& aggregate : query_.aggregates) {
    if (aggregate.field.empty()) {
      if (aggregate.op != Aggregate::Op::kCount) {
        return InvalidArgument("aggregates", "needs a field for all but the count");
      }
      accumulators_.push_back(nullptr);
      accumulator_columns_.push_back(0);
      continue;
    }
    SB_TRY(const std::size_t column, ColumnOf(names, aggregate.field));
    accumulators_.push_back(MakeAccumulator(aggregate));
    accumulator_columns_.push_back(column);
  }
  for (const SortKey& key : query_.order) {
    if (key.column >= query_.keys.size() + query_.aggregates.size()) {
      return InvalidArgument("order", "names a column that the result does not have");
    }
  }
  for (const std::string& field : FieldsOf(query_.where)) {
    SB_TRY_OK(ColumnOf(names, field));
  }
  return {};
}

std::uint32_t GroupRun::GroupCount() const {
  if (keys_.empty()) return 1;
  return pairs_.empty() ? keys_.front().size() : pairs_.back().size();
}

Result<> GroupRun::NumberGroups(const Batch& batch, std::span<const std::uint16_t> rows) {
  if (keys_.empty()) return {};  // groups_ is all zeroes
  SB_TRY_OK(keys_[0].Map(batch.columns[key_columns_[0]], rows, groups_.data()));
  std::uint32_t left_size = keys_[0].size();
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    SB_TRY_OK(keys_[i].Map(batch.columns[key_columns_[i]], rows, ids_.data()));
    pairs_[i - 1].Number(groups_.data(), left_size, ids_.data(), keys_[i].size(), rows.size(),
                         groups_.data());
    left_size = pairs_[i - 1].size();
  }
  return {};
}

Result<> GroupRun::AddBatch(const Batch& batch) {
  const std::span<const std::uint16_t> rows =
      batch.filtered ? std::span<const std::uint16_t>(batch.selection)
                     : std::span<const std::uint16_t>(AllRows()).first(batch.rows);
  result_.rows_matched += rows.size();
  if (rows.empty()) return {};
  SB_TRY_OK(NumberGroups(batch, rows));
  const std::uint32_t group_count = GroupCount();
  if (row_counts_.size() < group_count) row_counts_.resize(group_count);
  for (std::size_t i = 0; i < rows.size(); ++i) ++row_counts_[groups_[i]];
  for (std::size_t i = 0; i < accumulators_.size(); ++i) {
    if (accumulators_[i] == nullptr) continue;
    SB_TRY_OK(accumulators_[i]->Add(batch.columns[accumulator_columns_[i]], rows, groups_.data(),
                                    group_count));
  }
  return CheckBudget();
}

Result<> GroupRun::CheckBudget() const {
  if (row_counts_.size() > query_.groups_max + 1) {  // one may be the unused "absent"
    return LimitExceeded("groupBy", fmt::format("has more than {} groups", query_.groups_max));
  }
  std::uint64_t bytes = row_counts_.size() * sizeof(std::uint64_t);
  for (const KeyMapper& key : keys_) bytes += key.memory_bytes();
  for (const PairTable& pair : pairs_) bytes += pair.memory_bytes();
  for (const auto& accumulator : accumulators_) {
    if (accumulator != nullptr) bytes += accumulator->memory_bytes();
  }
  // The rows of the result are built beside the groups.
  bytes += row_counts_.size() * (keys_.size() + accumulators_.size()) * sizeof(Cell);
  if (bytes > control_.memory_max) {
    return LimitExceeded(
        {}, fmt::format("the query needs more than its {} bytes of memory", control_.memory_max));
  }
  return {};
}

std::vector<Cell> GroupRun::RowOf(std::uint32_t group) const {
  std::vector<Cell> row(keys_.size());
  row.reserve(keys_.size() + accumulators_.size());
  std::uint32_t left = group;
  for (std::size_t i = keys_.size(); i-- > 1;) {
    const PairTable::Pair pair = pairs_[i - 1].PairOf(left);
    row[i] = keys_[i].CellOf(pair.right);
    left = pair.left;
  }
  if (!keys_.empty()) row[0] = keys_[0].CellOf(left);
  for (const auto& accumulator : accumulators_) {
    if (accumulator != nullptr) {
      row.push_back(accumulator->Value(group));
    } else {
      const auto count = group < row_counts_.size() ? row_counts_[group] : 0;
      row.push_back({.present = true,
                     .type = Type::kInt64,
                     .integer = static_cast<std::int64_t>(count),
                     .real = static_cast<double>(count)});
    }
  }
  return row;
}

Result<> GroupRun::BuildRows() {
  if (keys_.empty()) {
    result_.rows.push_back(RowOf(0));  // one row even when nothing matched
    return {};
  }
  for (std::uint32_t group = 0; group < row_counts_.size(); ++group) {
    if (row_counts_[group] == 0) continue;
    if (result_.rows.size() == query_.groups_max) {
      return LimitExceeded("groupBy", fmt::format("has more than {} groups", query_.groups_max));
    }
    if (group % kBatchRowsMax == 0) SB_TRY_OK(control_.Check());
    result_.rows.push_back(RowOf(group));
  }
  SortRows();
  return {};
}

void GroupRun::SortRows() {
  std::vector<SortKey> order = query_.order;
  for (std::size_t i = 0; i < query_.keys.size(); ++i) order.push_back({.column = i});
  std::sort(result_.rows.begin(), result_.rows.end(), [&](const auto& a, const auto& b) {
    for (const SortKey& key : order) {
      const int sign = Compare(a[key.column], b[key.column]);
      if (sign != 0) return key.descending ? sign > 0 : sign < 0;
    }
    return false;
  });
}

Result<GroupResult> GroupRun::Run(Source& source) {
  SB_TRY_OK(Bind(source.column_names()));
  const Filter filter(query_.where, source.column_names());
  Batch batch;
  while (true) {
    SB_TRY_OK(control_.Check());
    SB_TRY(const bool more, source.Next(batch));
    if (!more) break;
    result_.rows_scanned += batch.rows;
    filter.Apply(batch);
    SB_TRY_OK(AddBatch(batch));
  }
  SB_TRY_OK(BuildRows());
  return std::move(result_);
}

}  // namespace

Result<GroupResult> RunGroupQuery(Source& source, const GroupQuery& query, const Control& control) {
  return GroupRun(query, control).Run(source);
}

}  // namespace securebase::query

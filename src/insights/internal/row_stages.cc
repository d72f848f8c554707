#include "insights/internal/row_stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/text.h"
#include "insights/internal/json_text.h"
#include "insights/internal/subnet.h"
#include "insights/run.h"

namespace securebase::insights::internal {

Result<> FilterStage::Apply(Worker& worker, Frame& frame) const {
  std::vector<std::uint32_t> rows;
  worker.evaluator.Select(*condition, frame, rows);
  if (rows.size() != frame.rows) frame.Take(rows);
  return {};
}

Result<> ComputeStage::Apply(Worker& worker, Frame& frame) const {
  frame[slot] = worker.evaluator.Evaluate(*node, frame);
  return {};
}

Result<> UnnestStage::Apply(Worker& worker, Frame& frame) const {
  const VectorRef lists = worker.evaluator.Evaluate(*list, frame);
  std::vector<std::uint32_t> rows;
  std::vector<Cell> elements;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    const Cell cell = lists->At(row);
    const auto add = [&](Cell element) {
      rows.push_back(static_cast<std::uint32_t>(row));
      elements.push_back(element);
    };
    const bool is_list = (cell.kind == Kind::kTree || cell.kind == Kind::kString) &&
                         JsonElements(cell.text(), *frame.arena, add);
    if (!is_list) add(cell);  // counts as a list of one
  }
  auto owners = std::make_shared<std::pair<std::shared_ptr<Arena>, VectorRef>>(frame.arena, lists);
  frame.Take(rows);
  frame[slot] = CellVector(std::move(elements), owners);
  return {};
}

void LookupStage::Reads(std::vector<int>& read) const {
  for (const NodePtr& field : fields) SlotsOf(*field, read);
  for (const NodePtr& field : present) {
    if (field) SlotsOf(*field, read);
  }
}

void LookupStage::Writes(std::vector<int>& written) const {
  written.insert(written.end(), slots.begin(), slots.end());
}

namespace {

std::size_t ColumnOf(const LookupTable& table, std::string_view name) {
  const auto at = std::find(table.columns.begin(), table.columns.end(), name);
  return static_cast<std::size_t>(at - table.columns.begin());
}

std::string KeyOf(const std::vector<std::string>& parts) {
  std::string key;
  for (const std::string& part : parts) key += part + '\0';
  return key;
}

// Numbers that are equal are one key, whatever their text.
std::string Canonical(std::string_view text) {
  std::string out;
  if (const auto number = ReadNumber(text)) {
    AppendSourceNumber(out, *number);
  } else {
    out = text;
  }
  return out;
}

}  // namespace

struct LookupStage::Index {
  std::vector<std::size_t> key_columns, value_columns;
  std::unordered_map<std::string, std::size_t> rows;  // by key, the first
  std::vector<std::pair<Subnet, std::size_t>> subnets;
};

LookupStage::Index LookupStage::MakeIndex(const LookupTable& rows) const {
  Index index;
  for (const std::string& key : keys) index.key_columns.push_back(ColumnOf(rows, key));
  for (const std::string& column : columns) index.value_columns.push_back(ColumnOf(rows, column));
  for (std::size_t r = 0; r < rows.rows.size(); ++r) {
    std::vector<std::string> parts;
    for (const std::size_t column : index.key_columns) {
      if (rows.rows[r][column]) parts.push_back(Canonical(*rows.rows[r][column]));
    }
    if (parts.size() != keys.size()) continue;
    if (!cidr) {
      index.rows.try_emplace(KeyOf(parts), r);
    } else if (const auto subnet = ReadSubnet(*rows.rows[r][index.key_columns[0]])) {
      index.subnets.emplace_back(*subnet, r);
    }
  }
  return index;
}

Result<> LookupStage::Check(const LookupTable& rows) const {
  for (const std::vector<std::string>* names : {&keys, &columns}) {
    for (const std::string& name : *names) {
      if (ColumnOf(rows, name) < rows.columns.size()) continue;
      return InvalidArgument("queryString", "the lookup table has no column '" + name + "'");
    }
  }
  return {};
}

std::optional<std::size_t> LookupStage::Find(const Index& index,
                                             const std::vector<VectorRef>& wanted,
                                             std::size_t row) const {
  std::string scratch;
  if (cidr) {
    const Cell cell = wanted[0]->At(row);
    const auto address = cell.missing() ? std::nullopt : ReadAddress(TextOf(cell, scratch));
    std::optional<std::size_t> found;
    int longest = -1;
    for (const auto& [subnet, r] : index.subnets) {
      if (address && subnet.bits > longest && subnet.Contains(*address)) {
        longest = subnet.bits;
        found = r;
      }
    }
    return found;
  }
  std::vector<std::string> parts;
  for (const VectorRef& field : wanted) {
    const Cell cell = field->At(row);
    if (cell.missing()) return std::nullopt;
    parts.push_back(Canonical(TextOf(cell, scratch)));
  }
  const auto at = index.rows.find(KeyOf(parts));
  return at == index.rows.end() ? std::nullopt : std::optional(at->second);
}

Result<> LookupStage::Apply(Worker& worker, Frame& frame) const {
  const LookupTable& rows = *worker.runtime.tables[table];
  const Index& index = worker.State<Index>(this, [&] { return MakeIndex(rows); });
  std::vector<VectorRef> wanted, old;
  for (const NodePtr& field : fields) wanted.push_back(worker.evaluator.Evaluate(*field, frame));
  for (const NodePtr& field : present) {
    old.push_back(field ? worker.evaluator.Evaluate(*field, frame) : nullptr);
  }
  std::vector<std::vector<Cell>> out(slots.size(), std::vector<Cell>(frame.rows));
  for (std::size_t row = 0; row < frame.rows; ++row) {
    const std::optional<std::size_t> found = Find(index, wanted, row);
    for (std::size_t c = 0; c < slots.size(); ++c) {
      if (old[c] && !old[c]->At(row).missing()) {
        out[c][row] = old[c]->At(row);
      } else if (found) {
        const auto& value = rows.rows[*found][index.value_columns[c]];
        if (value) out[c][row] = Cell::Text(*value);
      }
    }
  }
  for (std::size_t c = 0; c < slots.size(); ++c) {
    auto owners = std::make_shared<std::pair<std::shared_ptr<const LookupTable>, VectorRef>>(
        worker.runtime.tables[table], old[c]);
    frame[slots[c]] = CellVector(std::move(out[c]), owners);
  }
  return {};
}

void JoinStage::Reads(std::vector<int>& slots) const {
  for (const NodePtr& key : left) SlotsOf(*key, slots);
}

void JoinStage::Writes(std::vector<int>& slots) const {
  for (const auto& [from, to] : copies) slots.push_back(to);
}

Result<> JoinStage::Apply(Worker& worker, Frame& frame) const {
  using Index = std::unordered_multimap<std::string, std::uint32_t>;
  const Frame& other = *worker.runtime.subframes[subquery];
  std::string scratch;
  const Index& index = worker.State<Index>(this, [&] {
    Index rows;
    for (std::size_t row = 0; row < other.rows; ++row) {
      std::string key;
      bool whole = true;
      for (const int slot : right) {
        const Cell cell = other.At(slot, row);
        whole = whole && !cell.missing();
        key += Canonical(TextOf(cell, scratch)) + '\0';
      }
      if (whole) rows.emplace(std::move(key), static_cast<std::uint32_t>(row));
    }
    return rows;
  });
  std::vector<VectorRef> keys;
  for (const NodePtr& key : left) keys.push_back(worker.evaluator.Evaluate(*key, frame));
  constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<std::uint32_t> mine, theirs;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    std::string key;
    bool whole = true;
    for (const VectorRef& vector : keys) {
      const Cell cell = vector->At(row);
      whole = whole && !cell.missing();
      key += Canonical(TextOf(cell, scratch)) + '\0';
    }
    std::vector<std::uint32_t> matches;
    if (whole) {
      const auto [first, last] = index.equal_range(key);
      for (auto at = first; at != last; ++at) matches.push_back(at->second);
      std::sort(matches.begin(), matches.end());
    }
    if (matches.empty() && left_outer) matches.push_back(kNone);
    for (const std::uint32_t match : matches) {
      mine.push_back(static_cast<std::uint32_t>(row));
      theirs.push_back(match);
    }
  }
  frame.Take(mine);
  for (const auto& [from, to] : copies) {
    std::vector<Cell> cells(theirs.size());
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      if (theirs[i] != kNone) cells[i] = other.At(from, theirs[i]);
    }
    frame[to] = CellVector(std::move(cells), worker.runtime.subframes[subquery]);
  }
  return {};
}

}  // namespace securebase::insights::internal

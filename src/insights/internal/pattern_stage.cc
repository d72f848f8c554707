#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "insights/internal/pattern.h"
#include "insights/internal/table_stages.h"

// Source: logs-insights, Commands, pattern, diff, anomaly.

namespace securebase::insights::internal {

Result<> PatternStage::Apply(Worker& worker, Frame& frame) const {
  const VectorRef texts = worker.evaluator.Evaluate(*value, frame);
  TemplateMiner miner;
  std::string scratch;
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Cell cell = texts->At(i);
    if (cell.missing()) continue;
    miner.Add(TextOf(cell, scratch));
    ++rows;
    if (i % 4096 == 0 && worker.runtime.control != nullptr) {
      SB_TRY_OK(worker.runtime.control->Check());
    }
  }
  // Templates that grew alike are one.
  std::map<std::string, std::size_t> index;
  struct Row {
    std::string text, severity;
    std::uint64_t count = 0;
  };
  std::vector<Row> out;
  for (const TemplateMiner::Template& made : miner.templates()) {
    const auto [at, added] = index.try_emplace(made.ToText(), out.size());
    if (added) out.push_back({at->first, made.severity, 0});
    out[at->second].count += made.count;
  }
  std::stable_sort(out.begin(), out.end(), [](const Row& a, const Row& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  });
  Frame result;
  result.rows = out.size();
  result.slots.resize(frame.slots.size());
  std::vector<Cell> patterns, ratios, counts, severities;
  for (const Row& row : out) {
    patterns.push_back(Cell::Text(result.arena->Copy(row.text)));
    ratios.push_back(Cell::Number(static_cast<double>(row.count) /
                                  static_cast<double>(std::max<std::uint64_t>(rows, 1))));
    counts.push_back(Cell::Number(static_cast<double>(row.count)));
    severities.push_back(row.severity.empty() ? Cell()
                                              : Cell::Text(result.arena->Copy(row.severity)));
  }
  result[pattern] = CellVector(std::move(patterns), result.arena);
  result[ratio] = CellVector(std::move(ratios));
  result[count] = CellVector(std::move(counts));
  result[severity] = CellVector(std::move(severities), result.arena);
  frame = std::move(result);
  return {};
}

void CompareStage::Reads(std::vector<int>& slots) const {
  slots.insert(slots.end(), {pattern, count, severity, ratio});
}

void CompareStage::Writes(std::vector<int>& slots) const {
  slots.insert(slots.end(), {first, second});
}

namespace {

// How unlikely a count is beside the one before, from 0 to 1: its distance in standard deviations
// of a Poisson count, beyond which nothing is left to chance.
double ScoreOf(double now, double before) {
  const double deviations = std::abs(now - before) / std::sqrt(std::max(before, 1.0));
  return 1 - std::exp(-deviations / 4);
}

std::string Describe(double now, double before) {
  std::string text;
  const auto number = [&](double n) { AppendNumber(text, n); };
  if (before == 0) {
    text = "new: not seen in the range before";
  } else if (now > before) {
    text = "seen ";
    number(now / before);
    text += " times as often as in the range before (";
    number(before);
    text += ")";
  } else if (now < before) {
    text = "seen less often than in the range before (";
    number(before);
    text += ")";
  } else {
    text = "as often as in the range before";
  }
  return text;
}

}  // namespace

Result<> CompareStage::Apply(Worker& worker, Frame& frame) const {
  const Frame& earlier = *worker.runtime.subframes[subquery];
  std::string scratch;
  std::map<std::string, double, std::less<>> before;
  for (std::size_t i = 0; i < earlier.rows; ++i) {
    before[std::string(TextOf(earlier.At(pattern, i), scratch))] +=
        NumberOf(earlier.At(count, i)).value_or(0);
  }
  std::vector<Cell> firsts, seconds, patterns, counts, ratios, severities;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const std::string text(TextOf(frame.At(pattern, i), scratch));
    const double now = NumberOf(frame.At(count, i)).value_or(0);
    const auto at = before.find(text);
    const double then = at == before.end() ? 0 : at->second;
    if (at != before.end()) before.erase(at);
    patterns.push_back(frame.At(pattern, i));
    counts.push_back(frame.At(count, i));
    ratios.push_back(frame.At(ratio, i));
    severities.push_back(frame.At(severity, i));
    firsts.push_back(Cell::Number(anomaly ? ScoreOf(now, then) : then));
    seconds.push_back(anomaly ? Cell::Text(frame.arena->Copy(Describe(now, then)))
                              : Cell::Number(now - then));
  }
  if (!anomaly) {
    // What is gone counts too.
    for (std::size_t i = 0; i < earlier.rows; ++i) {
      const Cell cell = earlier.At(pattern, i);
      const auto at = before.find(TextOf(cell, scratch));
      if (at == before.end()) continue;
      patterns.push_back(frame.arena->Keep(cell));
      counts.push_back(Cell::Number(0));
      ratios.push_back(Cell::Number(0));
      severities.push_back(frame.arena->Keep(earlier.At(severity, i)));
      firsts.push_back(Cell::Number(at->second));
      seconds.push_back(Cell::Number(-at->second));
      before.erase(at);
    }
  }
  const auto owner = std::make_shared<Frame>(frame);
  if (patterns.size() != frame.rows) {
    // Only the columns of `pattern` have values in rows that are gone.
    for (VectorRef& vector : frame.slots) {
      if (!vector) continue;
      std::vector<Cell> cells(patterns.size());
      for (std::size_t i = 0; i < frame.rows; ++i) cells[i] = vector->At(i);
      vector = CellVector(std::move(cells), owner);
    }
    frame.rows = patterns.size();
  }
  frame[pattern] = CellVector(std::move(patterns), owner);
  frame[count] = CellVector(std::move(counts), owner);
  frame[ratio] = CellVector(std::move(ratios), owner);
  frame[severity] = CellVector(std::move(severities), owner);
  frame[first] = CellVector(std::move(firsts), owner);
  frame[second] = CellVector(std::move(seconds), owner);
  return {};
}

}  // namespace securebase::insights::internal

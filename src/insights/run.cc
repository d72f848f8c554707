#include "insights/run.h"

#include <algorithm>

#include "insights/internal/executor.h"
#include "insights/internal/plan.h"

namespace securebase::insights {
namespace {

using internal::Cell;
using internal::Frame;
using internal::Plan;

std::string BytesText(std::uint64_t bytes) {
  std::string text;
  internal::AppendNumber(text, static_cast<double>(bytes / 100'000) / 10);
  return text + " MB";
}

// What would have made a slow query cheaper.
std::string AdviceFor(const Plan& plan, const Statistics& statistics) {
  if (statistics.records_scanned < 1'000'000) return {};
  if (plan.where_text.empty() && statistics.records_matched < statistics.records_scanned / 10) {
    return "most records were read only to be filtered out by an expression: a condition on a "
           "field "
           "itself (level = \"ERROR\", @message like \"text\") lets whole segments be skipped";
  }
  if (plan.where_text.empty() && statistics.records_matched == statistics.records_scanned) {
    return "every record of the range was read (" + BytesText(statistics.bytes_scanned) +
           "): a shorter time range or a filter would cut that";
  }
  if (!plan.where_text.empty() && statistics.records_skipped == 0) {
    return "nothing could be skipped by " + plan.where_text +
           ": a shorter time range would cut the " + BytesText(statistics.bytes_scanned) + " read";
  }
  return {};
}

}  // namespace

Table ToTable(const Plan& plan, const Frame& frame, std::size_t limit) {
  Table table;
  for (const internal::Output& column : plan.columns) table.columns.push_back(column.name);
  const std::size_t rows = std::min(frame.rows, limit);
  table.rows.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    auto& out = table.rows.emplace_back();
    out.reserve(plan.columns.size());
    for (const internal::Output& column : plan.columns) {
      const Cell cell = frame.At(column.slot, row);
      if (cell.missing()) {
        out.emplace_back();
        continue;
      }
      std::string text;
      internal::AppendText(text, cell);
      out.emplace_back(std::move(text));
    }
    if (plan.pointers) {
      std::string pointer;
      internal::AppendText(pointer, frame.At(internal::kPointerSlot, row));
      table.pointers.push_back(std::move(pointer));
    }
  }
  return table;
}

Result<Range> RangeOf(std::int64_t start, std::int64_t end) {
  constexpr std::int64_t kMilliseconds = 100'000'000'000;
  Range range;
  range.start_ms = start >= kMilliseconds ? start : start * 1000;
  range.end_ms = end >= kMilliseconds ? end : end * 1000 + 999;
  if (range.end_ms < range.start_ms) {
    return Error(ErrorCode::kInvalidArgument, "end date and time should be after start", "endTime",
                 "MalformedQueryException");
  }
  return range;
}

Result<Answer> Run(const Query& query, const Input& input, const RunOptions& options) {
  const Plan& plan = query.plan();
  std::size_t most = plan.has_limit ? kResultRowsMax : kResultRowsDefault;
  if (options.limit) most = *options.limit;
  internal::Executor executor(input, options);
  Answer answer;
  SB_TRY(Frame frame, executor.Run(plan, most));
  answer.table = ToTable(plan, frame, most);
  answer.statistics = executor.statistics();
  if (plan.estimate) {
    answer.table = Table();
    answer.table.columns = {"estimatedBytesScanned", "estimatedRecordsScanned"};
    answer.table.rows.push_back({std::to_string(answer.statistics.bytes_scanned),
                                 std::to_string(answer.statistics.records_scanned)});
  }
  answer.advice = AdviceFor(plan, answer.statistics);
  return answer;
}

}  // namespace securebase::insights

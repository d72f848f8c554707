#include "analytics/importer/cost_row.h"

namespace securebase::analytics {

void CostRow::Fail(Column column, std::string_view what) {
  if (problem_.empty()) problem_ = rows_.header()[*column] + " " + std::string(what);
}

std::optional<double> CostRow::Amount(Column column) {
  const std::string_view cell = Cell(column);
  if (cell.empty()) return std::nullopt;
  const auto amount = ParseAmount(cell);
  if (!amount) Fail(column, "is no number of a sensible size");
  return amount;
}

Instant CostRow::Time(Column column) {
  const std::string_view cell = Cell(column);
  if (cell.empty()) {
    Fail(column, "is missing");
    return {};
  }
  const auto time = times_.Parse(cell);
  if (!time) Fail(column, times_.problem());
  return time.value_or(Instant());
}

Result<events::Import*> CostRow::Open(RowSink& sink, std::string_view format,
                                      std::string_view payer, Column period, Instant time) {
  const Instant start = Cell(period).empty() ? time : Time(period);
  if (period_.empty() || period_time_ != start) {
    period_ = MonthOf(start);
    period_time_ = start;
  }
  key_.assign(format).append("/").append(payer).append("/").append(period_);
  const std::string& part = sink.options().part;
  if (!part.empty() && part != "1") key_.append("#").append(part);
  SB_TRY(events::Import * import, sink.Open(key_));
  import->String(kCostBillingPeriod, period_);
  return import;
}

void CostRow::Tags(events::Import& import, Column column) {
  const std::string_view cell = Cell(column);
  if (cell.empty() || cell == "{}") return;
  const TagParser::Tags* tags = tags_.Parse(cell);
  if (tags == nullptr) {
    Fail(column, "is no JSON object");
    return;
  }
  for (const auto& [field, value] : *tags) import.Extra(field, value);
}

}  // namespace securebase::analytics

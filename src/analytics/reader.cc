#include "analytics/reader.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace securebase::analytics {
namespace {

void AddColumn(std::vector<std::string>& columns, const std::string& name) {
  if (!name.empty() && std::find(columns.begin(), columns.end(), name) == columns.end()) {
    columns.push_back(name);
  }
}

}  // namespace

Result<query::GroupResult> Reader::Group(std::string_view dataset, const DateRange& range,
                                         const query::GroupQuery& query) const {
  events::ScanRequest scan{.dataset = std::string(dataset),
                           .start = range.start,
                           .end = range.end,
                           .columns = query::FieldsOf(query.where),
                           .where = query.where};
  for (const query::GroupKey& key : query.keys) AddColumn(scan.columns, key.field);
  for (const query::Aggregate& aggregate : query.aggregates) {
    AddColumn(scan.columns, aggregate.field);
  }
  SB_TRY(std::unique_ptr<query::Source> source, datasets_.Scan(customer_, scan));
  return query::RunGroupQuery(*source, query, control_);
}

Result<double> Reader::Total(std::string_view dataset, const DateRange& range,
                             query::Predicate where, query::Aggregate aggregate) const {
  query::GroupQuery query;
  query.where = std::move(where);
  query.aggregates.push_back(std::move(aggregate));
  SB_TRY(query::GroupResult result, Group(dataset, range, query));
  if (result.rows.empty() || !result.rows.front().front().present) return 0;
  const query::Cell& cell = result.rows.front().front();
  return cell.type == query::Type::kDouble ? cell.real : static_cast<double>(cell.integer);
}

std::string_view Reader::Row::Text(std::size_t column) const {
  const query::Column& values = batch_.columns[column];
  return values.IsValid(row_) ? values.StringAt(row_) : std::string_view();
}

Result<> Reader::ForEach(std::string_view dataset, const DateRange& range,
                         std::vector<std::string> columns,
                         const std::function<Result<>(const Row&)>& visit) const {
  const events::ScanRequest scan{.dataset = std::string(dataset),
                                 .start = range.start,
                                 .end = range.end,
                                 .columns = std::move(columns)};
  SB_TRY(std::unique_ptr<query::Source> source, datasets_.Scan(customer_, scan));
  query::Batch batch;
  while (true) {
    SB_TRY_OK(control_.Check());
    SB_TRY(const bool more, source->Next(batch));
    if (!more) return {};
    for (std::size_t i = 0; i < batch.SelectedCount(); ++i) {
      SB_TRY_OK(visit(Row(batch, batch.filtered ? batch.selection[i] : i)));
    }
  }
}

}  // namespace securebase::analytics

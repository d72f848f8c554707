#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/date_range.h"
#include "base/result.h"
#include "base/tenant.h"
#include "events/dataset_store.h"
#include "query/aggregate.h"

namespace securebase::analytics {

/// Reads one customer's datasets for one question, within the question's limits.
class Reader {
 public:
  Reader(const events::DatasetStore& datasets, const Customer& customer, query::Control control)
      : datasets_(datasets), customer_(customer), control_(control) {}

  /// Scans only the columns that the query names.
  Result<query::GroupResult> Group(std::string_view dataset, const DateRange& range,
                                   const query::GroupQuery& query) const;

  /// A query without keys and with one aggregate: its value, 0 where there is nothing.
  Result<double> Total(std::string_view dataset, const DateRange& range, query::Predicate where,
                       query::Aggregate aggregate) const;

  /// One row of a scan; views are valid during the call.
  class Row {
   public:
    Row(const query::Batch& batch, std::size_t row) : batch_(batch), row_(row) {}
    /// Empty where absent.
    std::string_view Text(std::size_t column) const;
    /// Milliseconds.
    std::int64_t Time(std::size_t column) const { return batch_.columns[column].ints[row_]; }

   private:
    const query::Batch& batch_;
    std::size_t row_;
  };
  /// Calls `visit` for each row in the range, in the order of the store, with `columns`.
  Result<> ForEach(std::string_view dataset, const DateRange& range,
                   std::vector<std::string> columns,
                   const std::function<Result<>(const Row&)>& visit) const;

  std::vector<std::string> FieldNames(std::string_view dataset) const {
    return datasets_.FieldNames(customer_, dataset);
  }

 private:
  const events::DatasetStore& datasets_;
  const Customer& customer_;
  query::Control control_;
};

}  // namespace securebase::analytics

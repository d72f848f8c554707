#pragma once

// Readings of metrics and tables, each with the command that prints the same figure.

#include <optional>
#include <string>
#include <string_view>

#include "base/tenant.h"
#include "criteria/evaluator.h"
#include "metrics/bucket.h"

namespace securebase::criteria {

/// A time range at whole minutes.
struct Range {
  Instant start;  // inclusive
  Instant end;    // exclusive
};

/// All samples of a metric without dimensions in a range, as one bucket of one unit.
struct Reading {
  metrics::Bucket bucket;   // empty without samples
  std::string unit;         // of the samples read
  std::string other_units;  // that have samples too and were left out, "Milliseconds, None"
};

struct MetricName {
  std::string_view namespace_name;
  std::string_view name;
  std::string_view unit;  // expected; samples of another are read only where this has none
};

Result<Reading> ReadMetric(const metrics::MetricStore& store, const Account& account,
                           const MetricName& name, const Range& range);

/// `aws cloudwatch get-metric-statistics ..` of that reading; `statistics` such as
/// "--statistics Sum".
std::string MetricCommand(const Account& account, const MetricName& name, std::string_view unit,
                          const Range& range, std::string_view statistics);

/// The newest datapoint of a metric without dimensions in the 15 months before `now`, at the
/// finest period that is still stored.
struct Newest {
  Range range;  // of the datapoint
  metrics::Bucket bucket;
};
Result<std::optional<Newest>> ReadNewest(const metrics::MetricStore& store, const Account& account,
                                         const MetricName& name, Instant now);

struct CustomerCounts {
  std::uint64_t active = 0;
  std::uint64_t with_new_report = 0;  // any customer with a report created since
};
/// `since` is a date: records compare by their ISO text, as the printed command does.
Result<CustomerCounts> CountCustomers(const documents::DocumentStore& documents,
                                      const documents::ProductTables& tables,
                                      const Account& account, const std::string& since);
std::string ActiveCustomersCommand(const documents::ProductTables& tables, const Account& account);
std::string CustomersWithReportCommand(const documents::ProductTables& tables,
                                       const Account& account, const std::string& since);

}  // namespace securebase::criteria

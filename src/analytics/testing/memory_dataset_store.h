#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "events/dataset_store.h"

namespace securebase::analytics {

/// A DatasetStore in memory, one batch of at most 2,048 rows after another, without zone maps:
/// for tests of what stands on a store. Can be told to fail.
class MemoryDatasetStore final : public events::DatasetStore {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
  struct Row {
    std::string source_key;
    std::string customer;
    std::map<std::string, Value, std::less<>> values;
  };

  /// Commits are refused from now on (or no longer).
  void FailCommits(bool fail) { fail_commits_ = fail; }
  const std::vector<Row>& rows(const std::string& dataset) { return rows_[dataset]; }

  void Define(const events::Schema& schema) override;
  Result<std::unique_ptr<events::Import>> BeginImport(const Account& account,
                                                      std::string_view dataset,
                                                      std::string_view source_key) override;
  Result<std::unique_ptr<query::Source>> Scan(const Customer& customer,
                                              const events::ScanRequest& request) const override;
  events::DatasetStatistics Statistics(const Customer& customer,
                                       std::string_view dataset) const override;
  events::ScanEstimate Estimate(const Customer&, std::string_view, Instant,
                                Instant) const override {
    return estimate;
  }
  events::ScanEstimate estimate{.rows = 0, .warm = false};  // what Estimate tells
  std::uint64_t Generation(const Customer& customer, std::string_view dataset) const override;
  std::vector<std::string> FieldNames(const Customer& customer,
                                      std::string_view dataset) const override;

 private:
  friend class MemoryImport;

  std::map<std::string, events::Schema, std::less<>> schemas_;
  std::map<std::string, std::vector<Row>, std::less<>> rows_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> generations_;
  bool fail_commits_ = false;
};

}  // namespace securebase::analytics

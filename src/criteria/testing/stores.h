#pragma once

// The real stores in a temporary folder, for tests of what reads them.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"
#include "documents/product_tables.h"
#include "metrics/embedded_store.h"
#include "storage/engine.h"

namespace securebase::criteria {

/// Opened and with the product tables. At 2026-06-01 12:00:30 until the test moves the clock.
class TestStores {
 public:
  TestStores() : clock(FromUnixSeconds(1'780'315'230)), random(1) {
    engine_ = Unwrap(storage::Engine::Open({.folder = folder.path(), .journal_file_bytes = 1 << 20},
                                           PosixFileSystem()));
    documents_ = Unwrap(documents::EmbeddedDocumentStore::Open(*engine_, tables, random));
    metrics_ = Unwrap(metrics::EmbeddedMetricStore::Open(*engine_, clock));
    Expect(engine_->Recover());
    Expect(documents::CreateProductTables(*documents_, account, tables, clock.Now()));
  }
  ~TestStores() { engine_.reset(); }  // first: its threads use the stores

  documents::DocumentStore& documents() { return *documents_; }
  metrics::MetricStore& metrics() { return *metrics_; }

  /// Publishes values now, without dimensions.
  void Publish(const std::string& namespace_name, const std::string& name, const std::string& unit,
               const std::vector<double>& values) {
    metrics::Datum datum;
    datum.metric = {.namespace_name = namespace_name, .name = name};
    datum.unit = unit;
    datum.time = clock.Now();
    for (const double value : values) datum.values.emplace_back(value, 1.0);
    Put(std::move(datum));
  }
  void Put(metrics::Datum datum) {
    std::vector<metrics::Datum> data;
    data.push_back(std::move(datum));
    Expect(metrics_->PutAndWait(account, std::move(data)));
  }
  void PutCustomer(const std::string& id, const std::string& status) {
    Expect(documents_->Put(account, tables.customers,
                           {{"customer_id", id},
                            {"name", id},
                            {"status", status},
                            {"created_at", "2026-01-01T00:00:00Z"}}));
  }
  void PutReport(const std::string& customer, const std::string& id,
                 const std::string& created_at) {
    Expect(documents_->Put(account, tables.reports,
                           {{"customer_id", customer},
                            {"id", id},
                            {"name", id},
                            {"description", ""},
                            {"config", documents::Item{}},
                            {"created_at", created_at},
                            {"updated_at", created_at}}));
  }

  static void Expect(const Result<>& result) {
    if (!result.ok()) ADD_FAILURE() << result.error().field() << ": " << result.error().message();
  }

  const Account account;
  const documents::ProductTables tables;
  TempFolder folder;
  ManualClock clock;
  SeededRandom random;

 private:
  template <class T>
  static T Unwrap(Result<T> result) {
    if (!result.ok()) {
      ADD_FAILURE() << result.error().message();
      return T();
    }
    return *std::move(result);
  }

  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<metrics::EmbeddedMetricStore> metrics_;
  std::unique_ptr<storage::Engine> engine_;
};

}  // namespace securebase::criteria

#pragma once

// A data folder, open: the engine and the stores on it, recovered and ready. What the server and
// the offline commands share.

#include <memory>
#include <string>

#include "alarms/alarm_service.h"
#include "api/key_store.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/random.h"
#include "base/tenant.h"
#include "documents/embedded_store.h"
#include "documents/product_tables.h"
#include "events/embedded_events.h"
#include "metrics/embedded_store.h"
#include "storage/engine.h"

namespace securebase::alarms {
class AlarmService;
}

namespace securebase::server {

struct StoresOptions {
  std::string folder;
  Account home;
  std::string environment = "dev";
  metrics::Retention retention;
};

/// The stores of one data folder. Not copyable; its parts are thread-safe.
class Stores {
 public:
  /// Opens, recovers, removes what a crash left behind and creates the product tables. The
  /// folder is created where it is missing. `files`, `clock` and `random` outlive the stores.
  /// Errors begin with "cannot open FOLDER": kConflict when another process uses it.
  static Result<std::unique_ptr<Stores>> Open(const StoresOptions& options, FileSystem& files,
                                              const Clock& clock, Random& random);
  ~Stores();

  storage::Engine& engine() { return *engine_; }
  documents::EmbeddedDocumentStore& documents() { return *documents_; }
  metrics::MetricStore& metrics() { return *metrics_; }
  /// What only offline commands do: finding damage, setting blocks aside.
  metrics::EmbeddedMetricStore& embedded_metrics() { return *metrics_; }
  events::LogStore& logs() { return events_->logs(); }
  events::DatasetStore& datasets() { return events_->datasets(); }
  api::KeyStore& keys() { return *keys_; }
  alarms::AlarmService& alarms() { return *alarms_; }
  const documents::ProductTables& tables() const { return tables_; }

  /// Writes everything to its files; the folder is free for others once the stores are
  /// destroyed. Closing twice is harmless.
  Result<> Close();

 private:
  explicit Stores(const StoresOptions& options);
  Result<> OpenAll(FileSystem& files, const Clock& clock, Random& random);

  const StoresOptions options_;
  const documents::ProductTables tables_;
  bool closed_ = false;
  // In the order of construction: the engine ends last, after it was closed.
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<metrics::EmbeddedMetricStore> metrics_;
  std::unique_ptr<events::EmbeddedEvents> events_;
  std::unique_ptr<api::KeyStore> keys_;
  std::unique_ptr<alarms::AlarmService> alarms_;
};

}  // namespace securebase::server

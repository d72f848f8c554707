#include "server/stores.h"

#include "alarms/alarm_service.h"
#include "analytics/datasets.h"
#include "base/log.h"

namespace securebase::server {

Stores::Stores(const StoresOptions& options) : options_(options), tables_(options.environment) {}

Result<std::unique_ptr<Stores>> Stores::Open(const StoresOptions& options, FileSystem& files,
                                             const Clock& clock, Random& random) {
  std::unique_ptr<Stores> stores(new Stores(options));
  const Result<> opened = stores->OpenAll(files, clock, random);
  if (!opened.ok()) {
    // Half open: there is nothing to write, and a close could only fail again.
    stores->closed_ = true;
    return opened.error().Within("cannot open " + options.folder);
  }
  return stores;
}

Result<> Stores::OpenAll(FileSystem& files, const Clock& clock, Random& random) {
  SB_TRY_OK(files.CreateFolders(options_.folder));
  SB_TRY(engine_, storage::Engine::Open({.folder = options_.folder}, files));
  SB_TRY(documents_, documents::EmbeddedDocumentStore::Open(*engine_, tables_, random, clock));
  SB_TRY(metrics_, metrics::EmbeddedMetricStore::Open(*engine_, clock, options_.retention));
  SB_TRY(events_, events::EmbeddedEvents::Open(*engine_, clock));
  analytics::DefineDatasets(events_->datasets());
  SB_TRY_OK(engine_->Recover());
  SB_TRY_OK(events_->RemoveOrphans());
  SB_TRY_OK(documents::CreateProductTables(*documents_, options_.home, tables_, clock.Now()));
  SB_TRY(keys_,
         api::KeyStore::Open(*documents_, options_.home, files, options_.folder, random, clock));
  SB_TRY(alarms_,
         alarms::AlarmService::Open(
             {.documents = *documents_, .metrics = *metrics_, .clock = clock}, options_.home));
  return {};
}

Stores::~Stores() {
  if (const Result<> closed = Close(); !closed.ok()) {
    Log(LogLevel::kError, "cannot close the data folder", {{"error", closed.error().message()}});
  }
}

Result<> Stores::Close() {
  if (std::exchange(closed_, true)) return {};
  if (alarms_) alarms_->Stop();
  return engine_->Close();
}

}  // namespace securebase::server

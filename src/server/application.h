#pragma once

// The whole product behind one handler: stores, APIs, page, measurement and maintenance, wired
// together. The HTTP server in front of it is the caller's.

#include <memory>
#include <string>
#include <vector>

#include "analytics/service.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/http.h"
#include "base/random.h"
#include "ingest/settings.h"
#include "server/maintenance.h"
#include "server/notification.h"
#include "server/stores.h"
#include "server/telemetry_pipeline.h"

namespace securebase::server {

struct ApplicationOptions {
  std::string data_folder;
  Account home;
  std::string environment = "dev";
  bool strict_dashboards = false;
  metrics::Retention retention;
  bool authentication_required = true;
  api::JwtOptions jwt;
  std::vector<api::Plan> plans;
  std::size_t worker_threads = 2;
  std::size_t worker_queue_max = 1'000;  // requests that wait; more are throttled
  analytics::ServiceOptions analytics;
  ingest::IngestSettings ingest;
  std::chrono::milliseconds telemetry_interval{250};
  MaintenanceOptions maintenance;
  NotificationOptions notification;
};

/// Thread-safe once open.
class Application {
 public:
  /// Opens the data folder and starts everything but the HTTP server. What it is given outlives
  /// it. Errors as Stores::Open.
  static Result<std::unique_ptr<Application>> Open(const ApplicationOptions& options,
                                                   FileSystem& files, const Clock& clock,
                                                   Random& random);
  virtual ~Application() = default;

  /// Answers every request.
  virtual http::Handler& handler() = 0;
  virtual Stores& stores() = 0;
  virtual TelemetryPipeline& telemetry() = 0;
  virtual Notification& notification() = 0;

  /// Finishes what was accepted, writes everything to its files. After the HTTP server has
  /// stopped; the folder is free for others once the application is destroyed. Closing twice is
  /// harmless.
  virtual Result<> Close() = 0;
};

}  // namespace securebase::server

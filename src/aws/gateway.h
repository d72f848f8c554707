#pragma once

// The AWS APIs: tells service, protocol and operation apart, authenticates, decodes, runs the
// operation, encodes. Codecs know no operations; operations know no wire (docs/architecture.md).

#include <memory>
#include <string>

#include "alarms/alarm_service.h"
#include "api/key_store.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/telemetry.h"
#include "base/worker_pool.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"
#include "events/log_store.h"
#include "metrics/metric_store.h"
#include "notify/topics/topic_service.h"

namespace securebase::logs {
class LogService;
}

namespace securebase::alarms {
class AlarmService;
}

namespace securebase::aws {

struct GatewayOptions {
  bool authentication_required = true;
  Account home;  // the default account and region
  std::string environment = "dev";
  /// A dashboard's widget without a region is an error, as on AWS, rather than a warning.
  bool strict_dashboards = false;
};

/// All outlive the gateway.
struct GatewayDependencies {
  api::KeyStore& keys;
  metrics::MetricStore& metrics;
  alarms::AlarmService& alarms;
  events::LogStore& logs;
  securebase::logs::LogService& log_service;
  documents::DocumentStore& documents;
  const documents::ProductTables& tables;
  WorkerPool& workers;
  Telemetry& telemetry;
  const Clock& clock;
  Random& random;
  notify::TopicService* topics = nullptr;  // null: SNS is refused
};

class Gateway final : public http::Handler {
 public:
  Gateway(GatewayOptions options, GatewayDependencies dependencies);
  ~Gateway() override;

  /// Whether the request is one for an AWS API (spec 1.1), rather than a page or /v1.
  static bool Claims(const http::Request& request);

  void Handle(http::Request request, http::Respond respond) override;

  /// "monitoring.PutMetricData": what the request asks, for logs and metrics; "unknown" else.
  static std::string OperationOf(const http::Request& request);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::aws

#include "server/application.h"

#include <optional>
#include <utility>

#include "alarms/topic_sink.h"
#include "aws/gateway.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "criteria/evaluator.h"
#include "documents/measured_store.h"
#include "ingest/ingest.h"
#include "ingest/log_routes.h"
#include "logs/log_service.h"
#include "reports/export_store.h"
#include "server/dispatcher.h"
#include "server/metric_receivers.h"
#include "server/routes.h"
#include "server/self_metrics.h"
#include "web/page.h"

namespace securebase::server {
namespace {

TelemetryOptions TelemetryOf(const ApplicationOptions& options) {
  return {.home = options.home,
          .function_name = "securebase-" + options.environment + "-report-engine",
          .flush_interval = options.telemetry_interval};
}

std::vector<std::string> PlanNames(const ApplicationOptions& options) {
  std::vector<std::string> names;
  for (const api::Plan& plan : api::BuiltInPlans()) names.push_back(plan.name);
  for (const api::Plan& plan : options.plans) names.push_back(plan.name);
  return names;
}

class WiredApplication final : public Application {
 public:
  WiredApplication(const ApplicationOptions& options, std::unique_ptr<Stores> stores,
                   FileSystem& files, const Clock& clock, Random& random)
      : stores_(std::move(stores)),
        telemetry_(TelemetryOf(options), stores_->metrics(), stores_->logs(), clock, random),
        documents_(stores_->documents(), telemetry_, clock),
        workers_(options.worker_threads, options.worker_queue_max),
        analytics_(stores_->datasets(), clock, telemetry_, options.analytics),
        evaluator_(options.home, {.metrics = stores_->metrics(),
                                  .documents = documents_,
                                  .tables = stores_->tables(),
                                  .clock = clock}),
        notification_(options.notification,
                      {.documents = stores_->documents(),
                       .telemetry = telemetry_,
                       .clock = clock,
                       .random = random,
                       .files = files,
                       .home = options.home},
                      !options.authentication_required),
        log_service_({.home = options.home, .any_destination = !options.authentication_required},
                     {.store = stores_->logs(),
                      .metrics = stores_->metrics(),
                      .documents = stores_->documents(),
                      .telemetry = telemetry_,
                      .clock = clock,
                      .random = random,
                      .post = {}}),
        api_({.authentication_required = options.authentication_required,
              .home = options.home,
              .environment = options.environment,
              .jwt = options.jwt,
              .plans = options.plans},
             {.keys = stores_->keys(),
              .workers = workers_,
              .telemetry = telemetry_,
              .clock = clock}),
        gateway_({.authentication_required = options.authentication_required,
                  .home = options.home,
                  .environment = options.environment,
                  .strict_dashboards = options.strict_dashboards},
                 {.keys = stores_->keys(),
                  .metrics = stores_->metrics(),
                  .alarms = stores_->alarms(),
                  .logs = stores_->logs(),
                  .log_service = log_service_,
                  .documents = stores_->documents(),  // its operations measure themselves
                  .tables = stores_->tables(),
                  .workers = workers_,
                  .telemetry = telemetry_,
                  .clock = clock,
                  .random = random,
                  .topics = &notification_.topics()}),
        ingest_({.authentication_required = options.authentication_required, .home = options.home},
                {.api = api_, .keys = stores_->keys(), .workers = workers_, .clock = clock}),
        receivers_(options.ingest, options.home, stores_->metrics(), clock),
        page_(web::MakePage()),
        meter_(telemetry_, clock, options.environment),
        dispatcher_(Parts(), meter_) {
    ingest_.Add(receivers_.Routes());
    ingest_.Add({SelfMetricsRoute({.stores = *stores_,
                                   .telemetry = telemetry_,
                                   .workers = workers_,
                                   .meter = meter_,
                                   .receivers = receivers_,
                                   .clock = clock})});
  }

  /// What can fail.
  Result<> Start(const ApplicationOptions& options, FileSystem& files, const Clock& clock,
                 Random& random) {
    SB_TRY_OK(log_service_.Start());
    SB_TRY(exports_, reports::ExportStore::Open({.folder = options.data_folder,
                                                 .home = options.home,
                                                 .environment = options.environment},
                                                {.files = files,
                                                 .documents = stores_->documents(),
                                                 .clock = clock,
                                                 .random = random,
                                                 .telemetry = telemetry_}));
    api_.Add(MakeRoutes({.stores = *stores_,
                         .documents = documents_,
                         .analytics = analytics_,
                         .evaluator = evaluator_,
                         .exports = *exports_,
                         .notification = notification_,
                         .workers = workers_,
                         .clock = clock,
                         .random = random,
                         .home = options.home,
                         .plans = PlanNames(options)}));
    SB_TRY_OK(notification_.Open(options.notification, options.data_folder));
    notification_.Start();
    SB_TRY_OK(receivers_.Start());
    stores_->alarms().SetSink(&topic_sink_);
    stores_->alarms().Start();
    ingest_.Add(ingest::LogRoutes(stores_->logs()));
    maintenance_.emplace(stores_->engine(), options.maintenance, [this] {
      SweepExports();
      MaintainTables();
      RecordCriteria();
      SweepDeliveries();
      MaintainLogs();
    });
    // An index whose filling a stop or a crash interrupted need not wait for the first chores.
    static_cast<void>(workers_.Post([this] { MaintainTables(); }));
    return {};
  }

  ~WiredApplication() override {
    if (const Result<> closed = Close(); !closed.ok()) {
      Log(LogLevel::kError, "cannot close the data folder", {{"error", closed.error().message()}});
    }
  }

  http::Handler& handler() override { return dispatcher_; }
  Stores& stores() override { return *stores_; }
  TelemetryPipeline& telemetry() override { return telemetry_; }
  Notification& notification() override { return notification_; }

  Result<> Close() override {
    stores_->documents().Stop();
    receivers_.Stop();
    workers_.Stop();
    stores_->alarms().Stop();
    notification_.Stop();
    telemetry_.Stop();  // after the workers, whose last measurements it writes
    log_service_.Stop();
    if (maintenance_) maintenance_->Stop();
    return stores_->Close();
  }

 private:
  DispatcherParts Parts() {
    return {
        .aws = gateway_,
        .api = api_,
        .page = *page_,
        .beside_page = [this](const std::string& path) { return notification_.Certificate(path); },
        .ingest = &ingest_,
        .is_ingest = [this](std::string_view path) { return ingest_.Claims(path); },
        .is_aws = aws::Gateway::Claims,
        .aws_operation = aws::Gateway::OperationOf,
        .api_resource =
            [this](const http::Request& request) {
              return api_.ResourceOf(request.method, request.path);
            },
        .ready = [this] { return maintenance_->status(); }};
  }

  void MaintainLogs() {
    const Result<> maintained = stores_->logs().Maintain();
    if (!maintained.ok()) {
      Log(LogLevel::kWarn, "expired log events are not dropped yet",
          {{"error", maintained.error().message()}});
    }
  }

  void SweepExports() {
    const Result<std::size_t> swept = exports_->Sweep();
    if (!swept.ok()) {
      Log(LogLevel::kError, "cannot remove expired exports", {{"error", swept.error().message()}});
    }
  }

  void SweepDeliveries() {
    if (const Result<> swept = notification_.queue().Sweep(); !swept.ok()) {
      Log(LogLevel::kError, "cannot forget old deliveries", {{"error", swept.error().message()}});
    }
  }

  void MaintainTables() {
    const Result<std::uint64_t> expired = stores_->documents().Maintain();
    if (!expired.ok()) {
      if (expired.error().code() == ErrorCode::kCancelled) return;
      Log(LogLevel::kError, "cannot maintain the tables", {{"error", expired.error().message()}});
      return;
    }
    if (*expired == 0) return;
    telemetry_.Publish({.namespace_name = "AWS/DynamoDB",
                        .name = "TimeToLiveDeletedItemCount",
                        .unit = "Count",
                        .value = static_cast<double>(*expired),
                        .dimensions = {}});
  }

  // A verdict a minute, whether or not somebody asks: the trend of each criterion.
  void RecordCriteria() {
    Result<> recorded = [&]() -> Result<> {
      SB_TRY(const criteria::Run run, evaluator_.Measure(criteria::kWindowDefault));
      return evaluator_.Record(run);
    }();
    if (!recorded.ok()) {
      Log(LogLevel::kError, "cannot record the success criteria",
          {{"error", recorded.error().message()}});
    }
  }

  std::unique_ptr<Stores> stores_;
  TelemetryPipeline telemetry_;
  documents::MeasuredDocumentStore documents_;
  WorkerPool workers_;
  analytics::AnalyticsService analytics_;
  criteria::Evaluator evaluator_;
  Notification notification_;
  alarms::TopicSink topic_sink_{notification_.topics()};
  logs::LogService log_service_;
  api::Api api_;
  aws::Gateway gateway_;
  ingest::Ingest ingest_;
  MetricReceivers receivers_;
  std::unique_ptr<http::Handler> page_;
  RequestMeter meter_;
  Dispatcher dispatcher_;
  std::unique_ptr<reports::ExportStore> exports_;
  std::optional<Maintenance> maintenance_;
};

}  // namespace

Result<std::unique_ptr<Application>> Application::Open(const ApplicationOptions& options,
                                                       FileSystem& files, const Clock& clock,
                                                       Random& random) {
  SB_TRY(std::unique_ptr<Stores> stores, Stores::Open({.folder = options.data_folder,
                                                       .home = options.home,
                                                       .environment = options.environment,
                                                       .retention = options.retention},
                                                      files, clock, random));
  auto application =
      std::make_unique<WiredApplication>(options, std::move(stores), files, clock, random);
  SB_TRY_OK(application->Start(options, files, clock, random));
  return std::unique_ptr<Application>(std::move(application));
}

}  // namespace securebase::server

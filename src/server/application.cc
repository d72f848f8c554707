#include "server/application.h"

#include <optional>
#include <utility>

#include "aws/gateway.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "criteria/evaluator.h"
#include "documents/measured_store.h"
#include "ingest/ingest.h"
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
                   const Clock& clock, Random& random)
      : stores_(std::move(stores)),
        telemetry_(TelemetryOf(options), stores_->metrics(), stores_->logs(), clock, random),
        documents_(stores_->documents(), telemetry_, clock),
        workers_(options.worker_threads, options.worker_queue_max),
        analytics_(stores_->datasets(), clock, telemetry_, options.analytics),
        evaluator_(options.home, {.metrics = stores_->metrics(),
                                  .documents = documents_,
                                  .tables = stores_->tables(),
                                  .clock = clock}),
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
                  .logs = stores_->logs(),
                  .documents = documents_,
                  .tables = stores_->tables(),
                  .workers = workers_,
                  .telemetry = telemetry_,
                  .clock = clock,
                  .random = random}),
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
                         .workers = workers_,
                         .clock = clock,
                         .random = random,
                         .home = options.home,
                         .plans = PlanNames(options)}));
    SB_TRY_OK(receivers_.Start());
    maintenance_.emplace(stores_->engine(), options.maintenance, [this] {
      SweepExports();
      RecordCriteria();
    });
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

  Result<> Close() override {
    receivers_.Stop();
    workers_.Stop();
    telemetry_.Stop();  // after the workers, whose last measurements it writes
    if (maintenance_) maintenance_->Stop();
    return stores_->Close();
  }

 private:
  DispatcherParts Parts() {
    return {.aws = gateway_,
            .api = api_,
            .page = *page_,
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

  void SweepExports() {
    const Result<std::size_t> swept = exports_->Sweep();
    if (!swept.ok()) {
      Log(LogLevel::kError, "cannot remove expired exports", {{"error", swept.error().message()}});
    }
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
  auto application = std::make_unique<WiredApplication>(options, std::move(stores), clock, random);
  SB_TRY_OK(application->Start(options, files, clock, random));
  return std::unique_ptr<Application>(std::move(application));
}

}  // namespace securebase::server

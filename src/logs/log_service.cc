#include "logs/log_service.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "logs/emf.h"
#include "logs/store_input.h"
#include "net/http_client.h"

namespace securebase::logs {
namespace {

HttpPost NetworkPost() {
  // One client for one courier thread: it keeps its connection.
  auto client = std::make_shared<net::HttpClient>(
      net::HttpClientOptions{.timeout = std::chrono::seconds(10), .response_bytes_max = 1u << 20});
  return [client](const std::string& url, const std::string& body) -> Result<int> {
    SB_TRY(const net::HttpClientResponse response,
           client->Send({.method = "POST",
                         .url = url,
                         .headers = {{"Content-Type", "application/json"}},
                         .body = body}));
    return response.status;
  };
}

}  // namespace

LogService::LogService(LogServiceOptions options, LogServiceDependencies dependencies)
    : options_(std::move(options)), dependencies_(std::move(dependencies)) {}

Result<> LogService::Start() {
  SB_TRY(definitions_,
         DefinitionTable::Open(dependencies_.documents, options_.home, dependencies_.clock.Now()));
  SB_TRY(metric_filters_, MetricFilters::Open(*definitions_));
  SB_TRY(subscriptions_,
         SubscriptionFilters::Open(*definitions_, dependencies_.clock, dependencies_.random));
  queries_ = std::make_unique<QueryManager>(
      options_.queries,
      [&store = dependencies_.store](const Account& account) {
        return MakeStoreInput(store, account);
      },
      dependencies_.clock, dependencies_.random);
  post_ = dependencies_.post ? dependencies_.post : NetworkPost();
  dependencies_.store.SetObserver(this);
  if (const auto interval = options_.tick_interval; interval.count() > 0) {
    threads_.emplace_back([this, interval] { Run(interval, &LogService::Tick); });
    threads_.emplace_back([this, interval] { Run(interval, &LogService::DeliverSubscriptions); });
  }
  return {};
}

LogService::~LogService() { Stop(); }

void LogService::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  live_tail_.Stop();
  if (queries_ != nullptr) queries_->Shutdown();
  dependencies_.store.SetObserver(nullptr);
}

void LogService::Run(std::chrono::milliseconds interval, void (LogService::*work)()) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    (this->*work)();
    lock.lock();
  }
}

Result<> LogService::ForgetGroup(const Account& account, std::string_view group) {
  SB_TRY_OK(metric_filters_->DeleteGroup(account, group));
  return subscriptions_->DeleteGroup(account, group);
}

void LogService::PublishMetrics(const Account& account, std::string_view group,
                                std::span<const events::LogEvent> events) {
  std::vector<metrics::Datum> data = metric_filters_->Evaluate(account, group, events);
  bool parsing_error = false, validation_error = false;
  for (const events::LogEvent& event : events) {
    EmfMetrics emf = ParseEmf(event.message, dependencies_.clock.Now());
    parsing_error |= emf.parsing_error;
    validation_error |= emf.validation_error;
    data.insert(data.end(), std::make_move_iterator(emf.data.begin()),
                std::make_move_iterator(emf.data.end()));
  }
  const auto count = [&](std::string_view name) {
    dependencies_.telemetry.Publish({.namespace_name = "AWS/Logs",
                                     .name = name,
                                     .unit = "Count",
                                     .value = 1,
                                     .dimensions = {{"LogGroupName", group}}});
  };
  if (parsing_error) count("EMFParsingErrors");
  if (validation_error) count("EMFValidationErrors");
  if (data.empty()) return;
  const Result<> stored = dependencies_.metrics.PutAndWait(account, std::move(data));
  if (!stored.ok()) {
    Log(LogLevel::kError, "metrics of log events were refused",
        {{"group", std::string(group)}, {"error", stored.error().message()}});
  }
}

void LogService::OnAppend(const Account& account, std::string_view group, std::string_view stream,
                          std::span<const events::LogEvent> events) {
  PublishMetrics(account, group, events);
  subscriptions_->Enqueue(account, group, stream, events);
  live_tail_.Publish(account, group, stream, events);
}

void LogService::Tick() {
  const Instant now = dependencies_.clock.Now();
  live_tail_.Flush(now);
  for (auto& [account, data] : metric_filters_->TakeDefaults(now)) {
    const Result<> stored = dependencies_.metrics.PutAndWait(account, std::move(data));
    if (!stored.ok()) {
      Log(LogLevel::kError, "cannot store default values of metric filters",
          {{"error", stored.error().message()}});
    }
  }
  queries_->Sweep();
}

void LogService::DeliverSubscriptions() {
  const SubscriptionFilters::Outcome outcome = subscriptions_->Deliver(post_);
  const auto publish = [&](std::string_view name, std::size_t value) {
    if (value == 0) return;
    dependencies_.telemetry.Publish({.namespace_name = "AWS/Logs",
                                     .name = name,
                                     .unit = "Count",
                                     .value = static_cast<double>(value)});
  };
  publish("ForwardedPayloads", outcome.delivered);
  publish("DeliveryErrors", outcome.failed + outcome.dropped);
}

}  // namespace securebase::logs

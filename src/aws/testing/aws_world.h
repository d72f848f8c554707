#pragma once

// The AWS gateway over real stores in a temporary folder, with a clock that the test moves.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/alarm_service.h"
#include "aws/gateway.h"
#include "base/json.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"
#include "events/embedded_events.h"
#include "metrics/embedded_store.h"

namespace securebase::aws {

/// Keys that the test names.
class FakeKeys final : public api::KeyStore {
 public:
  void Add(std::string access_key_id, AwsKey key) { keys_[std::move(access_key_id)] = key; }

  Result<std::string> CreateApiKey(const api::Caller&) override { return Unimplemented("fake"); }
  Result<api::AwsKeyPair> CreateAwsKey(const api::Caller&) override {
    return Unimplemented("fake");
  }
  Result<> Delete(std::string_view) override { return Unimplemented("fake"); }
  std::vector<api::KeyDescription> List(const Account&) const override { return {}; }
  std::optional<api::Caller> FindApiKey(std::string_view) const override { return {}; }
  std::optional<AwsKey> FindAwsKey(std::string_view id) const override {
    const auto found = keys_.find(id);
    return found == keys_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, AwsKey, std::less<>> keys_;
};

class AwsWorld {
 public:
  explicit AwsWorld(bool authentication_required = false);
  ~AwsWorld();

  /// Sends and waits for the answer.
  http::Response Send(http::Request request);
  /// An AWS JSON call: target "DynamoDB_20120810.Scan", version "1.0" or "1.1".
  http::Response SendJson(std::string_view target, std::string body,
                          std::string_view version = "1.0");
  /// The answer of a DynamoDB operation, which must be good.
  json::Value DynamoDb(std::string_view operation, std::string body);
  /// The same of a refused one: "ValidationException: message".
  std::string DynamoDbError(std::string_view operation, std::string body);
  json::Value CloudWatch(std::string_view operation, std::string body);
  std::string CloudWatchError(std::string_view operation, std::string body);
  json::Value Logs(std::string_view operation, std::string body);
  std::string LogsError(std::string_view operation, std::string body);
  http::Response SendForm(std::string body);
  http::Response SendCbor(std::string_view operation, std::string body);

  ManualClock& clock() { return clock_; }
  FakeKeys& keys() { return keys_; }
  alarms::AlarmService& alarms() { return *alarms_; }
  metrics::MetricStore& metrics() { return *metrics_; }
  documents::DocumentStore& documents() { return *documents_; }
  const documents::ProductTables& tables() const { return tables_; }
  WorkerPool& workers() { return *workers_; }

 private:
  json::Value Good(std::string_view target, std::string body, std::string_view version);
  std::string Bad(std::string_view target, std::string body, std::string_view version);

  TempFolder folder_;
  ManualClock clock_;
  SystemRandom random_;
  NullTelemetry telemetry_;
  FakeKeys keys_;
  const documents::ProductTables tables_;
  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<metrics::EmbeddedMetricStore> metrics_;
  std::unique_ptr<events::EmbeddedEvents> events_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<alarms::AlarmService> alarms_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<Gateway> gateway_;
};

/// A request as the server would make it.
http::Request MakeRequest(std::string method, std::string target,
                          std::vector<std::pair<std::string, std::string>> headers,
                          std::string body = "");

}  // namespace securebase::aws

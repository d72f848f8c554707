#pragma once

// An Api over the real stores, for tests of its routes: sends a request, returns the answer.

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/api.h"
#include "criteria/testing/stores.h"

namespace securebase::api {

/// Keeps what was published: "namespace name dimension=value" -> sum.
class RecordingTelemetry final : public Telemetry {
 public:
  void Publish(const Measurement& m) override { Add(m, /*with_dimensions=*/true); }
  void PublishTwice(const Measurement& m) override {
    Add(m, /*with_dimensions=*/true);
    Add(m, /*with_dimensions=*/false);
  }
  void LogEvents(std::string_view, std::span<const std::string>) override {}

  double Sum(const std::string& key) const {
    std::lock_guard lock(mutex_);
    const auto found = sums_.find(key);
    return found == sums_.end() ? 0 : found->second;
  }

 private:
  void Add(const Measurement& m, bool with_dimensions) {
    std::string key = std::string(m.namespace_name) + " " + std::string(m.name);
    for (const auto& [name, value] : m.dimensions) {
      if (with_dimensions) key += " " + std::string(name) + "=" + std::string(value);
    }
    std::lock_guard lock(mutex_);
    sums_[key] += m.value;
  }

  mutable std::mutex mutex_;
  std::map<std::string, double> sums_;
};

class ApiFixture {
 public:
  explicit ApiFixture(ApiOptions options = {}) : workers(2, 16) {
    auto opened = KeyStore::Open(stores.documents(), stores.account, PosixFileSystem(),
                                 stores.folder.path(), stores.random, stores.clock);
    if (!opened.ok()) {
      ADD_FAILURE() << opened.error().message();
      return;
    }
    keys = *std::move(opened);
    api = std::make_unique<Api>(std::move(options),
                                ApiDependencies{*keys, workers, telemetry, stores.clock});
  }
  ~ApiFixture() { workers.Stop(); }  // before what its work uses

  std::string Key(std::string customer, Role role, std::string plan = "unlimited") {
    Caller caller;
    caller.customer.id = std::move(customer);
    caller.role = role;
    caller.plan = std::move(plan);
    const auto key = keys->CreateApiKey(caller);
    return key.ok() ? *key : key.error().message();
  }

  struct Sent {
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  /// `target`: "/v1/reports?page=2". Without a key no Authorization header is sent.
  http::Response Send(const std::string& method, const std::string& target,
                      const std::string& key = {}, Sent sent = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    const std::size_t question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    request.query = target.substr(std::min(question + 1, target.size()));
    request.request_id = "request-" + std::to_string(++count_);
    request.body = std::move(sent.body);
    if (!key.empty()) request.headers.Add("Authorization", "Bearer " + key);
    for (auto& [name, value] : sent.headers) request.headers.Add(name, value);
    auto answer = std::make_shared<std::promise<http::Response>>();
    auto future = answer->get_future();
    api->Handle(std::move(request),
                [answer](http::Response response) { answer->set_value(std::move(response)); });
    return future.get();
  }

  static json::Value Body(const http::Response& response) {
    Result<json::Value> value = json::Parse(response.body);
    if (!value.ok()) ADD_FAILURE() << "not JSON: " << response.body;
    return value.ok() ? *std::move(value) : json::Value();
  }
  /// The text of a member of an answer, however deep: Text(response, {"error"}).
  static std::string Text(const http::Response& response,
                          std::initializer_list<std::string_view> path) {
    const json::Value body = Body(response);
    const json::Value* at = &body;
    for (const std::string_view name : path) {
      at = at->Find(name);
      if (at == nullptr) return "<none>";
    }
    return at->IsString() ? at->AsString() : json::Write(*at);
  }

  criteria::TestStores stores;
  RecordingTelemetry telemetry;
  std::unique_ptr<KeyStore> keys;
  WorkerPool workers;
  std::unique_ptr<Api> api;

 private:
  int count_ = 0;
};

}  // namespace securebase::api

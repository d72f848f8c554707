#include "ingest/log_routes.h"

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "ingest/wire_reader.h"

namespace securebase::ingest {
namespace {

constexpr std::size_t kBodyMax = 64u << 20;

bool IsJson(const http::Request& request) {
  return request.headers.Get("content-type").starts_with("application/json");
}

void PutVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

/// ExportLogsServiceResponse: empty where everything was stored.
http::Response OtlpAnswer(bool is_json, const LogBatch& batch) {
  http::Response response;
  if (is_json) {
    json::Value body{json::Object()};
    if (batch.rejected() > 0) {
      body.Set("partialSuccess",
               json::Object{{"rejectedLogRecords", std::to_string(batch.rejected())},
                            {"errorMessage", batch.reason()}});
    }
    return http::Response::Json(200, json::Write(body));
  }
  response.headers.Add("Content-Type", "application/x-protobuf");
  if (batch.rejected() > 0) {
    std::string partial;
    partial += '\x08';  // rejected_log_records
    PutVarint(partial, batch.rejected());
    partial += '\x12';  // error_message
    PutVarint(partial, batch.reason().size());
    partial += batch.reason();
    response.body += '\x0a';  // partial_success
    PutVarint(response.body, partial.size());
    response.body += partial;
  }
  return response;
}

/// google.rpc.Status with the message, as OTLP wants errors.
http::Response OtlpRefusal(const http::Request& request, const Error& error) {
  http::Response response = ErrorText(request, error);
  if (IsJson(request)) {
    response.body = json::Write(json::Object{{"code", 3}, {"message", error.message()}});
    response.headers.Set("Content-Type", "application/json");
    return response;
  }
  response.body = "\x12";  // message
  PutVarint(response.body, error.message().size());
  response.body += error.message();
  response.headers.Set("Content-Type", "application/x-protobuf");
  return response;
}

void Otlp(events::LogStore& store, const Delivery& delivery, const http::Respond& respond) {
  const bool is_json = IsJson(delivery.request);
  LogBatch batch(delivery.now);
  const auto header = [&](std::string_view name) {
    return std::string(delivery.request.headers.Get(name));
  };
  const OtlpTarget target{header("x-aws-log-group"), header("x-aws-log-stream")};
  Result<> stored = is_json ? ParseOtlpLogsJson(delivery.body, target, delivery.now, batch)
                            : ParseOtlpLogs(delivery.body, target, delivery.now, batch);
  if (stored.ok()) stored = batch.Store(store, delivery.account);
  respond(stored.ok() ? OtlpAnswer(is_json, batch) : OtlpRefusal(delivery.request, stored.error()));
}

Result<> StoreLoki(events::LogStore& store, const Delivery& delivery, LogBatch& batch) {
  if (IsJson(delivery.request)) {
    SB_TRY_OK(ParseLokiPushJson(delivery.body, batch));
  } else {
    SB_TRY(const std::string plain, SnappyDecode(delivery.body, kBodyMax));
    SB_TRY_OK(ParseLokiPush(plain, batch));
  }
  return batch.Store(store, delivery.account);
}

void Loki(events::LogStore& store, const Delivery& delivery, const http::Respond& respond) {
  LogBatch batch(delivery.now);
  const Result<> stored = StoreLoki(store, delivery, batch);
  if (!stored.ok()) return respond(ErrorText(delivery.request, stored.error()));
  if (batch.rejected() > 0) {
    // As Loki does: what was fine is stored, and the sender told not to send the rest again.
    return respond(http::Response::Text(
        400,
        std::to_string(batch.rejected()) + " entries were rejected: " + batch.reason() + "\n"));
  }
  http::Response response;
  response.status = 204;
  respond(std::move(response));
}

}  // namespace

std::vector<Route> LogRoutes(events::LogStore& store) {
  std::vector<Route> routes;
  routes.push_back({.path = "/v1/logs",
                    .body_max = kBodyMax,
                    .handler = [&store](Delivery delivery,
                                        http::Respond respond) { Otlp(store, delivery, respond); },
                    .refuse = OtlpRefusal});
  routes.push_back({.path = "/loki/api/v1/push",
                    .body_max = kBodyMax,
                    .handler = [&store](Delivery delivery, http::Respond respond) {
                      Loki(store, delivery, respond);
                    }});
  return routes;
}

}  // namespace securebase::ingest

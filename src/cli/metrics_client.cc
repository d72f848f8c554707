#include "cli/metrics_client.h"

#include <algorithm>
#include <array>

#include "base/http.h"
#include "base/text.h"
#include "net/sigv4.h"

namespace securebase::cli {
namespace {

constexpr std::string_view kTarget = "GraniteServiceVersion20100801.";

net::HttpClientOptions ClientOptions(const MetricsClientOptions& options) {
  return {
      .ca_file = options.ca_file, .insecure = options.insecure, .user_agent = "securebase-metrics"};
}

std::string HostOf(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  return std::string(endpoint.substr(0, endpoint.find('/')));
}

std::string MessageOf(const json::Value& body, int status) {
  for (const char* name : {"message", "Message", "error"}) {
    const json::Value* text = body.Find(name);
    if (text != nullptr && text->IsString()) return text->AsString();
  }
  return "the server answered " + std::to_string(status);
}

}  // namespace

MetricsClient::MetricsClient(MetricsClientOptions options)
    : options_(std::move(options)), client_(ClientOptions(options_)) {}

Result<json::Value> MetricsClient::Call(std::string_view operation, const json::Value& input) {
  http::Request signed_request;
  signed_request.method = "POST";
  signed_request.target = signed_request.path = "/";
  signed_request.body = json::Write(input);
  signed_request.headers.Add("Host", HostOf(options_.endpoint));
  signed_request.headers.Add("Content-Type", "application/x-amz-json-1.0");
  signed_request.headers.Add("X-Amz-Target", std::string(kTarget) + std::string(operation));
  if (!options_.key.empty()) {
    signed_request.headers.Add("Authorization", "Bearer " + options_.key);
  } else if (!options_.access_key_id.empty()) {
    SB_TRY(const Instant now, Now());
    net::Sign(signed_request, options_.access_key_id, options_.secret_access_key, options_.region,
              "monitoring", now);
  }
  net::HttpClientRequest request{
      .method = "POST", .url = options_.endpoint + "/", .body = signed_request.body};
  for (const auto& [name, value] : signed_request.headers.all()) {
    request.headers.emplace_back(name, value);
  }
  Result<net::HttpClientResponse> response = client_.Send(request);
  if (!response.ok()) return response.error().Within("cannot reach " + options_.endpoint);
  Result<json::Value> body = json::Parse(response->body);
  if (response->status != 200) {
    return Error(ErrorCode::kInvalidArgument,
                 MessageOf(body.ok() ? *body : json::Value(), response->status));
  }
  if (!body.ok()) return body.error().Within(options_.endpoint + ": not JSON");
  return body;
}

Result<Instant> MetricsClient::Now() {
  Result<net::HttpClientResponse> response = client_.Send({.url = options_.endpoint + "/healthz"});
  if (!response.ok()) return response.error().Within("cannot reach " + options_.endpoint);
  return ParseHttpDate(response->Header("date"));
}

Result<Instant> ParseHttpDate(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto parts = Split(text, ' ');
  const Error wrong = InvalidArgument("Date", "the server's date cannot be read");
  if (parts.size() != 6) return wrong;
  const auto month = std::find(kMonths.begin(), kMonths.end(), parts[2]);
  if (month == kMonths.end()) return wrong;
  const std::string number = std::to_string(month - kMonths.begin() + 1);
  const Result<Instant> time =
      ParseIso(std::string(parts[3]) + "-" + (number.size() == 1 ? "0" : "") + number + "-" +
               std::string(parts[1]) + "T" + std::string(parts[4]) + "Z");
  if (!time.ok()) return wrong;
  return *time;
}

Result<Instant> ParseTimeOrAge(std::string_view text, Instant now) {
  if (text == "now") return now;
  if (const Result<Duration> age = ParseDuration(text); age.ok()) return now - *age;
  const Result<Instant> time = ParseIsoOrEpoch(text);
  if (time.ok()) return *time;
  return InvalidArgument({},
                         "must be now, a time such as 2026-06-01T12:00:00Z, or an age such as "
                         "1h, not " +
                             std::string(text));
}

}  // namespace securebase::cli

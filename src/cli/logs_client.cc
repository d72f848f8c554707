#include "cli/logs_client.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "net/sigv4.h"

namespace securebase::cli {
namespace {

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}

Error ErrorOf(int status, const std::string& body, std::string_view operation) {
  const json::Value answer = json::Parse(body).value_or(json::Value());
  std::string name = TextOf(answer, "__type");
  name = name.substr(name.find('#') + 1);
  std::string message = TextOf(answer, "message");
  if (name.empty()) name = "HTTP " + std::to_string(status);
  const bool again = status >= 500 || name == "ThrottlingException";
  return Error(again ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
               std::string(operation) + ": " + name + (message.empty() ? "" : ": " + message), {},
               name);
}

}  // namespace

void AddServerOptions(CLI::App& app, LogsServer& server) {
  app.add_option("--endpoint", server.endpoint, "Address of the server")
      ->envname("SECUREBASE_ENDPOINT")
      ->capture_default_str();
  app.add_option("--region", server.region, "Region of the log groups")
      ->envname("AWS_DEFAULT_REGION")
      ->capture_default_str();
  app.add_option("--access-key", server.access_key, "AWS access key id")
      ->envname("AWS_ACCESS_KEY_ID");
  app.add_option("--secret-key", server.secret_key, "AWS secret access key")
      ->envname("AWS_SECRET_ACCESS_KEY");
  app.add_option("--cacert", server.ca_file, "PEM certificates to trust");
  app.add_flag("--insecure", server.insecure, "Do not check the server's certificate");
}

LogsClient::LogsClient(LogsServer server)
    : server_(std::move(server)),
      client_({.ca_file = server_.ca_file,
               .insecure = server_.insecure,
               .user_agent = "securebase-logs"}) {
  while (server_.endpoint.ends_with('/')) server_.endpoint.pop_back();
}

Result<json::Value> LogsClient::Call(std::string_view operation, const json::Value& input) {
  net::HttpClientRequest request{
      .method = "POST", .url = server_.endpoint + "/", .body = json::Write(input)};
  const std::string target = "Logs_20140328." + std::string(operation);
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
  if (!server_.access_key.empty()) {
    http::Request signing{.method = "POST", .target = "/", .path = "/", .body = request.body};
    const std::size_t scheme = server_.endpoint.find("://");
    const std::string host =
        scheme == std::string::npos ? server_.endpoint : server_.endpoint.substr(scheme + 3);
    signing.headers.Add("Host", host);
    signing.headers.Add("Content-Type", "application/x-amz-json-1.1");
    signing.headers.Add("X-Amz-Target", target);
    net::Sign(signing, server_.access_key, server_.secret_key, server_.region, "logs",
              clock_.Now());
    for (const auto& [name, value] : signing.headers.all()) {
      if (name != "Host" && name != "Content-Type" && name != "X-Amz-Target") {
        request.headers.emplace_back(name, value);
      }
    }
  }
  Result<net::HttpClientResponse> response = client_.Send(request);
  if (!response.ok()) {
    return Unavailable("cannot reach " + server_.endpoint + ": " + response.error().message());
  }
  if (response->status != 200) return ErrorOf(response->status, response->body, operation);
  return json::Parse(response->body);
}

}  // namespace securebase::cli

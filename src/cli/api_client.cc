#include "cli/api_client.h"

#include <CLI/CLI.hpp>

namespace securebase::cli {

void AddServerAddress(CLI::App& app, ServerAddress& address, const std::string& key_help) {
  app.add_option("--endpoint", address.endpoint, "Address of the server, http://HOST:PORT")
      ->required();
  app.add_option("--key", address.key, key_help)->envname("SECUREBASE_KEY");
  app.add_option("--cacert", address.ca_file, "PEM certificates to trust");
  app.add_flag("--insecure", address.insecure, "Do not check the server's certificate");
}

ApiClient::ApiClient(ServerAddress address, const std::string& command)
    : address_(std::move(address)),
      client_({.ca_file = address_.ca_file,
               .insecure = address_.insecure,
               .user_agent = "securebase-" + command}) {
  while (address_.endpoint.ends_with('/')) address_.endpoint.pop_back();
}

Result<json::Value> ApiClient::Get(const std::string& path, int status) {
  return Send({.method = "GET", .url = address_.endpoint + path}, status);
}

Result<json::Value> ApiClient::Post(const std::string& path, const json::Value& body, int status) {
  return Send({.method = "POST",
               .url = address_.endpoint + path,
               .headers = {{"Content-Type", "application/json"}},
               .body = json::Write(body)},
              status);
}

Result<json::Value> ApiClient::Send(net::HttpClientRequest request, int status) {
  if (!address_.key.empty())
    request.headers.emplace_back("Authorization", "Bearer " + address_.key);
  Result<net::HttpClientResponse> response = client_.Send(request);
  if (!response.ok()) return response.error().Within("cannot reach " + request.url);
  Result<json::Value> body = json::Parse(response->body);
  if (response->status != status) {
    const json::Value* error = body.ok() ? body->Find("error") : nullptr;
    const std::string text = error != nullptr && error->IsString() ? ": " + error->AsString() : "";
    return Unavailable(request.url + " answered " + std::to_string(response->status) + text);
  }
  if (!body.ok()) return body.error().Within(request.url + ": not JSON");
  return body;
}

}  // namespace securebase::cli

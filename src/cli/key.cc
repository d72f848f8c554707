#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "api/key_store.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "net/http_client.h"
#include "server/stores.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase key create --customer acme --role analyst --data data\n"
    "  securebase key create --customer acme --role viewer --aws \\\n"
    "      --endpoint http://127.0.0.1:8080 --key ADMIN_KEY\n\n"
    "create prints the key alone on stdout: with --aws the access key id and the secret, a line\n"
    "each. It is shown once. With --data the server must be stopped.";

struct Options {
  std::string data_folder;
  std::string endpoint;
  std::string admin_key;
  std::string account = Account().id;
  std::string region = Account().region;
  std::string environment = "dev";
  std::string customer;
  std::string role = "viewer";
  std::string plan = "unlimited";
  bool aws = false;
  std::string key_id;
};

/// Exactly one of both ways to the keys.
Result<> CheckTarget(const Options& options) {
  if (options.data_folder.empty() == options.endpoint.empty()) {
    return InvalidArgument("data", "one of --data and --endpoint is needed");
  }
  return {};
}

/// The keys of a stopped server's folder.
class OfflineKeys {
 public:
  static Result<std::unique_ptr<OfflineKeys>> Open(const Options& options) {
    auto keys = std::make_unique<OfflineKeys>();
    SB_TRY(keys->stores_, server::Stores::Open({.folder = options.data_folder,
                                                .home = {options.account, options.region},
                                                .environment = options.environment},
                                               PosixFileSystem(), keys->clock_, keys->random_));
    return keys;
  }
  api::KeyStore& operator*() { return stores_->keys(); }
  Result<> Close() { return stores_->Close(); }

 private:
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<server::Stores> stores_;
};

/// Asks a running server; the body of an answer with `status`.
Result<json::Value> Ask(const Options& options, std::string method, const std::string& path,
                        std::string body, int status) {
  net::HttpClient client;
  net::HttpClientRequest request{.method = std::move(method),
                                 .url = options.endpoint + path,
                                 .headers = {{"Content-Type", "application/json"}},
                                 .body = std::move(body)};
  if (!options.admin_key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options.admin_key);
  }
  SB_TRY(const net::HttpClientResponse response, client.Send(request));
  Result<json::Value> answer = json::Parse(response.body);
  if (response.status == status) {
    if (response.body.empty()) return json::Value();
    return answer;
  }
  const json::Value* error = answer.ok() ? answer->Find("error") : nullptr;
  return Unavailable(request.url + " answered " + std::to_string(response.status) +
                     (error != nullptr && error->IsString() ? ": " + error->AsString() : ""));
}

Result<std::string> CreateOnline(const Options& options) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject();
  if (!options.customer.empty()) writer.Member("customer", options.customer);
  writer.Member("role", options.role)
      .Member("plan", options.plan)
      .Member("aws", options.aws)
      .EndObject();
  SB_TRY(const json::Value answer, Ask(options, "POST", "/v1/keys", std::move(body), 201));
  auto text = [&answer](std::string_view name) {
    const json::Value* value = answer.Find(name);
    return value != nullptr && value->IsString() ? value->AsString() : std::string();
  };
  if (options.aws) return text("accessKeyId") + "\n" + text("secretAccessKey");
  return text("key");
}

Result<std::string> CreateOffline(const Options& options) {
  SB_TRY(const api::Role role, api::ParseRole(options.role));
  api::Caller caller{.customer = {{options.account, options.region}, options.customer},
                     .role = role,
                     .plan = options.plan};
  if (options.aws && options.customer.empty()) {
    caller.customer.id = Customer().id;
    caller.whole_account = true;
  }
  SB_TRY(const std::unique_ptr<OfflineKeys> keys, OfflineKeys::Open(options));
  std::string text;
  if (options.aws) {
    SB_TRY(const api::AwsKeyPair pair, (**keys).CreateAwsKey(caller));
    text = pair.access_key_id + "\n" + pair.secret_access_key;
  } else {
    SB_TRY(text, (**keys).CreateApiKey(caller));
  }
  SB_TRY_OK(keys->Close());
  return text;
}

int Create(const Options& options) {
  if (const Result<> checked = CheckTarget(options); !checked.ok()) {
    return UsageError(checked.error().message());
  }
  if (!options.aws && options.customer.empty()) return UsageError("--customer is needed");
  if (options.customer.size() > 128 || ContainsControlCharacter(options.customer)) {
    return UsageError("--customer must be 1 to 128 characters, none of them a control character");
  }
  const Result<std::string> key =
      options.endpoint.empty() ? CreateOffline(options) : CreateOnline(options);
  if (!key.ok()) return Failure(key.error().message());
  std::printf("%s\n", key->c_str());
  return kExitGood;
}

void PrintKey(std::string_view id, bool aws, std::string_view customer, std::string_view role,
              std::string_view plan, bool whole_account, std::string_view created) {
  std::printf("%-28.*s  %-4s  %-20.*s  %-8.*s  %-10.*s  %.*s\n", static_cast<int>(id.size()),
              id.data(), aws ? "aws" : "api", static_cast<int>(whole_account ? 1 : customer.size()),
              whole_account ? "*" : customer.data(), static_cast<int>(role.size()), role.data(),
              static_cast<int>(plan.size()), plan.data(), static_cast<int>(created.size()),
              created.data());
}

Result<> ListOnline(const Options& options) {
  SB_TRY(const json::Value answer, Ask(options, "GET", "/v1/keys", "", 200));
  const json::Value* keys = answer.Find("keys");
  if (keys == nullptr || !keys->IsArray()) return Internal("the server's answer has no keys");
  for (const json::Value& key : keys->AsArray()) {
    auto text = [&key](std::string_view name) -> std::string_view {
      const json::Value* value = key.Find(name);
      return value != nullptr && value->IsString() ? std::string_view(value->AsString()) : "";
    };
    auto flag = [&key](std::string_view name) {
      const json::Value* value = key.Find(name);
      return value != nullptr && value->IsBool() && value->AsBool();
    };
    PrintKey(text("id"), flag("aws"), text("customer"), text("role"), text("plan"),
             flag("wholeAccount"), text("createdAt"));
  }
  return {};
}

Result<> ListOffline(const Options& options) {
  SB_TRY(const std::unique_ptr<OfflineKeys> keys, OfflineKeys::Open(options));
  for (const api::KeyDescription& key : (**keys).List({options.account, options.region})) {
    PrintKey(key.id, key.aws, key.caller.customer.id, ToText(key.caller.role), key.caller.plan,
             key.caller.whole_account, FormatIso(key.created_at));
  }
  return keys->Close();
}

Result<> DeleteOffline(const Options& options) {
  SB_TRY(const std::unique_ptr<OfflineKeys> keys, OfflineKeys::Open(options));
  SB_TRY_OK((**keys).Delete(options.key_id));
  return keys->Close();
}

Result<> DeleteOnline(const Options& options) {
  SB_TRY(const json::Value ignored,
         Ask(options, "DELETE", "/v1/keys/" + PercentEncode(options.key_id), "", 204));
  static_cast<void>(ignored);  // 204 has no body
  return {};
}

int Run(const Options& options, Result<> (*offline)(const Options&),
        Result<> (*online)(const Options&)) {
  if (const Result<> checked = CheckTarget(options); !checked.ok()) {
    return UsageError(checked.error().message());
  }
  const Result<> done = options.endpoint.empty() ? offline(options) : online(options);
  return done.ok() ? kExitGood : Failure(done.error().message());
}

void AddTargetOptions(CLI::App& app, Options& options) {
  app.add_option("--data", options.data_folder, "Data folder of a server that is stopped");
  app.add_option("--endpoint", options.endpoint, "Address of a running server");
  app.add_option("--key", options.admin_key, "An admin's key, with --endpoint");
  app.add_option("--account", options.account, "Account, with --data")->capture_default_str();
  app.add_option("--region", options.region, "Region, with --data")->capture_default_str();
  app.add_option("--env", options.environment, "Environment, with --data")->capture_default_str();
}

std::function<int()> Setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* create = app.add_subcommand("create", "Make a key and print it");
  AddTargetOptions(*create, *options);
  create->add_option("--customer", options->customer,
                     "Whose data it sees; with --aws, none: the whole account");
  create->add_option("--role", options->role, "What it may do")
      ->capture_default_str()
      ->check(CLI::IsMember({"viewer", "analyst", "manager", "admin"}));
  create->add_option("--plan", options->plan, "Rate limits")->capture_default_str();
  create->add_flag("--aws", options->aws, "An AWS key pair for Signature Version 4");
  create->footer(std::string("Example:\n") + kExample);
  CLI::App* list = app.add_subcommand("list", "List keys, never their secrets");
  AddTargetOptions(*list, *options);
  list->footer("Example:\n  securebase key list --data data");
  CLI::App* remove = app.add_subcommand("delete", "Delete a key: it is refused from then on");
  AddTargetOptions(*remove, *options);
  remove->add_option("id", options->key_id, "The key's id, as list shows it")->required();
  remove->footer("Example:\n  securebase key delete --data data KEY_ID");
  return [options, create, list] {
    if (create->parsed()) return Create(*options);
    if (list->parsed()) return Run(*options, ListOffline, ListOnline);
    return Run(*options, DeleteOffline, DeleteOnline);
  };
}

}  // namespace

Command KeyCommand() {
  return {
      .name = "key", .summary = "Make, list and delete keys", .example = kExample, .setup = Setup};
}

}  // namespace securebase::cli

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "analytics/sample_data.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/sample.h"
#include "cli/server_process.h"
#include "cli/traffic.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase demo\n"
    "  securebase demo --data data --listen 127.0.0.1:9000\n\n"
    "Serves sample customers without authentication on this machine only, with a little traffic\n"
    "of its own. The data stay in the folder; Ctrl-C stops.";

struct DemoOptions {
  ServerOptions server;
  bool no_traffic = false;
};

/// An admin's key, the same at every start: kept beside the data, which anybody on this machine
/// may read through the server anyway.
Result<std::string> DemoKey(server::Application& application, const Account& account) {
  server::Stores& stores = application.stores();
  const std::string path = stores.engine().folder() + "/demo.key";
  if (const Result<std::string> kept = PosixFileSystem().Read(path);
      kept.ok() && stores.keys().FindApiKey(Trim(*kept))) {
    return std::string(Trim(*kept));
  }
  SB_TRY(const std::string key,
         stores.keys().CreateApiKey({.customer = {account, analytics::SampleCustomers().front().id},
                                     .role = api::Role::kAdmin}));
  SB_TRY_OK(WriteFileAtomically(PosixFileSystem(), path, key + "\n"));
  return key;
}

void PrintWelcome(const std::string& url, const std::string& key) {
  std::fprintf(stderr,
               "\n  SecureBase runs with sample data.\n\n"
               "  Page      %s/\n"
               "  API       curl '%s/v1/analytics?dateRange=30d&dimension=service'\n"
               "  Criteria  securebase validate --endpoint %s\n"
               "  AWS CLI   aws cloudwatch list-metrics --endpoint-url %s\n"
               "  Key       %s\n\n"
               "  Report deliveries are sample figures too: nothing is sent.\n\n",
               url.c_str(), url.c_str(), url.c_str(), url.c_str(), key.c_str());
}

int RunDemo(CLI::App& app, const DemoOptions& options) {
  const Account account{options.server.settings.account, options.server.settings.region};
  std::string key;
  ServerHooks hooks;
  hooks.before_listen = [&](server::Application& application, const Clock& clock,
                            Random&) -> Result<> {
    Log(LogLevel::kInfo, "writing sample data");
    SB_TRY_OK(WriteDemoData(application.stores(), account, clock));
    SB_TRY(key, DemoKey(application, account));
    return {};
  };
  hooks.listening = [&](server::Application&, const std::string& url) -> std::function<void()> {
    PrintWelcome(url, key);
    if (options.no_traffic) return {};
    auto traffic = std::make_shared<std::unique_ptr<Traffic>>(std::make_unique<Traffic>(url));
    return [traffic] { traffic->reset(); };
  };
  return RunServer(app, options.server, hooks);
}

}  // namespace

Command DemoCommand() {
  return {.name = "demo",
          .summary = "Run the server with sample data, without authentication",
          .example = kExample,
          .setup = [](CLI::App& app) -> std::function<int()> {
            auto options = std::make_shared<DemoOptions>();
            options->server.settings.auth = "none";
            options->server.settings.data_folder = "data";
            AddServerOptions(app, options->server);
            app.add_flag("--no-traffic", options->no_traffic, "No requests of its own");
            return [options, &app] { return RunDemo(app, *options); };
          }};
}

}  // namespace securebase::cli

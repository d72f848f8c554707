#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/server_process.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase serve --data data --listen 127.0.0.1:8080 --auth none\n"
    "  securebase serve --data data --listen 0.0.0.0:8443 --auth required \\\n"
    "      --tls-cert cert.pem --tls-key key.pem\n\n"
    "SIGTERM and SIGINT stop it: accepted requests are finished, data are written, exit code 0.";

}  // namespace

Command ServeCommand() {
  return {.name = "serve",
          .summary = "Run the server",
          .example = kExample,
          .setup = [](CLI::App& app) -> std::function<int()> {
            auto options = std::make_shared<ServerOptions>();
            AddServerOptions(app, *options);
            app.add_option("--auth", options->settings.auth,
                           "required, or none: every caller is admin (loopback only)")
                ->capture_default_str()
                ->check(CLI::IsMember({"none", "required"}));
            return [options, &app] { return RunServer(app, *options, {}); };
          }};
}

}  // namespace securebase::cli

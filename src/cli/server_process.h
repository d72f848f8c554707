#pragma once

// The running server as `serve` and `demo` share it: from settings to a stop by signal.

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "cli/settings.h"
#include "server/application.h"
#include "server/http_server.h"

namespace CLI {
class App;
}

namespace securebase::cli {

/// The options beside the settings.
struct ServerOptions {
  Settings settings;
  std::string config_path;
  std::string clock;      // ISO time at which the clock starts, or empty
  std::string port_path;  // the port is written there, or empty
  bool i_know = false;    // --auth none on an address that others reach
};

/// Declares the options that `serve` and `demo` have in common; they fill `options`, which must
/// live until the parse. The configuration file is read when RunServer starts; what the command
/// line says wins over it.
void AddServerOptions(CLI::App& app, ServerOptions& options);

/// What a command does between the start and the stop.
struct ServerHooks {
  /// Once the stores are open, before anybody can connect.
  std::function<Result<>(server::Application&, const Clock&, Random&)> before_listen;
  /// Once the server listens at `url`; returns what is to be called before it stops.
  std::function<std::function<void()>(server::Application&, const std::string& url)> listening;
};

/// Runs the server until SIGTERM or SIGINT. The exit code (cli/command.h): good after a graceful
/// stop, usage for settings that are wrong, not met when the server could not start or end well.
int RunServer(CLI::App& app, ServerOptions options, const ServerHooks& hooks);

}  // namespace securebase::cli

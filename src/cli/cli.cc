#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>

#include "base/log.h"
#include "cli/command.h"
#include "server/version.h"

namespace securebase::cli {

int UsageError(const std::string& message) {
  std::fprintf(stderr, "securebase: %s\n", message.c_str());
  return kExitUsage;
}

int Failure(const std::string& message) {
  std::fprintf(stderr, "securebase: %s\n", message.c_str());
  return kExitNotMet;
}

namespace {

struct Prepared {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

int RunParsed(const std::vector<Prepared>& commands) {
  for (const Prepared& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return kExitUsage;
}

}  // namespace

int Main(int argc, const char* const* argv) {
  CLI::App app("SecureBase Analytics: metrics, logs, reports and their success criteria.",
               "securebase");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("securebase ") + server::kVersion);
  app.footer(
      "Example:\n  securebase demo --data data\n\n"
      "Exit codes: 0 good, 1 a verdict was not met or an operation failed, 2 wrong usage.");
  std::vector<Prepared> prepared;
  for (Command& command : AllCommands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    sub->footer("Example:\n" + command.example);
    prepared.push_back({sub, command.setup(*sub)});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kExitUsage;
  }
  const int code = RunParsed(prepared);
  FlushLog();
  return code;
}

}  // namespace securebase::cli

#pragma once

// Subcommands of the program: one file each, one entry in cli/commands.cc each.

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace securebase::cli {

// Exit codes of every subcommand.
inline constexpr int kExitGood = 0;
inline constexpr int kExitNotMet = 1;  // a verdict, a threshold or an operation failed
inline constexpr int kExitUsage = 2;   // wrong usage, or it could not be told

/// A subcommand: what help says of it, and how it declares its options.
struct Command {
  std::string name;     // "serve"
  std::string summary;  // one line for `securebase --help`
  /// Lines below the options of `securebase NAME --help`: at least one command that works as
  /// printed.
  std::string example;
  /// Declares options (and subcommands of its own) on `app` and returns what runs, with what
  /// exit code, once they are parsed. The options' variables live in what the returned function
  /// captures: a shared_ptr to the command's options.
  std::function<std::function<int()>(CLI::App& app)> setup;
};

// One function per file of this folder.
Command ServeCommand();
Command DemoCommand();
Command KeyCommand();
Command ImportCommand();
Command LoadtestCommand();
Command TableCommand();
Command ValidateCommand();
Command NotifyCommand();
Command QueryCommand();
Command MetricsCommand();
Command ApiDocsCommand();
Command AlarmCommand();
Command LogsCommand();
Command AgentCommand();
Command CheckCommand();

/// All subcommands, in the order of the help.
std::vector<Command> AllCommands();

/// Prints "securebase: MESSAGE" on stderr and returns kExitUsage.
int UsageError(const std::string& message);
/// The same with kExitNotMet: the usage was right, the operation failed.
int Failure(const std::string& message);

}  // namespace securebase::cli

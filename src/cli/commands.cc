#include "cli/command.h"

namespace securebase::cli {

std::vector<Command> AllCommands() {
  // A new subcommand is a line here and a file NAME.cc beside this one.
  return {
      ServeCommand(),     //
      DemoCommand(),      //
      KeyCommand(),       //
      ImportCommand(),    //
      LoadtestCommand(),  //
      TableCommand(),     //
      ValidateCommand(),  //
      NotifyCommand(),    //
      QueryCommand(),     //
      MetricsCommand(),   //
      ApiDocsCommand(),   //
      AlarmCommand(),     //
      LogsCommand(),      //
      AgentCommand(),     //
      CheckCommand(),     //
  };
}

}  // namespace securebase::cli

#pragma once

namespace securebase::cli {

/// The program: parses the command line, runs the subcommand, returns its exit code
/// (cli/command.h). Errors of usage go to stderr and return 2.
int Main(int argc, const char* const* argv);

}  // namespace securebase::cli

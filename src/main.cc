#include "cli/cli.h"

int main(int argc, char** argv) { return securebase::cli::Main(argc, argv); }

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "server/stores.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase check --data data\n"
    "  securebase check --data data --set-aside\n\n"
    "Reads every block of metrics. Exit code 1: some are damaged, and named. With --set-aside "
    "they\n"
    "are renamed to NAME.damaged, and queries answer without their data. The server must be "
    "stopped.";

struct Options {
  std::string data_folder;
  bool set_aside = false;
};

Result<std::size_t> Check(const Options& options) {
  if (!PosixFileSystem().Exists(options.data_folder)) {
    return NotFound(options.data_folder + ": no such folder");
  }
  SystemClock clock;
  SystemRandom random;
  SB_TRY(const std::unique_ptr<server::Stores> stores,
         server::Stores::Open({.folder = options.data_folder}, PosixFileSystem(), clock, random));
  metrics::EmbeddedMetricStore& metrics = stores->embedded_metrics();
  const std::vector<metrics::DamagedBlock> damaged = metrics.FindDamage();
  for (const metrics::DamagedBlock& block : damaged) {
    std::printf("%s: %s\n", block.path.c_str(), block.error.message().c_str());
    if (!options.set_aside) continue;
    SB_TRY_OK(metrics.SetAside(block.number));
    std::printf("%s: set aside\n", block.path.c_str());
  }
  if (damaged.empty()) {
    std::printf("%llu blocks of metrics, none damaged\n",
                static_cast<unsigned long long>(metrics.statistics().blocks));
  }
  SB_TRY_OK(stores->Close());
  return options.set_aside ? 0 : damaged.size();
}

}  // namespace

Command CheckCommand() {
  return {.name = "check",
          .summary = "Find damaged files of metrics, and set them aside",
          .example = kExample,
          .setup = [](CLI::App& app) {
            auto options = std::make_shared<Options>();
            app.add_option("--data", options->data_folder, "Data folder")->required();
            app.add_flag("--set-aside", options->set_aside,
                         "Rename damaged blocks and answer without them");
            return [options] {
              const Result<std::size_t> damaged = Check(*options);
              if (!damaged.ok()) return Failure(damaged.error().message());
              return *damaged == 0 ? kExitGood : kExitNotMet;
            };
          }};
}

}  // namespace securebase::cli

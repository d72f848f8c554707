#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "aws/api_document.h"
#include "base/file_system.h"
#include "cli/command.h"

namespace securebase::cli {

// For those who work on SecureBase: hidden from the help.
Command ApiDocsCommand() {
  return {"api-docs", "Write the tables of operations and parameters",
          "  securebase api-docs docs/api", [](CLI::App& app) -> std::function<int()> {
            auto folder = std::make_shared<std::string>();
            app.add_option("folder", *folder, "Where the pages go")->required();
            app.group("");
            return [folder] {
              for (const aws::Service service : {aws::Service::kCloudWatch, aws::Service::kLogs,
                                                 aws::Service::kSns, aws::Service::kDynamoDb}) {
                const std::string path =
                    *folder + "/" + std::string(aws::PageName(service)) + ".md";
                const Result<> written =
                    WriteFileAtomically(PosixFileSystem(), path, aws::ApiPage(service));
                if (!written.ok()) return Failure(written.error().message());
              }
              return kExitGood;
            };
          }};
}

}  // namespace securebase::cli

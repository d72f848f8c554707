#include "aws/api_document.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace securebase::aws {
namespace {

constexpr Service kServices[] = {Service::kCloudWatch, Service::kLogs, Service::kSns,
                                 Service::kDynamoDb};

TEST(ApiDocumentTest, TheCommittedPagesAreCurrent) {
  for (const Service service : kServices) {
    const std::string path =
        std::string(SB_SOURCE_DIR) + "/docs/api/" + std::string(PageName(service)) + ".md";
    std::ifstream file(path);
    std::stringstream committed;
    committed << file.rdbuf();
    // Not EXPECT_EQ: the difference would be pages long.
    EXPECT_TRUE(committed.str() == ApiPage(service))
        << path << " is out of date: run build/dev/securebase api-docs docs/api";
  }
}

TEST(ApiDocumentTest, SaysWhatBecomesOfEachParameter) {
  const std::string page = ApiPage(Service::kCloudWatch);
  auto has = [&](std::string_view text) { return page.find(text) != std::string::npos; };
  EXPECT_TRUE(has("\n## PutDashboard\n\nNeeds the role analyst."));
  EXPECT_TRUE(has("| `DashboardName` | text, required |  | evaluated |"));
  EXPECT_TRUE(has("| `Tags` |  |  | refused |"));
  EXPECT_TRUE(has("| `MetricData[].Dimensions[].Name` |"));
  EXPECT_TRUE(has("accepted without effect"));
  EXPECT_TRUE(has("\n## Refused\n"));
  EXPECT_TRUE(has("PutMetricStream"));
}

}  // namespace
}  // namespace securebase::aws

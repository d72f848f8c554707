#include "cli/sample.h"

#include <array>
#include <cmath>

#include "analytics/datasets.h"
#include "base/random.h"

namespace securebase::cli {
namespace {

using namespace analytics;  // the fields' names only
using std::chrono::days;

constexpr int kDays = 120;
constexpr double kPi = 3.141592653589793;

struct Service {
  std::string_view name;
  std::string_view unit;
  double cost_per_day;  // of the smallest customer, in dollars
};
constexpr std::array<Service, 10> kServices = {{{"AmazonEC2", "Hours", 220},
                                                {"AmazonRDS", "Hours", 130},
                                                {"AmazonS3", "GB-Month", 48},
                                                {"AWSLambda", "Requests", 22},
                                                {"AmazonDynamoDB", "Requests", 35},
                                                {"AmazonCloudFront", "GB", 28},
                                                {"AmazonEKS", "Hours", 64},
                                                {"AmazonCloudWatch", "Metrics", 17},
                                                {"AWSKeyManagementService", "Requests", 6},
                                                {"AmazonVPC", "Hours", 14}}};
constexpr std::array<std::string_view, 3> kRegions = {"us-east-1", "eu-central-1", "ap-south-1"};
constexpr std::array<std::string_view, 4> kTeams = {"platform", "payments", "research", "web"};
constexpr std::array<std::string_view, 4> kMetrics = {"api_calls", "compute_hours", "storage_gb",
                                                      "data_transfer_gb"};
constexpr std::array<std::string_view, 5> kSeverities = {"critical", "high", "medium", "low",
                                                         "informational"};
constexpr std::array<std::string_view, 6> kTitles = {
    "S3 bucket allows public read access",     "Security group open to 0.0.0.0/0 on port 22",
    "IAM user without multi-factor authentication", "RDS instance is not encrypted at rest",
    "Root account has access keys",            "CloudTrail is not enabled in every region"};

/// A customer's own random numbers, repeatable.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  /// Uniform in [0, 1).
  double Share() { return static_cast<double>(random_.Below(1u << 20)) / (1u << 20); }
  std::uint64_t Below(std::uint64_t bound) { return random_.Below(bound); }

 private:
  SeededRandom random_;
};

struct Sample {
  server::Stores& stores;
  const Account& account;
  const std::string& customer;
  std::size_t size;  // 0: the smallest customer
  Instant today;
};

Result<std::unique_ptr<events::Import>> Begin(const Sample& sample, std::string_view dataset) {
  return sample.stores.datasets().BeginImport(sample.account, dataset, "sample");
}

Result<> WriteCosts(const Sample& sample) {
  SB_TRY(const std::unique_ptr<events::Import> import, Begin(sample, kCost));
  Dice dice(100 + sample.size);
  for (int day = kDays - 1; day >= 0; --day) {
    const Instant time = sample.today - days(day);
    // Grows over the months and is lower at weekends.
    const double trend = (1 + 0.15 * sample.size) * (1 + 0.3 * (kDays - day) / kDays) *
                         (1 + 0.1 * std::sin(2 * kPi * day / 7.0));
    for (const Service& service : kServices) {
      for (std::size_t r = 0; r < kRegions.size(); ++r) {
        const double cost =
            service.cost_per_day * trend / static_cast<double>(r + 2) * (0.85 + 0.3 * dice.Share());
        import->Time(kCostTime, time);
        import->String(kCostService, service.name);
        import->String(kCostRegion, kRegions[r]);
        import->String(kCostAccount, "10000000000" + std::to_string(sample.size));
        import->String(kCostSubAccount, "20000000000" + std::to_string(dice.Below(4)));
        import->String(kCostChargeCategory, "Usage");
        import->String(kCostUnit, service.unit);
        import->Double(kCostBilled, std::round(cost * 100) / 100);
        import->Double(kCostEffective, std::round(cost * 92) / 100);
        import->Double(kCostUsage, std::round(cost * 7));
        import->String(kCostCurrency, "USD");
        import->String(kCostBillingPeriod, FormatDate(time).substr(0, 7));
        import->String(kCostProvider, "AWS");
        import->Extra("tags.team", kTeams[dice.Below(kTeams.size())]);
        SB_TRY_OK(import->EndRow(sample.customer));
      }
    }
  }
  return import->Commit();
}

Result<> WriteUsage(const Sample& sample) {
  SB_TRY(const std::unique_ptr<events::Import> import, Begin(sample, kUsage));
  Dice dice(200 + sample.size);
  for (int day = kDays - 1; day >= 0; --day) {
    for (std::size_t m = 0; m < kMetrics.size(); ++m) {
      const double base = m == 0 ? 250'000 : 800.0 * static_cast<double>(m);
      import->Time(kUsageTime, sample.today - days(day));
      import->String(kUsageMetric, kMetrics[m]);
      import->String(kUsageService, kServices[m].name);
      import->String(kUsageRegion, kRegions[dice.Below(kRegions.size())]);
      import->String(kUsageAccount, "10000000000" + std::to_string(sample.size));
      import->Double(kUsageValue, std::round(base * (0.8 + 0.4 * dice.Share())));
      SB_TRY_OK(import->EndRow(sample.customer));
    }
  }
  return import->Commit();
}

Result<> WriteFindings(const Sample& sample) {
  constexpr int kCount = 120;
  SB_TRY(const std::unique_ptr<events::Import> import, Begin(sample, kFindings));
  Dice dice(300 + sample.size);
  for (int i = 0; i < kCount; ++i) {
    // Few are critical, many are low.
    const double share = dice.Share();
    const std::size_t severity = share < 0.04 ? 0 : share < 0.16 ? 1 : share < 0.46 ? 2
                                                : share < 0.8    ? 3 : 4;
    const bool resolved = dice.Share() < 0.6;
    import->Time(kFindingTime, sample.today - days(dice.Below(kDays)));
    import->String(kFindingId, sample.customer + "-finding-" + std::to_string(i));
    import->String(kFindingTitle, kTitles[dice.Below(kTitles.size())]);
    import->String(kFindingSeverity, kSeverities[severity]);
    import->String(kFindingStatus, resolved ? "resolved" : "open");
    import->String(kFindingCompliance, resolved ? "passed" : "failed");
    import->String(kFindingControlId, "1." + std::to_string(1 + dice.Below(20)));
    import->String(kFindingRequirements, "|cis/1." + std::to_string(1 + dice.Below(20)) + "|");
    import->String(kFindingProduct, "Security Hub");
    import->String(kFindingResourceType, "AwsS3Bucket");
    import->String(kFindingResourceId, "arn:aws:s3:::bucket-" + std::to_string(dice.Below(40)));
    import->String(kFindingRegion, kRegions[dice.Below(kRegions.size())]);
    import->String(kFindingAccount, "10000000000" + std::to_string(sample.size));
    SB_TRY_OK(import->EndRow(sample.customer));
  }
  return import->Commit();
}

Result<> WriteControls(const Sample& sample) {
  constexpr int kPerFramework = 20;
  SB_TRY(const std::unique_ptr<events::Import> import, Begin(sample, kControls));
  Dice dice(400 + sample.size);
  for (const std::string_view framework : Frameworks()) {
    for (int i = 1; i <= kPerFramework; ++i) {
      const bool passed = dice.Share() < 0.85;
      import->Time(kControlTime, sample.today);
      import->String(kControlFramework, framework);
      import->String(kControlControlId, std::to_string(1 + i / 10) + "." + std::to_string(i % 10));
      import->String(kControlTitle, kTitles[dice.Below(kTitles.size())]);
      import->String(kControlStatus, passed ? "passed" : "failed");
      import->String(kControlSeverity, kSeverities[1 + dice.Below(3)]);
      import->String(kControlRegion, kRegions[0]);
      import->String(kControlAccount, "10000000000" + std::to_string(sample.size));
      SB_TRY_OK(import->EndRow(sample.customer));
    }
  }
  return import->Commit();
}

Result<> WriteCustomer(const Sample& sample) {
  documents::Item item;
  item["customer_id"] = sample.customer;
  item["name"] = "Sample customer " + sample.customer;
  item["status"] = "active";
  item["created_at"] = FormatIso(sample.today - days(kDays));
  return sample.stores.documents().Put(sample.account, sample.stores.tables().customers,
                                       std::move(item));
}

}  // namespace

const std::vector<std::string>& SampleCustomers() {
  // "default" is whom a request without a key or a customer is answered for.
  static const std::vector<std::string> customers = {"default", "acme", "globex", "initech"};
  return customers;
}

Result<> WriteSampleData(server::Stores& stores, const Account& account, const Clock& clock) {
  const Instant today = std::chrono::floor<days>(clock.Now());
  for (std::size_t i = 0; i < SampleCustomers().size(); ++i) {
    const Sample sample{stores, account, SampleCustomers()[i], i, today};
    const events::DatasetStatistics present =
        stores.datasets().Statistics({account, sample.customer}, kCost);
    if (present.rows > 0 && present.last >= today) continue;
    SB_TRY_OK(WriteCustomer(sample));
    SB_TRY_OK(WriteCosts(sample));
    SB_TRY_OK(WriteUsage(sample));
    SB_TRY_OK(WriteFindings(sample));
    SB_TRY_OK(WriteControls(sample));
  }
  return {};
}

}  // namespace securebase::cli

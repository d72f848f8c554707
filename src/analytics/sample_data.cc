#include "analytics/sample_data.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>

#include "analytics/datasets.h"
#include "base/random.h"

namespace securebase::analytics {
namespace {

using std::chrono::days;

struct Service {
  std::string_view name;
  std::string_view resource_type;
  std::string_view unit;
  double daily_cost;  // of a customer of size 1
  double unit_price;
  int resources;
  double growth;  // a day
};

constexpr auto kServices = std::to_array<Service>({
    {"AmazonEC2", "instance", "Hrs", 42, 0.096, 8, 0.0015},
    {"AmazonRDS", "database", "Hrs", 23, 0.17, 4, 0.001},
    {"AmazonS3", "bucket", "GB-Mo", 9, 0.023, 6, 0.003},
    {"AWSLambda", "function", "Requests", 6, 0.0000002, 6, 0.004},
    {"AmazonDynamoDB", "table", "Requests", 5, 0.00000025, 4, 0.002},
    {"AmazonCloudFront", "distribution", "GB", 7, 0.085, 2, 0.001},
    {"AmazonEKS", "cluster", "Hrs", 11, 0.1, 2, 0.0005},
    {"AmazonElastiCache", "cluster", "Hrs", 5, 0.068, 2, 0},
    {"AWSDataTransfer", "gateway", "GB", 4, 0.09, 2, 0.002},
    {"AmazonCloudWatch", "log-group", "GB", 3, 0.5, 3, 0.001},
    {"AmazonOpenSearch", "domain", "Hrs", 6, 0.167, 1, 0},
    {"AWSKMS", "key", "Requests", 0.6, 0.000003, 3, 0},
});
constexpr std::array<std::string_view, 4> kRegions = {"us-east-1", "us-west-2", "eu-west-1",
                                                      "ap-southeast-1"};
constexpr std::array<std::string_view, 4> kEnvironments = {"prod", "prod", "staging", "dev"};
constexpr std::array<std::string_view, 5> kTeams = {"platform", "payments", "search", "mobile",
                                                    "data"};

struct Check {
  std::string_view control;
  std::string_view title;
  std::string_view severity;
  std::string_view resource_type;
  std::string_view requirements;
};

constexpr auto kChecks = std::to_array<Check>({
    {"S3.8", "Buckets should block public access", "critical", "bucket",
     "|cis/2.1.4|hipaa/164.312(a)|nist-800-53/AC-3|pci-dss/1.3.1|"},
    {"IAM.6", "Hardware MFA should be enabled for the root user", "critical", "account",
     "|cis/1.6|hipaa/164.308(a)(5)|nist-800-53/IA-2|pci-dss/8.3.1|soc2/CC6.1|"},
    {"EC2.19", "Security groups should not open high-risk ports to the world", "critical",
     "security-group", "|cis/5.2|nist-800-53/SC-7|pci-dss/1.2.1|soc2/CC6.6|"},
    {"RDS.2", "Databases should not be reachable from the internet", "high", "database",
     "|hipaa/164.312(e)|iso-27001/A.8.20|nist-800-53/AC-4|pci-dss/1.3.2|"},
    {"CloudTrail.1", "A trail should record all regions", "high", "trail",
     "|cis/3.1|hipaa/164.312(b)|iso-27001/A.8.15|nist-800-53/AU-12|pci-dss/10.2|soc2/CC7.2|"},
    {"EC2.8", "Instances should require session tokens for metadata", "high", "instance",
     "|cis/5.6|nist-800-53/AC-6|soc2/CC6.3|"},
    {"RDS.3", "Databases should be encrypted at rest", "medium", "database",
     "|cis/2.3.1|hipaa/164.312(a)(2)|iso-27001/A.8.24|nist-800-53/SC-28|pci-dss/3.4|soc2/CC6.7|"},
    {"EC2.7", "Volumes should be encrypted by default", "medium", "account",
     "|cis/2.2.1|hipaa/164.312(a)(2)|iso-27001/A.8.24|nist-800-53/SC-28|"},
    {"KMS.4", "Keys should rotate", "medium", "key",
     "|cis/3.8|iso-27001/A.8.24|nist-800-53/SC-12|pci-dss/3.6.4|"},
    {"Backup.1", "Recovery points should be encrypted", "medium", "vault",
     "|hipaa/164.308(a)(7)|iso-27001/A.8.13|nist-800-53/CP-9|soc2/A1.2|"},
    {"Lambda.2", "Functions should use supported runtimes", "medium", "function",
     "|iso-27001/A.8.8|nist-800-53/SI-2|pci-dss/6.2|soc2/CC7.1|"},
    {"S3.9", "Buckets should log access", "low", "bucket",
     "|cis/3.6|iso-27001/A.8.15|nist-800-53/AU-2|soc2/CC7.2|"},
});

double Uniform(Random& random) { return static_cast<double>(random.Next() >> 11) * 0x1p-53; }

/// Weekly rhythm, slow growth, and one spike that a person will want to find.
double Level(const Service& service, int day, int days, std::size_t customer) {
  const double week = 1 + 0.12 * std::sin(2 * std::numbers::pi * day / 7.0);
  const double growth = 1 + service.growth * day;
  const bool spike = service.name == "AmazonEC2" && day == days - 9 - static_cast<int>(customer);
  return week * growth * (spike ? 2.4 : 1);
}

class Generator {
 public:
  Generator(const SampleOptions& options, std::size_t customer)
      : options_(options),
        customer_(customer),
        id_(SampleCustomers()[customer].id),
        account_(fmt::format("{:012}", 410'000'000'000 + 1'111 * customer)),
        random_(options.seed * 1'000 + customer),
        first_(std::chrono::floor<days>(options.now) - days(options.days - 1)) {}

  Result<> Cost(events::Import& import) {
    const double size = 0.4 + 0.45 * static_cast<double>(customer_);
    for (int day = 0; day < options_.days; ++day) {
      for (const Service& service : kServices) {
        for (int resource = 0; resource < service.resources; ++resource) {
          if (Uniform(random_) < 0.04) continue;  // not every resource runs every day
          const double cost = service.daily_cost / service.resources * size *
                              Level(service, day, options_.days, customer_) *
                              (0.75 + 0.5 * Uniform(random_));
          SB_TRY_OK(CostRow(import, service, day, resource, cost));
        }
      }
      if (day % 30 == 29) SB_TRY_OK(TaxRow(import, day, 95 * size));
    }
    return {};
  }

  Result<> Usage(events::Import& import) {
    struct Metric {
      std::string_view name, service, unit;
      double daily;
    };
    constexpr auto kMetrics = std::to_array<Metric>({
        {"api_calls", "AmazonApiGateway", "Count", 52'000},
        {"compute_hours", "AmazonEC2", "Hours", 190},
        {"storage_gb", "AmazonS3", "GB", 3'400},
        {"data_transfer_gb", "AWSDataTransfer", "GB", 46},
    });
    for (int day = 0; day < options_.days; ++day) {
      for (const Metric& metric : kMetrics) {
        const double value = metric.daily * (1 + static_cast<double>(customer_)) *
                             (1 + 0.002 * day) * (0.85 + 0.3 * Uniform(random_));
        import.Time(kUsageTime, first_ + days(day));
        import.String(kUsageMetric, metric.name);
        import.String(kUsageService, metric.service);
        import.String(kUsageRegion, kRegions[static_cast<std::size_t>(day) % 2]);
        import.String(kUsageAccount, account_);
        import.Double(kUsageValue, metric.name == "api_calls" ? std::floor(value) : value);
        import.String(kUsageUnit, metric.unit);
        SB_TRY_OK(import.EndRow(id_));
      }
    }
    return {};
  }

  /// Each check is evaluated weekly on some resources; what fails tends to be repaired.
  Result<> Findings(events::Import& import) {
    for (int day = options_.days % 7; day < options_.days; day += 7) {
      for (const Check& check : kChecks) {
        for (int resource = 0; resource < 4; ++resource) {
          const double age = static_cast<double>(options_.days - day) / options_.days;
          const double fails = 0.08 + 0.25 * age + (check.severity == "low" ? 0.15 : 0);
          SB_TRY_OK(FindingRow(import, check, day, resource, Uniform(random_) < fails));
        }
      }
    }
    return {};
  }

  /// What findings do not check: controls that people attest.
  Result<> Controls(events::Import& import) {
    constexpr std::array<std::string_view, 3> kAttested = {"Incident response is exercised",
                                                           "Access is reviewed each quarter",
                                                           "Suppliers are assessed"};
    for (int day = options_.days % 30; day < options_.days; day += 30) {
      for (std::string_view framework : Frameworks()) {
        for (std::size_t i = 0; i < kAttested.size(); ++i) {
          import.Time(kControlTime, first_ + days(day));
          import.String(kControlFramework, framework);
          import.String(kControlControlId, fmt::format("ORG-{}", i + 1));
          import.String(kControlTitle, kAttested[i]);
          import.String(kControlStatus, Uniform(random_) < 0.85 ? "passed" : "failed");
          import.String(kControlAccount, account_);
          SB_TRY_OK(import.EndRow(id_));
        }
      }
    }
    return {};
  }

 private:
  Result<> CostRow(events::Import& import, const Service& service, int day, int resource,
                   double cost) {
    const auto place = static_cast<std::size_t>(resource) + customer_;
    const double billed = std::round(cost * 1e6) / 1e6;
    const bool committed = service.unit == "Hrs" && resource % 3 == 0;
    import.Time(kCostTime, first_ + days(day));
    import.String(kCostService, service.name);
    import.String(kCostRegion, kRegions[place % (2 + customer_ % 3)]);
    import.String(kCostAccount, account_);
    import.String(kCostSubAccount, fmt::format("{}{}", account_.substr(0, 11), resource % 3));
    import.String(kCostResourceType, service.resource_type);
    import.String(kCostResourceId, fmt::format("{}-{:02x}{:02}", service.resource_type,
                                               customer_ * 7 + 16, resource));
    import.String(kCostChargeCategory, "Usage");
    import.String(kCostUnit, service.unit);
    import.Double(kCostBilled, billed);
    import.Double(kCostEffective, committed ? std::round(billed * 0.72 * 1e6) / 1e6 : billed);
    import.Double(kCostUsage, std::round(cost / service.unit_price * 1e4) / 1e4);
    import.String(kCostCurrency, "USD");
    import.String(kCostBillingPeriod, FormatDate(first_ + days(day)).substr(0, 7));
    import.String(kCostProvider, "AWS");
    import.Extra("tags.env", kEnvironments[place % kEnvironments.size()]);
    if (resource % 5 != 4) import.Extra("tags.team", kTeams[place % kTeams.size()]);
    return import.EndRow(id_);
  }

  Result<> TaxRow(events::Import& import, int day, double amount) {
    import.Time(kCostTime, first_ + days(day));
    import.String(kCostService, "Tax");
    import.String(kCostAccount, account_);
    import.String(kCostChargeCategory, "Tax");
    import.Double(kCostBilled, amount);
    import.Double(kCostEffective, amount);
    import.String(kCostCurrency, "USD");
    return import.EndRow(id_);
  }

  Result<> FindingRow(events::Import& import, const Check& check, int day, int resource,
                      bool fails) {
    const std::string id = fmt::format("{}-{}", check.resource_type, resource);
    import.Time(kFindingTime, first_ + days(day) + std::chrono::hours(resource));
    import.String(kFindingId, fmt::format("{}/{}/{}", account_, check.control, id));
    import.String(kFindingTitle, check.title);
    import.String(kFindingSeverity, check.severity);
    import.String(kFindingStatus, fails ? "open" : "resolved");
    import.String(kFindingCompliance, fails ? "failed" : "passed");
    import.String(kFindingControlId, check.control);
    import.String(kFindingRequirements, check.requirements);
    import.String(kFindingProduct, "Security Hub");
    import.String(kFindingResourceType, check.resource_type);
    import.String(kFindingResourceId, id);
    import.String(kFindingRegion, kRegions[static_cast<std::size_t>(resource) % 2]);
    import.String(kFindingAccount, account_);
    return import.EndRow(id_);
  }

  const SampleOptions& options_;
  const std::size_t customer_;
  const std::string& id_;
  const std::string account_;
  SeededRandom random_;
  const Instant first_;
};

}  // namespace

const std::vector<SampleCustomer>& SampleCustomers() {
  static const std::vector<SampleCustomer> customers = {
      {"default", "Demonstration"},           {"harbour-mills", "Harbour Mills"},
      {"juniper-clinic", "Juniper Clinic"},   {"lanternworks", "Lanternworks"},
      {"quarry-and-sons", "Quarry and Sons"}, {"tidewater-rail", "Tidewater Rail"},
  };
  return customers;
}

Result<> WriteSampleData(events::DatasetStore& datasets, const SampleOptions& options) {
  using Write = Result<> (Generator::*)(events::Import&);
  constexpr std::pair<std::string_view, Write> kParts[] = {{kCost, &Generator::Cost},
                                                           {kUsage, &Generator::Usage},
                                                           {kFindings, &Generator::Findings},
                                                           {kControls, &Generator::Controls}};
  for (const auto& [dataset, write] : kParts) {
    SB_TRY(std::unique_ptr<events::Import> import,
           datasets.BeginImport(options.account, dataset, "sample-data"));
    for (std::size_t i = 0; i < SampleCustomers().size(); ++i) {
      Generator generator(options, i);
      SB_TRY_OK((generator.*write)(*import));
    }
    SB_TRY_OK(import->Commit());
  }
  return {};
}

}  // namespace securebase::analytics

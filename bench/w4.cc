#include "bench/w4.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>

#include "analytics/datasets.h"

namespace securebase::bench {
namespace {

constexpr std::uint64_t kSeed = 4;
constexpr std::uint64_t kDays = 400;

constexpr std::array<std::string_view, 30> kServices = {
    "AmazonEC2",         "AmazonRDS",        "AmazonS3",
    "AWSLambda",         "AmazonDynamoDB",   "AmazonCloudWatch",
    "AmazonVPC",         "AmazonEKS",        "AWSDataTransfer",
    "AmazonElastiCache", "AmazonRedshift",   "AmazonSNS",
    "AmazonSQS",         "AWSKMS",           "AWSSecretsManager",
    "AmazonRoute53",     "AmazonCloudFront", "AmazonECR",
    "AWSGlue",           "AmazonAthena",     "AmazonKinesis",
    "AWSStepFunctions",  "AmazonEFS",        "AmazonGuardDuty",
    "AWSConfig",         "AWSSecurityHub",   "AmazonSageMaker",
    "AmazonOpenSearch",  "AWSBackup",        "AWSWAF"};
constexpr std::array<std::string_view, 8> kRegions = {
    "us-east-1",    "us-east-2",      "us-west-2",      "eu-west-1",
    "eu-central-1", "ap-southeast-1", "ap-northeast-1", "sa-east-1"};
constexpr std::array<std::string_view, 8> kTypes = {"instance", "volume", "snapshot", "bucket",
                                                    "function", "table",  "cluster",  "gateway"};
constexpr std::array<std::string_view, 4> kUnits = {"Hrs", "GB-Mo", "Requests", "GB"};
constexpr std::array<std::string_view, 8> kEnvironments = {"prod",    "prod",    "prod", "prod",
                                                           "staging", "staging", "dev",  "sandbox"};

std::uint64_t Mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

double RoundTo(double value, double scale) { return std::round(value * scale) / scale; }

}  // namespace

std::uint64_t RandomBits(std::uint64_t seed, std::uint64_t record, std::uint64_t field) {
  return Mix(Mix(Mix(seed) + record) + field);
}

double RandomUnit(std::uint64_t seed, std::uint64_t record, std::uint64_t field) {
  return static_cast<double>(RandomBits(seed, record, field) >> 11) * 0x1p-53;
}

double RandomNormal(std::uint64_t seed, std::uint64_t record, std::uint64_t field) {
  return std::sqrt(-2 * std::log(1 - RandomUnit(seed, record, field))) *
         std::cos(2 * std::numbers::pi * RandomUnit(seed, record, field + 1));
}

Zipf::Zipf(std::size_t n, double s) {
  double sum = 0;
  for (std::size_t rank = 1; rank <= n; ++rank) {
    sum += std::pow(static_cast<double>(rank), -s);
    cumulative_.push_back(sum);
  }
  for (double& weight : cumulative_) weight /= sum;
}

std::size_t Zipf::Pick(double unit) const {
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), unit);
  return std::min(static_cast<std::size_t>(found - cumulative_.begin()), cumulative_.size() - 1);
}

W4::W4(std::uint64_t records) : records_(records) {}

Instant W4::Today() { return FromUnixSeconds(1'780'272'000); }

CostRecord W4::At(std::uint64_t i) const {
  const std::size_t customer = customers_.Pick(RandomUnit(kSeed, i, 0));
  const std::size_t v = services_.Pick(RandomUnit(kSeed, i, 1));
  const std::uint64_t x = RandomBits(kSeed, i, 5);
  const double quantity = std::exp(1 + 1.5 * RandomNormal(kSeed, i, 3));
  const double billed = quantity * (0.01 + 0.2 * RandomUnit(kSeed, v, 20));
  const std::uint64_t category = (x >> 24) % 10;

  CostRecord record;
  record.date = Today() - std::chrono::days(kDays) + std::chrono::days(kDays * i / records_);
  record.service = kServices[v];
  record.region = kRegions[regions_.Pick(RandomUnit(kSeed, i, 2))];
  record.resource_type = kTypes[v % 8];
  record.category = category < 8 ? "Usage" : category == 8 ? "Purchase" : "Tax";
  record.unit = kUnits[v % 4];
  record.environment = kEnvironments[(x >> 32) % 8];
  record.customer = fmt::format("cust-{:03}", customer + 1);
  record.account = fmt::format("{:012}", 100'000'000'000 + customer);
  record.sub_account = fmt::format("{:012}", 200'000'000'000 + customer * 4 + x % 4);
  record.resource_id =
      fmt::format("{}-{}-{}", record.resource_type, record.customer, (x >> 8) % 500);
  record.team = fmt::format("team-{:02}", teams_.Pick(RandomUnit(kSeed, i, 6)));
  record.project = fmt::format("proj-{:03}", (x >> 48) % 60);
  record.quantity = RoundTo(quantity, 1e4);
  record.billed = RoundTo(billed, 1e6);
  record.effective = (x >> 40) % 10 < 3 ? RoundTo(billed * 0.72, 1e6) : record.billed;
  return record;
}

std::string_view W4::CsvHeader() {
  return "charge_date,customer_id,billing_account,sub_account,service,region,resource_type,"
         "resource_id,charge_category,unit,quantity,billed_cost,effective_cost,tags.env,tags.team,"
         "tags.project\n";
}

void W4::AppendCsv(std::uint64_t begin, std::uint64_t end, std::string& out) const {
  for (std::uint64_t i = begin; i < end; ++i) {
    const CostRecord r = At(i);
    fmt::format_to(std::back_inserter(out),
                   "{},{},{},{},{},{},{},{},{},{},{:.4f},{:.6f},{:.6f},{},{},{}\n",
                   FormatDate(r.date), r.customer, r.account, r.sub_account, r.service, r.region,
                   r.resource_type, r.resource_id, r.category, r.unit, r.quantity, r.billed,
                   r.effective, r.environment, r.team, r.project);
  }
}

Result<> W4::Feed(std::uint64_t begin, std::uint64_t end, events::Import& import) const {
  using namespace analytics;
  for (std::uint64_t i = begin; i < end; ++i) {
    const CostRecord r = At(i);
    import.Time(kCostTime, r.date);
    import.String(kCostAccount, r.account);
    import.String(kCostSubAccount, r.sub_account);
    import.String(kCostService, r.service);
    import.String(kCostRegion, r.region);
    import.String(kCostResourceType, r.resource_type);
    import.String(kCostResourceId, r.resource_id);
    import.String(kCostChargeCategory, r.category);
    import.String(kCostUnit, r.unit);
    import.Double(kCostUsage, r.quantity);
    import.Double(kCostBilled, r.billed);
    import.Double(kCostEffective, r.effective);
    import.Extra("tags.env", r.environment);
    import.Extra("tags.team", r.team);
    import.Extra("tags.project", r.project);
    SB_TRY_OK(import.EndRow(r.customer));
  }
  return {};
}

std::string W4::CustomerOf(std::uint64_t n) {
  return fmt::format("cust-{:03}", RandomBits(44, n % 200, 0) % 200 + 1);
}

W4::Parameters W4::Query(char name) {
  const auto range = [](const char* start) -> Parameters {
    return {{"dateRange", "custom"}, {"startDate", start}, {"endDate", "2026-05-31"}};
  };
  Parameters query;
  if (name == 'A') {
    query = range("2026-05-02");
    query.insert(query.end(), {{"dimension", "service"}, {"sort", "-cost"}});
  } else if (name == 'B') {
    query = range("2026-03-03");
    query.insert(
        query.end(),
        {{"groupBy", "service,region"},
         {"metrics", "effectiveCost,count"},
         {"limit", "20"},
         {"filters", R"({"region":{"in":["us-east-1","us-west-2","eu-west-1"]},"and":[{"or":[)"
                     R"({"service":{"in":["AmazonEC2","AmazonRDS","AmazonS3","AWSLambda",)"
                     R"("AmazonEKS"]}},{"cost":{"gt":2}}]},{"or":[)"
                     R"({"resource_id":{"startsWith":"instance"}},)"
                     R"({"resource_id":{"startsWith":"volume"}}]}],"tags.env":"prod",)"
                     R"("charge_category":{"ne":"Tax"}})"}});
  } else {
    query = range("2025-06-01");
    query.insert(
        query.end(),
        {{"dimension", "tags.team"}, {"granularity", "month"}, {"metrics", "effectiveCost"}});
  }
  return query;
}

}  // namespace securebase::bench

#include "aws/cloudwatch/anomaly_detector_store.h"

#include <algorithm>
#include <utility>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/metric_data_query.h"
#include "aws/codec/json.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

constexpr std::string_view kTable = "anomaly-detectors";
constexpr std::string_view kKey = "id";
constexpr std::string_view kDefinition = "definition";

std::string SingleKey(const metrics::Metric& metric, std::string_view statistic) {
  std::string identity;
  PutBytes(identity, metric.namespace_name);
  PutBytes(identity, metric.name);
  PutBytes(identity, statistic);
  for (const metrics::Dimension& dimension : metric.dimensions) {
    PutBytes(identity, dimension.name);
    PutBytes(identity, dimension.value);
  }
  return "single/" + Sha256Hex(identity);
}

std::string KeyOfDefinition(const DetectorDefinition& definition) {
  if (const Value* single = definition.Find("SingleMetricAnomalyDetector")) {
    metrics::Metric metric{single->TextOr("Namespace", ""), single->TextOr("MetricName", ""), {}};
    for (const Value& one : single->Elements("Dimensions")) {
      metric.dimensions.push_back({one.TextOr("Name", ""), one.TextOr("Value", "")});
    }
    return SingleKey(metric, single->TextOr("Stat", ""));
  }
  return "math/" + Sha256Hex(codec::EncodeJson(*definition.Find("MetricMathAnomalyDetector")));
}

documents::Item KeyItem(std::string id) {
  documents::Item item;
  item.emplace(kKey, std::move(id));
  return item;
}

Result<DetectorDefinition> Decoded(const documents::Item& item) {
  return codec::DecodeJson(*DetectorDefinitionShape(),
                           documents::StringAttribute(item, kDefinition));
}

}  // namespace

ShapePtr DetectorDefinitionShape() {
  const ShapePtr range = Struct({Required("StartTime", Time()), Required("EndTime", Time())});
  const ShapePtr single = Struct({
      Optional("AccountId", Text(1, 255)),
      Optional("Namespace", Text(1, 255)),
      Optional("MetricName", Text(1, 255)),
      Optional("Dimensions", DimensionsShape()),
      Optional("Stat", Text({}, 50)),
  });
  return Struct({
      Optional("SingleMetricAnomalyDetector", single),
      Optional("MetricMathAnomalyDetector",
               Struct({Optional("MetricDataQueries", ListOf(MetricDataQueryShape()))})),
      Optional("Configuration",
               Struct({Optional("ExcludedTimeRanges", ListOf(range)),
                       Optional("MetricTimezone", Text({}, 50)), Refused("AdaptationSpeed"),
                       Refused("OutlierFilteringStrength")})),
      Optional("MetricCharacteristics", Struct({Optional("PeriodicSpikes", Bool())})),
  });
}

Result<> AnomalyDetectorStore::Put(const Account& account,
                                   const DetectorDefinition& definition) const {
  documents::TableDescription table{.name = std::string(kTable),
                                    .id = std::string(kTable),
                                    .partition_key = {.name = std::string(kKey)},
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(documents_.CreateTable(account, std::move(table)));
  documents::Item item = KeyItem(KeyOfDefinition(definition));
  item.emplace(kDefinition, codec::EncodeJson(definition));
  return documents_.Put(account, std::string(kTable), std::move(item));
}

Result<bool> AnomalyDetectorStore::Delete(const Account& account,
                                          const DetectorDefinition& definition) const {
  const documents::Item key = KeyItem(KeyOfDefinition(definition));
  const auto found = documents_.Get(account, std::string(kTable), key);
  if (!found.ok() && found.error().code() != ErrorCode::kNotFound) return found.error();
  if (!found.ok() || !*found) return false;
  SB_TRY_OK(documents_.Delete(account, std::string(kTable), key));
  return true;
}

Result<std::optional<DetectorDefinition>> AnomalyDetectorStore::FindSingle(
    const Account& account, const metrics::Metric& metric, std::string_view statistic) const {
  const auto found =
      documents_.Get(account, std::string(kTable), KeyItem(SingleKey(metric, statistic)));
  if (!found.ok() && found.error().code() != ErrorCode::kNotFound) return found.error();
  if (!found.ok() || !*found) return std::optional<DetectorDefinition>();
  SB_TRY(DetectorDefinition definition, Decoded((*found)->item));
  return std::optional(std::move(definition));
}

Result<std::vector<std::pair<std::string, DetectorDefinition>>> AnomalyDetectorStore::List(
    const Account& account) const {
  std::vector<std::pair<std::string, DetectorDefinition>> out;
  const auto items = documents_.All(account, std::string(kTable));
  if (!items.ok()) {
    // No detector was ever made in the account.
    if (items.error().code() == ErrorCode::kNotFound) return out;
    return items.error();
  }
  for (const documents::Item& item : *items) {
    SB_TRY(DetectorDefinition definition, Decoded(item));
    out.emplace_back(documents::StringAttribute(item, kKey), std::move(definition));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

metrics::math::DetectorConfiguration ConfigurationOf(const DetectorDefinition& definition) {
  metrics::math::DetectorConfiguration out;
  if (const Value* configuration = definition.Find("Configuration")) {
    for (const Value& range : configuration->Elements("ExcludedTimeRanges")) {
      out.excluded.push_back({*range.Time("StartTime"), *range.Time("EndTime")});
    }
    if (const std::string* name = configuration->Text("MetricTimezone")) {
      out.timezone = TimeZone::Find(*name).value_or(TimeZone());
    }
  }
  if (const Value* characteristics = definition.Find("MetricCharacteristics")) {
    out.periodic_spikes = characteristics->Bool("PeriodicSpikes", false);
  }
  return out;
}

std::optional<metrics::math::DetectorConfiguration> AccountDetectors::Find(
    const metrics::Metric& metric, std::string_view statistic) const {
  const auto found = store_.FindSingle(account_, metric, statistic);
  // A detector that cannot be read leaves the model at its defaults.
  if (!found.ok() || !*found) return std::nullopt;
  return ConfigurationOf(**found);
}

}  // namespace securebase::aws::cloudwatch

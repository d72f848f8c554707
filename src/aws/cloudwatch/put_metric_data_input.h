#pragma once

// The input of PutMetricData as a client sent it, before its rules are checked, and the one
// description of how it is read. PutMetricData is the busiest operation: JSON and CBOR are read
// straight into this, without a tree between.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::aws::cloudwatch {

struct DimensionInput {
  std::optional<std::string_view> name;
  std::optional<std::string_view> value;
};

struct StatisticSetInput {
  std::optional<double> sample_count;
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
};

struct DatumInput {
  std::optional<std::string_view> metric_name;
  std::vector<DimensionInput> dimensions;
  std::optional<Instant> timestamp;
  std::optional<double> value;
  std::optional<StatisticSetInput> statistics;
  std::optional<std::vector<double>> values;
  std::optional<std::vector<double>> counts;
  std::optional<std::string_view> unit;
  std::optional<std::int64_t> resolution_s;
};

/// One of EntityMetricData: data that belong to an entity.
struct EntityInput {
  bool has_entity = false;
  bool has_key_attributes = false;
  std::vector<DatumInput> data;
};

/// Views into the request (or the decoder that read it).
struct PutMetricDataInput {
  std::optional<std::string_view> namespace_name;
  std::vector<DatumInput> data;
  std::vector<EntityInput> entities;
  bool strict_entity_validation = false;
};

/// The same input as every other operation describes it; for AWS Query and for comparison.
const ShapePtr& PutMetricDataShape();

/// What is done with the input while its views are valid.
using UseInput = std::function<Result<>(const PutMetricDataInput&)>;

// Read the input and hand it to `use`. Errors: SerializationException; ValidationError for members
// that are unknown; what `use` returns.
Result<> ReadFromJson(std::string_view body, const UseInput& use);
Result<> ReadFromCbor(std::string_view body, const UseInput& use);
Result<> ReadFromValue(const Value& value, const UseInput& use);

}  // namespace securebase::aws::cloudwatch

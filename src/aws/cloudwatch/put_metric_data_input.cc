#include "aws/cloudwatch/put_metric_data_input.h"

#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "aws/cloudwatch/common.h"
#include "aws/codec/cbor.h"
#include "aws/codec/json.h"

namespace securebase::aws::cloudwatch {
namespace {

namespace ondemand = simdjson::ondemand;

// A source is what a codec offers for one value: SkipNull, Text, Double, Int, Bool, Time, and
// Members and Elements, which call back with a source for each part. codec::CborReader is one.

Error MalformedJson(simdjson::error_code code) {
  return codec::Malformed("", code == simdjson::INCORRECT_TYPE
                                  ? "A value of a wrong type"
                                  : std::string(simdjson::error_message(code)));
}

/// A value of simdjson's on-demand front end.
class JsonSource {
 public:
  explicit JsonSource(ondemand::value value) : value_(value) {}

  bool SkipNull() {
    bool null = false;
    return value_.is_null().get(null) == simdjson::SUCCESS && null;
  }
  Result<std::string_view> Text() { return Get<std::string_view>(value_.get_string()); }
  Result<bool> Bool() { return Get<bool>(value_.get_bool()); }

  Result<double> Double() {
    ondemand::json_type type;
    if (const auto error = value_.type().get(type)) return MalformedJson(error);
    if (type != ondemand::json_type::string) return Get<double>(value_.get_double());
    SB_TRY(const std::string_view text, Text());
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    return codec::Malformed("", "STRING_VALUE cannot be converted to Double");
  }

  Result<std::int64_t> Int() {
    std::int64_t number = 0;
    if (value_.get_int64().get(number) == simdjson::SUCCESS) return number;
    // Some clients write whole numbers with a point.
    SB_TRY(const double real, Get<double>(value_.get_double()));
    if (real != std::trunc(real) || !(std::abs(real) < 9e15)) {
      return codec::Malformed("", "DECIMAL_VALUE cannot be converted to Integer");
    }
    return static_cast<std::int64_t>(real);
  }

  Result<Instant> Time() {
    ondemand::json_type type;
    if (const auto error = value_.type().get(type)) return MalformedJson(error);
    if (type == ondemand::json_type::string) {
      SB_TRY(const std::string_view text, Text());
      Result<Instant> time = ParseIsoOrEpoch(text);
      if (time.ok()) return time;
      return codec::Malformed("", "STRING_VALUE cannot be converted to Timestamp");
    }
    SB_TRY(const double seconds, Get<double>(value_.get_double()));
    if (!(std::abs(seconds) < 1e12)) return codec::Malformed("", "A time that is out of range");
    return FromUnixMillis(static_cast<std::int64_t>(std::llround(seconds * 1000)));
  }

  template <class Each>
  Result<> Members(Each&& each) {
    ondemand::object object;
    if (const auto error = value_.get_object().get(object)) return MalformedJson(error);
    return MembersOf(object, each);
  }

  template <class Each>
  Result<> Elements(Each&& each) {
    ondemand::array array;
    if (const auto error = value_.get_array().get(array)) return MalformedJson(error);
    for (auto element : array) {
      ondemand::value value;
      if (const auto error = std::move(element).get(value)) return MalformedJson(error);
      JsonSource source(value);
      SB_TRY_OK(each(source));
    }
    return {};
  }

  template <class Each>
  static Result<> MembersOf(ondemand::object& object, Each&& each) {
    for (auto member : object) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return MalformedJson(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return MalformedJson(error);
      JsonSource source(field.value());
      SB_TRY_OK(each(name, source));
    }
    return {};
  }

 private:
  template <class T>
  static Result<T> Get(simdjson::simdjson_result<T> result) {
    T value;
    if (const auto error = std::move(result).get(value)) return MalformedJson(error);
    return value;
  }

  ondemand::value value_;
};

/// A value that a codec has decoded by PutMetricDataShape: types are right already.
class ValueSource {
 public:
  explicit ValueSource(const Value& value) : value_(&value) {}

  bool SkipNull() { return value_->IsNull(); }
  Result<std::string_view> Text() { return std::string_view(*value_->As<std::string>()); }
  Result<double> Double() { return *value_->As<double>(); }
  Result<std::int64_t> Int() { return *value_->As<std::int64_t>(); }
  Result<bool> Bool() { return *value_->As<bool>(); }
  Result<Instant> Time() { return *value_->As<Instant>(); }

  template <class Each>
  Result<> Members(Each&& each) {
    const auto* map = value_->As<Value::Map>();
    for (const auto& [name, value] :
         map != nullptr ? map->entries : value_->As<Value::Struct>()->fields) {
      ValueSource source(value);
      SB_TRY_OK(each(std::string_view(name), source));
    }
    return {};
  }
  template <class Each>
  Result<> Elements(Each&& each) {
    for (const Value& value : *value_->As<Value::List>()) {
      ValueSource source(value);
      SB_TRY_OK(each(source));
    }
    return {};
  }

 private:
  const Value* value_;
};

// An error on its way out collects its path; Placed gives it the text that names it.

Error At(std::string_view step, const Error& error) {
  std::string path(step);
  if (!error.field().empty()) path.append(".").append(error.field());
  return Error(error.code(), error.message(), std::move(path), error.wire_code());
}

Error Placed(const Error& error) {
  if (error.field().empty()) return error;
  std::string message = error.wire_code() == "ValidationError"
                            ? "The parameter " + error.field() + " is unknown."
                            : error.message() + " at '" + error.field() + "'";
  return Error(error.code(), std::move(message), error.field(), error.wire_code());
}

Error Unknown(std::string_view name) {
  return Error(ErrorCode::kInvalidArgument, {}, std::string(name), "ValidationError");
}

Error Twice(std::string_view name) {
  return codec::Malformed(std::string(name), "The member is given twice");
}

/// Sets a member that must not be set yet.
template <class T>
Result<> Into(std::optional<T>& member, std::string_view name, Result<T> value) {
  if (!value.ok()) return At(name, value.error());
  if (member) return Twice(name);
  member = *std::move(value);
  return {};
}

template <class Source>
Result<std::vector<double>> ReadDoubles(Source& in) {
  std::vector<double> numbers;
  SB_TRY_OK(in.Elements([&](auto& element) -> Result<> {
    SB_TRY(const double number, element.Double());
    numbers.push_back(number);
    return {};
  }));
  return numbers;
}

template <class Source>
Result<StatisticSetInput> ReadStatistics(Source& in) {
  StatisticSetInput set;
  SB_TRY_OK(in.Members([&](std::string_view name, auto& value) -> Result<> {
    std::optional<double>* member = name == "SampleCount" ? &set.sample_count
                                    : name == "Sum"       ? &set.sum
                                    : name == "Minimum"   ? &set.minimum
                                    : name == "Maximum"   ? &set.maximum
                                                          : nullptr;
    if (member == nullptr) return Unknown(name);
    if (value.SkipNull()) return {};
    return Into(*member, name, value.Double());
  }));
  return set;
}

template <class Source>
Result<> ReadDimension(Source& in, DimensionInput& dimension) {
  return in.Members([&](std::string_view name, auto& value) -> Result<> {
    if (name != "Name" && name != "Value") return Unknown(name);
    if (value.SkipNull()) return {};
    return Into(name == "Name" ? dimension.name : dimension.value, name, value.Text());
  });
}

/// Reads a list of structures, each into its place; an error gets the element's number.
template <class T, class Source, class Read>
Result<> ReadList(Source& in, std::string_view name, std::vector<T>& list, Read&& read) {
  if (!list.empty()) return Twice(name);
  Result<> result = in.Elements([&](auto& element) -> Result<> {
    const Result<> one = read(element, list.emplace_back());
    if (!one.ok()) return At("member." + std::to_string(list.size()), one.error());
    return {};
  });
  if (!result.ok()) return At(name, result.error());
  return {};
}

enum class DatumMember {
  kUnknown,
  kMetricName,
  kDimensions,
  kTimestamp,
  kValue,
  kStatisticValues,
  kValues,
  kCounts,
  kUnit,
  kStorageResolution,
};

/// By the length first: each name is compared at most twice.
DatumMember DatumMemberOf(std::string_view name) {
  auto is = [&](std::string_view wanted, DatumMember member) {
    return name == wanted ? member : DatumMember::kUnknown;
  };
  switch (name.size()) {
    case 4:
      return is("Unit", DatumMember::kUnit);
    case 5:
      return is("Value", DatumMember::kValue);
    case 6:
      return name == "Counts" ? DatumMember::kCounts : is("Values", DatumMember::kValues);
    case 9:
      return is("Timestamp", DatumMember::kTimestamp);
    case 10:
      return name == "MetricName" ? DatumMember::kMetricName
                                  : is("Dimensions", DatumMember::kDimensions);
    case 15:
      return is("StatisticValues", DatumMember::kStatisticValues);
    case 17:
      return is("StorageResolution", DatumMember::kStorageResolution);
    default:
      return DatumMember::kUnknown;
  }
}

template <class Source>
Result<> ReadDatumMember(DatumMember member, std::string_view name, Source& value,
                         DatumInput& datum) {
  switch (member) {
    case DatumMember::kMetricName:
      return Into(datum.metric_name, name, value.Text());
    case DatumMember::kValue:
      return Into(datum.value, name, value.Double());
    case DatumMember::kTimestamp:
      return Into(datum.timestamp, name, value.Time());
    case DatumMember::kUnit:
      return Into(datum.unit, name, value.Text());
    case DatumMember::kValues:
      return Into(datum.values, name, ReadDoubles(value));
    case DatumMember::kCounts:
      return Into(datum.counts, name, ReadDoubles(value));
    case DatumMember::kStatisticValues:
      return Into(datum.statistics, name, ReadStatistics(value));
    case DatumMember::kStorageResolution:
      return Into(datum.resolution_s, name, value.Int());
    case DatumMember::kDimensions:
      if (datum.dimensions.empty()) datum.dimensions.reserve(4);
      return ReadList(value, name, datum.dimensions,
                      [](auto& one, DimensionInput& out) { return ReadDimension(one, out); });
    case DatumMember::kUnknown:
      break;
  }
  return Unknown(name);
}

template <class Source>
Result<> ReadDatum(Source& in, DatumInput& datum) {
  return in.Members([&](std::string_view name, auto& value) -> Result<> {
    const DatumMember member = DatumMemberOf(name);
    if (member == DatumMember::kUnknown) return Unknown(name);
    if (value.SkipNull()) return {};
    return ReadDatumMember(member, name, value, datum);
  });
}

template <class Source>
Result<> ReadData(Source& in, std::string_view name, std::vector<DatumInput>& data) {
  if (data.empty()) data.reserve(32);
  return ReadList(in, name, data,
                  [](auto& one, DatumInput& datum) { return ReadDatum(one, datum); });
}

template <class Source>
Result<> ReadTextMap(Source& in, bool& any) {
  return in.Members([&](std::string_view name, auto& value) -> Result<> {
    if (value.SkipNull()) return {};
    const Result<std::string_view> text = value.Text();
    if (!text.ok()) return At(name, text.error());
    any = true;
    return {};
  });
}

template <class Source>
Result<> ReadEntity(Source& in, EntityInput& entity) {
  entity.has_entity = true;
  return in.Members([&](std::string_view name, auto& value) -> Result<> {
    if (name != "KeyAttributes" && name != "Attributes") return Unknown(name);
    if (value.SkipNull()) return {};
    bool ignored = false;
    const Result<> read =
        ReadTextMap(value, name == "KeyAttributes" ? entity.has_key_attributes : ignored);
    if (!read.ok()) return At(name, read.error());
    return {};
  });
}

template <class Source>
Result<> ReadEntityData(Source& in, EntityInput& entity) {
  return in.Members([&](std::string_view name, auto& value) -> Result<> {
    if (name != "Entity" && name != "MetricData") return Unknown(name);
    if (value.SkipNull()) return {};
    if (name == "MetricData") return ReadData(value, name, entity.data);
    const Result<> read = ReadEntity(value, entity);
    if (!read.ok()) return At(name, read.error());
    return {};
  });
}

/// Reads one member of the input.
template <class Source>
Result<> ReadMember(std::string_view name, Source& value, PutMetricDataInput& input) {
  const bool known = name == "Namespace" || name == "MetricData" || name == "EntityMetricData" ||
                     name == "StrictEntityValidation";
  if (!known) return Unknown(name);
  if (value.SkipNull()) return {};
  if (name == "Namespace") return Into(input.namespace_name, name, value.Text());
  if (name == "MetricData") return ReadData(value, name, input.data);
  if (name == "EntityMetricData") {
    return ReadList(value, name, input.entities,
                    [](auto& one, EntityInput& entity) { return ReadEntityData(one, entity); });
  }
  const Result<bool> strict = value.Bool();
  if (!strict.ok()) return At(name, strict.error());
  input.strict_entity_validation = *strict;
  return {};
}

/// Only blanks are left.
bool AtEnd(std::string_view rest) { return rest.find_first_not_of(" \t\r\n") == rest.npos; }

Result<> ReadDocument(ondemand::document& document, std::string_view body,
                      PutMetricDataInput& input) {
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) return MalformedJson(error);
  SB_TRY_OK(JsonSource::MembersOf(object, [&](std::string_view name, JsonSource& value) {
    return ReadMember(name, value, input);
  }));
  const char* location = nullptr;
  const auto error = document.current_location().get(location);
  if (error == simdjson::SUCCESS && !AtEnd({location, std::strlen(location)})) {
    return codec::Malformed("", "There is text after the JSON value");
  }
  // The last structural character must close the object: nothing else may follow it.
  if (const std::size_t last = body.find_last_not_of(" \t\r\n"); body[last] != '}') {
    return codec::Malformed("", "There is text after the JSON value");
  }
  return {};
}

/// simdjson reads up to 64 bytes beyond the text: it gets a copy with room behind.
struct JsonScratch {
  ondemand::parser parser;
  std::string padded;
};

}  // namespace

const ShapePtr& PutMetricDataShape() {
  static const ShapePtr kShape = [] {
    const ShapePtr set = Struct({Required("SampleCount", Double()), Required("Sum", Double()),
                                 Required("Minimum", Double()), Required("Maximum", Double())});
    const ShapePtr dimension = Struct({Required("Name", Text()), Required("Value", Text())});
    const ShapePtr datum = Struct({
        Required("MetricName", Text()),
        Optional("Dimensions", ListOf(dimension)),
        Optional("Timestamp", Time()),
        Optional("Value", Double()),
        Optional("StatisticValues", set),
        Optional("Values", ListOf(Double())),
        Optional("Counts", ListOf(Double())),
        Optional("Unit", Text()),
        Optional("StorageResolution", Int()),
    });
    const ShapePtr entity =
        Struct({Optional("KeyAttributes", MapOf(Text())), Accepted("Attributes", MapOf(Text()))});
    const ShapePtr entity_data =
        Struct({Accepted("Entity", entity), Optional("MetricData", ListOf(datum))});
    return Struct({
        Required("Namespace", Text()),
        Optional("MetricData", ListOf(datum)),
        Optional("EntityMetricData", ListOf(entity_data)),
        Optional("StrictEntityValidation", Bool()),
    });
  }();
  return kShape;
}

Result<> ReadFromJson(std::string_view body, const UseInput& use) {
  thread_local JsonScratch scratch;
  PutMetricDataInput input;
  if (body.find_first_not_of(" \t\r\n") == body.npos) return use(input);
  scratch.padded.assign(body);
  scratch.padded.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document;
  const auto error =
      scratch.parser.iterate(scratch.padded.data(), body.size(), scratch.padded.size())
          .get(document);
  if (error) return MalformedJson(error);
  if (Result<> read = ReadDocument(document, body, input); !read.ok()) {
    return Placed(read.error());
  }
  return use(input);
}

Result<> ReadFromCbor(std::string_view body, const UseInput& use) {
  PutMetricDataInput input;
  if (body.empty()) return use(input);
  codec::CborReader in(body);
  const Result<> read = in.Members([&](std::string_view name, codec::CborReader& value) {
    return ReadMember(name, value, input);
  });
  if (!read.ok()) return Placed(read.error());
  if (!in.AtEnd()) return codec::Malformed("", "There are bytes after the CBOR value");
  return use(input);
}

Result<> ReadFromValue(const Value& value, const UseInput& use) {
  PutMetricDataInput input;
  ValueSource in(value);
  const Result<> read = in.Members(
      [&](std::string_view name, ValueSource& member) { return ReadMember(name, member, input); });
  if (!read.ok()) return Placed(read.error());
  return use(input);
}

}  // namespace securebase::aws::cloudwatch

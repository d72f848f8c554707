// PutMetricData (spec: cloudwatch-api 2): every rule is checked before anything is stored.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "aws/cloudwatch/put_metric_data_input.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

using std::chrono::hours;

constexpr std::size_t kDataMax = 1000;
constexpr std::size_t kEntitiesMax = 2;
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kValuesMax = 150;  // different ones
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kDimensionValueMax = 1024;
constexpr double kMagnitudeMax = 0x1p360;
constexpr double kMagnitudeMin = 0x1p-360;
constexpr Duration kPastMax = hours(24 * 14);
constexpr Duration kFutureMax = hours(2);

/// Faults by kind. A request with several kinds is answered with the first kind of this order,
/// all its messages joined with line feeds.
class Faults {
 public:
  void Missing(std::string message) { Add(missing_, std::move(message)); }
  void Combination(std::string message) { Add(combination_, std::move(message)); }
  void Value(std::string message) { Add(value_, std::move(message)); }

  void MissingParameter(const std::string& name) {
    Missing("The parameter " + name + " is required.");
  }
  void InvalidValue(std::string_view shown, const std::string& name) {
    Value("The value " + std::string(shown) + " for parameter " + name + " is invalid.");
  }

  Result<> ToResult() && {
    if (!missing_.empty()) return Make("MissingParameter", std::move(missing_));
    if (!combination_.empty()) {
      return Make("InvalidParameterCombination", std::move(combination_));
    }
    if (!value_.empty()) return Make("InvalidParameterValue", std::move(value_));
    return {};
  }

 private:
  static void Add(std::string& messages, std::string message) {
    if (!messages.empty()) messages += '\n';
    messages += message;
  }
  static Error Make(std::string wire_code, std::string messages) {
    return Error(ErrorCode::kInvalidArgument, std::move(messages), "MetricData",
                 std::move(wire_code));
  }

  std::string missing_;
  std::string combination_;
  std::string value_;
};

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

bool IsStorable(double value) {
  if (!std::isfinite(value)) return false;
  const double magnitude = std::abs(value);
  return magnitude == 0 || (magnitude <= kMagnitudeMax && magnitude >= kMagnitudeMin);
}

std::string ListOfUnits() {
  std::string out;
  for (std::string_view unit : kUnits) {
    if (!out.empty()) out += ", ";
    out += unit;
  }
  return out;
}

/// Turns one datum as sent into one to store. The name of a parameter is only built for a fault.
class DatumCheck {
 public:
  DatumCheck(std::string_view list, std::size_t index, const CallContext& context, Faults& faults)
      : list_(list), index_(index), context_(context), faults_(faults) {}

  metrics::Datum Check(const DatumInput& in, std::string_view namespace_name) {
    metrics::Datum out;
    out.metric.namespace_name = namespace_name;
    CheckName(in, out);
    CheckDimensions(in, out);
    CheckTime(in, out);
    CheckUnit(in, out);
    CheckResolution(in, out);
    CheckSamples(in, out);
    return out;
  }

 private:
  std::string Name(std::string_view member) const {
    return std::string(list_) + ".member." + std::to_string(index_) + "." + std::string(member);
  }

  void CheckName(const DatumInput& in, metrics::Datum& out) {
    if (!in.metric_name || in.metric_name->empty()) {
      faults_.MissingParameter(Name("MetricName"));
    } else if (in.metric_name->size() > kNameMax || ContainsControlCharacter(*in.metric_name)) {
      faults_.InvalidValue(*in.metric_name, Name("MetricName"));
    } else {
      out.metric.name = *in.metric_name;
    }
  }

  void CheckDimensionText(const std::optional<std::string_view>& text, std::size_t length_max,
                          std::size_t number, std::string_view member, bool is_name) {
    auto name = [&] {
      return Name("Dimensions.member." + std::to_string(number) + "." + std::string(member));
    };
    if (!text || text->empty()) {
      faults_.MissingParameter(name());
    } else if (text->size() > length_max || !IsPrintableAscii(*text) || IsBlank(*text) ||
               (is_name && text->front() == ':')) {
      faults_.InvalidValue(*text, name());
    }
  }

  void CheckDimensions(const DatumInput& in, metrics::Datum& out) {
    if (in.dimensions.size() > kDimensionsMax) {
      faults_.Value("The collection " + Name("Dimensions") +
                    " must not have a size greater than 30.");
      return;
    }
    std::vector<metrics::Dimension>& dimensions = out.metric.dimensions;
    dimensions.reserve(in.dimensions.size());
    for (const DimensionInput& one : in.dimensions) {
      const std::size_t number = dimensions.size() + 1;
      CheckDimensionText(one.name, kNameMax, number, "Name", true);
      CheckDimensionText(one.value, kDimensionValueMax, number, "Value", false);
      dimensions.push_back(
          {std::string(one.name.value_or("")), std::string(one.value.value_or(""))});
    }
    auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    auto same_name = [](const auto& a, const auto& b) { return a.name == b.name; };
    if (!std::is_sorted(dimensions.begin(), dimensions.end(), by_name)) {
      std::sort(dimensions.begin(), dimensions.end(), by_name);
    }
    const auto twice = std::adjacent_find(dimensions.begin(), dimensions.end(), same_name);
    if (twice != dimensions.end() && !twice->name.empty()) {
      faults_.InvalidValue(twice->name, Name("Dimensions"));
    }
  }

  void CheckTime(const DatumInput& in, metrics::Datum& out) {
    out.time = in.timestamp.value_or(context_.now);
    if (out.time < context_.now - kPastMax || out.time > context_.now + kFutureMax) {
      faults_.Value("The parameter " + Name("Timestamp") +
                    " must specify a time within the past two weeks.");
    }
  }

  void CheckUnit(const DatumInput& in, metrics::Datum& out) {
    if (!in.unit) return;
    if (std::find(kUnits.begin(), kUnits.end(), *in.unit) == kUnits.end()) {
      faults_.Value("The parameter " + Name("Unit") + " must be a value in the set [ " +
                    ListOfUnits() + " ].");
      return;
    }
    out.unit = *in.unit;
  }

  void CheckResolution(const DatumInput& in, metrics::Datum& out) {
    if (!in.resolution_s) return;
    if (*in.resolution_s != 1 && *in.resolution_s != 60) {
      faults_.InvalidValue(std::to_string(*in.resolution_s), Name("StorageResolution"));
      return;
    }
    out.resolution_s = static_cast<int>(*in.resolution_s);
  }

  void CheckStorable(double value, std::string_view member) {
    if (!IsStorable(value)) {
      faults_.InvalidValue(std::isnan(value) ? "NaN" : FormatDouble(value), Name(member));
    }
  }

  void Exclusive(std::string_view a, std::string_view b) {
    faults_.Combination("The parameters " + Name(a) + " and " + Name(b) +
                        " are mutually exclusive and you have specified both.");
  }

  void CheckSamples(const DatumInput& in, metrics::Datum& out) {
    if (!in.value && !in.values && !in.statistics) {
      faults_.Missing("At least one of the parameters " + Name("Value") + ", " + Name("Values") +
                      " or " + Name("StatisticValues") + " must be specified.");
    }
    if (in.value && in.values) Exclusive("Value", "Values");
    if (in.value && in.statistics) Exclusive("Value", "StatisticValues");
    if (in.values && in.statistics) Exclusive("Values", "StatisticValues");
    if (in.value) {
      CheckStorable(*in.value, "Value");
      out.values.emplace_back(*in.value, 1.0);
    }
    if (in.values || in.counts) CheckValues(in, out);
    if (in.statistics) CheckStatistics(*in.statistics, out);
  }

  void CheckValues(const DatumInput& in, metrics::Datum& out) {
    if (!in.values) {
      faults_.InvalidValue("[..]", Name("Counts"));
      return;
    }
    const std::vector<double>& values = *in.values;
    if (in.counts && in.counts->size() != values.size()) {
      faults_.Value("The parameters " + Name("Values") + " and " + Name("Counts") +
                    " must be of the same size.");
      return;
    }
    if (values.empty()) {
      faults_.MissingParameter(Name("Values"));
      return;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      CheckStorable(values[i], "Values");
      const double count = in.counts ? (*in.counts)[i] : 1.0;
      if (!std::isfinite(count) || count < 0) {
        faults_.InvalidValue(FormatDouble(count), Name("Counts"));
      } else if (count > 0) {
        out.values.emplace_back(values[i], count);
      }
    }
    if (values.size() > kValuesMax) CheckDifferent(values);
  }

  void CheckDifferent(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto end = std::unique(values.begin(), values.end());
    if (static_cast<std::size_t>(end - values.begin()) > kValuesMax) {
      faults_.Value("The collection " + Name("Values") + " must not have a size greater than 150.");
    }
  }

  void CheckStatistics(const StatisticSetInput& in, metrics::Datum& out) {
    auto required = [&](const std::optional<double>& value, std::string_view member) {
      const std::string path = "StatisticValues." + std::string(member);
      if (value) {
        CheckStorable(*value, path);
      } else {
        faults_.MissingParameter(Name(path));
      }
    };
    required(in.sample_count, "SampleCount");
    required(in.sum, "Sum");
    required(in.minimum, "Minimum");
    required(in.maximum, "Maximum");
    if (!in.sample_count || !in.sum || !in.minimum || !in.maximum) return;
    if (*in.maximum < *in.minimum) {
      faults_.Value("The parameter " + Name("StatisticValues.Maximum") + " must be greater than " +
                    Name("StatisticValues.Minimum") + ".");
    }
    if (*in.sample_count <= 0) {
      faults_.Value("The parameter " + Name("StatisticValues.SampleCount") +
                    " must be greater than 0.");
    }
    out.statistics = {*in.sample_count, *in.sum, *in.minimum, *in.maximum};
  }

  const std::string_view list_;
  const std::size_t index_;
  const CallContext& context_;
  Faults& faults_;
};

void CheckNamespace(const PutMetricDataInput& input, const CallContext& context, Faults& faults) {
  if (!input.namespace_name || input.namespace_name->empty()) {
    faults.MissingParameter("Namespace");
    return;
  }
  const std::string_view name = *input.namespace_name;
  if (name.starts_with("AWS/") && context.caller.role < api::Role::kAdmin) {
    faults.InvalidValue("AWS/", "Namespace");
  } else if (name.size() > kNameMax || !IsPrintableAscii(name) || IsBlank(name) ||
             name.front() == ':') {
    faults.InvalidValue(name, "Namespace");
  }
}

/// Entities are metadata that we keep none of; only their form is checked.
void CheckEntities(const PutMetricDataInput& input, CallContext& context, Faults& faults) {
  if (input.entities.size() > kEntitiesMax) {
    faults.Value("The collection EntityMetricData must not have a size greater than 2.");
    context.headers.emplace_back("X-Amzn-Failure-Message", "EntitySizeTooLarge");
    return;
  }
  for (std::size_t i = 0; i < input.entities.size(); ++i) {
    if (input.entities[i].has_key_attributes) continue;
    context.headers.emplace_back("X-Amzn-Failure-Message", input.entities[i].has_entity
                                                               ? "InvalidKeyAttributes"
                                                               : "MissingRequiredFields");
    if (input.strict_entity_validation) {
      faults.Value("The parameter EntityMetricData.member." + std::to_string(i + 1) +
                   ".Entity is invalid.");
    }
    return;
  }
}

Result<std::vector<metrics::Datum>> CheckInput(const PutMetricDataInput& input,
                                               CallContext& context) {
  Faults faults;
  CheckNamespace(input, context, faults);
  CheckEntities(input, context, faults);
  std::size_t count = input.data.size();
  for (const EntityInput& entity : input.entities) count += entity.data.size();
  if (count == 0) faults.MissingParameter("MetricData");
  std::vector<metrics::Datum> data;
  if (count > kDataMax) {
    faults.Value("The collection MetricData must not have a size greater than 1000.");
  } else {
    data.reserve(count);
    auto check = [&](const std::vector<DatumInput>& list, std::string_view name) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        data.push_back(DatumCheck(name, i + 1, context, faults)
                           .Check(list[i], input.namespace_name.value_or("")));
      }
    };
    check(input.data, "MetricData");
    for (std::size_t i = 0; i < input.entities.size(); ++i) {
      check(input.entities[i].data,
            "EntityMetricData.member." + std::to_string(i + 1) + ".MetricData");
    }
  }
  SB_TRY_OK(std::move(faults).ToResult());
  // Values that all have the count 0 say nothing.
  std::erase_if(
      data, [](const metrics::Datum& datum) { return datum.values.empty() && !datum.statistics; });
  return data;
}

Result<> Read(const WireInput& input, const UseInput& use) {
  if (input.protocol == Protocol::kCbor) return ReadFromCbor(input.body, use);
  if (input.protocol != Protocol::kQuery) return ReadFromJson(input.body, use);
  SB_TRY(const Value value, codec::DecodeForm(*PutMetricDataShape(), input.form));
  return ReadFromValue(value, use);
}

void Start(const WireInput& input, CallContext& context, Finish finish) {
  std::vector<metrics::Datum> data;
  const Result<> read = Read(input, [&](const PutMetricDataInput& in) -> Result<> {
    SB_TRY(data, CheckInput(in, context));
    return {};
  });
  if (!read.ok()) {
    finish(read.error());
    return;
  }
  if (data.empty()) {
    finish(Value());
    return;
  }
  context.stores.metrics.Put(context.account, std::move(data),
                             [finish = std::move(finish)](Result<> stored) {
                               if (stored.ok()) {
                                 finish(Value());
                               } else {
                                 finish(std::move(stored).error());
                               }
                             });
}

}  // namespace

Operation PutMetricData() {
  return {.name = "PutMetricData",
          .role = api::Role::kAnalyst,
          .input = PutMetricDataShape(),
          .start = Start};
}

}  // namespace securebase::aws::cloudwatch

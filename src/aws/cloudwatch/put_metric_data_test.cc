// What is promised: every rule and sentence of PutMetricData, all or nothing. The direct readers of
// PutMetricData agree with the generic ones.
#include <gtest/gtest.h>

#include <set>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/put_metric_data_input.h"
#include "aws/codec/cbor.h"
#include "aws/codec/json.h"
#include "aws/testing/aws_world.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

// The world's clock stands at 2026-06-01T12:00:30Z.
constexpr std::string_view kRange =
    R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T12:10:00Z")";

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A PutMetricData of one datum with these members beside its name.
std::string OneDatum(std::string_view members) {
  return R"({"Namespace": "N", "MetricData": [{"MetricName": "m", )" + std::string(members) + "}]}";
}

class PutMetricDataTest : public ::testing::Test {
 protected:
  void Refuses(std::string_view members, const std::string& error) {
    EXPECT_EQ(world_.CloudWatchError("PutMetricData", OneDatum(members)),
              Replaced(error, "$", "MetricData.member.1."))
        << members;
  }
  AwsWorld world_;
};

TEST_F(PutMetricDataTest, RefusesWhatTheRulesForbid) {
  const std::string missing = "MissingRequiredParameterException: ";
  const std::string value = "InvalidParameterValueException: ";
  const std::string combination = "InvalidParameterCombinationException: ";
  auto refuses = [&](std::string body, const std::string& error) {
    EXPECT_EQ(world_.CloudWatchError("PutMetricData", body), error) << body;
  };
  refuses("{}", missing +
                    "The parameter Namespace is required.\n"
                    "The parameter MetricData is required.");
  refuses(R"({"Namespace": "N", "MetricData": []})",
          missing + "The parameter MetricData is required.");
  refuses(R"({"Namespace": "N", "MetricData": [{}, {"MetricName": "", "Value": 1}]})",
          missing +
              "The parameter MetricData.member.1.MetricName is required.\n"
              "At least one of the parameters MetricData.member.1.Value, "
              "MetricData.member.1.Values or MetricData.member.1.StatisticValues must be "
              "specified.\nThe parameter MetricData.member.2.MetricName is required.");
  refuses(R"({"Namespace": ":N", "MetricData": [{"MetricName": "m", "Value": 1}]})",
          value + "The value :N for parameter Namespace is invalid.");

  Refuses(R"("Value": 1, "Values": [1])",
          combination +
              "The parameters $Value and $Values are mutually exclusive and you have "
              "specified both.");
  Refuses(R"("Value": 1, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1,
             "Maximum": 1})",
          combination +
              "The parameters $Value and $StatisticValues are mutually exclusive and you "
              "have specified both.");
  Refuses(R"("Values": [1], "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1,
             "Maximum": 1})",
          combination +
              "The parameters $Values and $StatisticValues are mutually exclusive and "
              "you have specified both.");
  Refuses(R"("Values": [1, 2], "Counts": [1])",
          value + "The parameters $Values and $Counts must be of the same size.");
  Refuses(R"("Values": [])", missing + "The parameter $Values is required.");
  Refuses(R"("Value": 1, "Counts": [1])",
          value + "The value [..] for parameter $Counts is invalid.");
  Refuses(R"("Values": [1], "Counts": [-1])",
          value + "The value -1 for parameter $Counts is invalid.");
  Refuses(R"("Value": "NaN")", value + "The value NaN for parameter $Value is invalid.");
  Refuses(R"("Value": 1e200)", value + "The value 1e+200 for parameter $Value is invalid.");
  Refuses(R"("Value": 1e-200)", value + "The value 1e-200 for parameter $Value is invalid.");
  Refuses(R"("StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1})",
          missing + "The parameter $StatisticValues.Maximum is required.");
  Refuses(R"("StatisticValues": {"SampleCount": 0, "Sum": 1, "Minimum": 2, "Maximum": 1})",
          value +
              "The parameter $StatisticValues.Maximum must be greater than "
              "$StatisticValues.Minimum.\nThe parameter $StatisticValues.SampleCount must be "
              "greater than 0.");
  Refuses(R"("Value": 1, "StorageResolution": 30)",
          value + "The value 30 for parameter $StorageResolution is invalid.");
  for (const char* time : {"2026-05-18T12:00:00Z", "2026-06-01T14:00:31Z"}) {
    Refuses(R"("Value": 1, "Timestamp": ")" + std::string(time) + "\"",
            value + "The parameter $Timestamp must specify a time within the past two weeks.");
  }
  Refuses(R"("Value": 1, "Unit": "Parsecs")",
          value +
              "The parameter $Unit must be a value in the set [ Seconds, Microseconds, "
              "Milliseconds, Bytes, Kilobytes, Megabytes, Gigabytes, Terabytes, Bits, Kilobits, "
              "Megabits, Gigabits, Terabits, Percent, Count, Bytes/Second, Kilobytes/Second, "
              "Megabytes/Second, Gigabytes/Second, Terabytes/Second, Bits/Second, "
              "Kilobits/Second, Megabits/Second, Gigabits/Second, Terabits/Second, "
              "Count/Second, None ].");
  Refuses(R"("Value": 1, "Dimensions": [{"Name": "a"}])",
          missing + "The parameter $Dimensions.member.1.Value is required.");
  Refuses(R"("Value": 1, "Dimensions": [{"Name": ":a", "Value": " "}])",
          value +
              "The value :a for parameter $Dimensions.member.1.Name is invalid.\n"
              "The value   for parameter $Dimensions.member.1.Value is invalid.");
  Refuses(R"("Value": 1, "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}])",
          value + "The value a for parameter $Dimensions is invalid.");

  EXPECT_TRUE(world_.metrics().List(Account(), {})->metrics.empty());
}

TEST_F(PutMetricDataTest, BoundsCollections) {
  auto list = [](int count, auto element) {
    std::string out = "[";
    for (int i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + element(i);
    return out + "]";
  };
  auto number = [](int i) { return std::to_string(i); };
  auto same = [](int) { return std::string("1"); };
  auto dimension = [](int i) {
    return R"({"Name": "d)" + std::to_string(i) + R"(", "Value": "v"})";
  };
  auto datum = [](int) { return std::string(R"({"MetricName": "m", "Value": 1})"); };
  Refuses(R"("Values": )" + list(151, number),
          "InvalidParameterValueException: The collection $Values must not have a size greater "
          "than 150.");
  Refuses(R"("Value": 1, "Dimensions": )" + list(31, dimension),
          "InvalidParameterValueException: The collection $Dimensions must not have a size "
          "greater than 30.");
  EXPECT_EQ(world_.CloudWatchError(
                "PutMetricData", R"({"Namespace": "N", "MetricData": )" + list(1001, datum) + "}"),
            "InvalidParameterValueException: The collection MetricData must not have a size "
            "greater than 1000.");
  world_.CloudWatch("PutMetricData", OneDatum(R"("Values": )" + list(200, same)));
  world_.CloudWatch("PutMetricData",
                    OneDatum(R"("Value": 1, "Dimensions": )" + list(30, dimension)));
}

TEST_F(PutMetricDataTest, NamesWhatItCannotRead) {
  Refuses(R"("Foo": 1)", "ValidationException: The parameter $Foo is unknown.");
  Refuses(R"("Value": 1, "Dimensions": [{"Nome": 1}])",
          "ValidationException: The parameter $Dimensions.member.1.Nome is unknown.");
  Refuses(R"("StatisticValues": {"Median": 1})",
          "ValidationException: The parameter $StatisticValues.Median is unknown.");
  Refuses(R"("Value": true)", "SerializationException: A value of a wrong type at '$Value'");
  Refuses(R"("Value": 1, "Value": 2)",
          "SerializationException: The member is given twice at '$Value'");
  for (const char* body : {"{", "[]", "{} x", "{}}", "nonsense", R"({"Namespace": 1})",
                           R"({"Namespace": "N", "MetricData": {}})", "\"\xff\""}) {
    EXPECT_TRUE(world_.CloudWatchError("PutMetricData", body).starts_with("SerializationException"))
        << body;
  }
}

TEST_F(PutMetricDataTest, TakesEntitiesAndChecksTheirForm) {
  auto send = [&](std::string entity, std::string more = "") {
    return world_.SendJson("GraniteServiceVersion20100801.PutMetricData",
                           R"({"Namespace": "N", "EntityMetricData": [{)" + entity +
                               R"("MetricData": [{"MetricName": "m", "Value": 1}]}])" + more + "}");
  };
  const std::string good =
      R"("Entity": {"KeyAttributes": {"Type": "Service"}, "Attributes": {"a": "b"}}, )";
  auto response = send(good);
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.Has("X-Amzn-Failure-Message"));
  response = send("");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("X-Amzn-Failure-Message"), "MissingRequiredFields");
  response = send(R"("Entity": {}, )", R"(, "StrictEntityValidation": true)");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("X-Amzn-Failure-Message"), "InvalidKeyAttributes");
  response = world_.SendJson("GraniteServiceVersion20100801.PutMetricData",
                             R"({"Namespace": "N", "EntityMetricData": [{}, {}, {}]})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("X-Amzn-Failure-Message"), "EntitySizeTooLarge");
}

TEST_F(PutMetricDataTest, CountsOfZeroStoreNothing) {
  world_.CloudWatch("PutMetricData", OneDatum(R"("Values": [1, 2], "Counts": [0, 0])"));
  EXPECT_TRUE(world_.metrics().List(Account(), {})->metrics.empty());
}

/// What the three readers see, as text.
std::string Print(const PutMetricDataInput& in) {
  std::string out(in.namespace_name.value_or("-"));
  auto number = [&](const std::optional<double>& d) { out += d ? " " + FormatDouble(*d) : " -"; };
  auto data = [&](const std::vector<DatumInput>& list) {
    for (const DatumInput& one : list) {
      out += "|" + std::string(one.metric_name.value_or("-"));
      for (const auto& d : one.dimensions) {
        out += " " + std::string(d.name.value_or("-")) + "=" + std::string(d.value.value_or("-"));
      }
      out += one.timestamp ? " " + FormatIsoMillis(*one.timestamp) : " -";
      number(one.value);
      if (one.statistics) {
        number(one.statistics->sample_count);
        number(one.statistics->sum);
        number(one.statistics->minimum);
        number(one.statistics->maximum);
      }
      for (const auto* list : {&one.values, &one.counts}) {
        if (!*list) continue;
        out += " [";
        for (double d : **list) number(d);
      }
      out += " " + std::string(one.unit.value_or("-"));
      out += one.resolution_s ? " " + std::to_string(*one.resolution_s) : " -";
    }
  };
  data(in.data);
  for (const EntityInput& entity : in.entities) {
    out += entity.has_key_attributes ? "|E" : "|e";
    data(entity.data);
  }
  return out + (in.strict_entity_validation ? "!" : "");
}

TEST(PutMetricDataInputTest, TheDirectReadersAgreeWithTheGenericOnes) {
  const std::string body = R"({"Namespace": "A\u00e4", "StrictEntityValidation": true,
      "MetricData": [{"MetricName": "m", "Timestamp": 1765977780.25, "Value": -0.5, "Unit": "Count",
        "StorageResolution": 1, "Dimensions": [{"Name": "a", "Value": "b"}, {"Value": "c"}]},
        {"MetricName": null, "Values": [1, 2.5], "Counts": [3, 4]}, {},
        {"StatisticValues": {"SampleCount": 1, "Sum": 2, "Minimum": 3, "Maximum": 4}}],
      "EntityMetricData": [{"Entity": {"KeyAttributes": {"Type": "t"}},
        "MetricData": [{"MetricName": "x"}]}]})";
  std::vector<std::string> seen;
  const UseInput use = [&](const PutMetricDataInput& in) -> Result<> {
    seen.push_back(Print(in));
    return {};
  };
  const auto tree = codec::DecodeJson(*PutMetricDataShape(), body);
  ASSERT_TRUE(tree.ok()) << tree.error().message();
  ASSERT_TRUE(ReadFromValue(*tree, use).ok());
  ASSERT_TRUE(ReadFromJson(body, use).ok());
  ASSERT_TRUE(ReadFromCbor(codec::EncodeCbor(*tree), use).ok());
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_EQ(seen[0],
            "A\xC3\xA4|m a=b -=c 2025-12-17T13:23:00.250Z -0.5 Count 1|- - - [ 1 2.5 [ 3 4 - -|- "
            "- - - -|- - - 1 2 3 4 - -|E|x - - - -!");
}

TEST(PutMetricDataInputTest, CborErrorsNameTheirPlace) {
  const UseInput use = [](const PutMetricDataInput&) -> Result<> { return {}; };
  auto error = [&](std::string_view hex) {
    const auto read = ReadFromCbor(*HexDecode(hex), use);
    return read.ok() ? "" : read.error().message();
  };
  // {"MetricData": [{"Value": "a"}]}
  EXPECT_EQ(error("a16a4d657472696344617461"
                  "81"
                  "a1"
                  "6556616c7565"
                  "6161"),
            "a text where a number is expected at 'MetricData.member.1.Value'");
  EXPECT_EQ(error("a163466f6f01"), "The parameter Foo is unknown.");
  EXPECT_EQ(error("a000"), "There are bytes after the CBOR value");
  EXPECT_EQ(error(""), "");
}

}  // namespace
}  // namespace securebase::aws::cloudwatch

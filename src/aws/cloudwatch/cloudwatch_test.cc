// What is promised: every rule and sentence of PutMetricData, all or nothing; statistics, periods
// and units as specified; paging that neither loses nor repeats. The direct readers of
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

class ReadingTest : public ::testing::Test {
 protected:
  ReadingTest() {
    // Minute 12:00: 1, 3; minute 12:01: 5 (Count), 7 (Seconds).
    world_.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [
        {"MetricName": "m", "Unit": "Count", "Timestamp": "2026-06-01T12:00:05Z", "Values": [1, 3]},
        {"MetricName": "m", "Unit": "Count", "Timestamp": "2026-06-01T12:01:00Z", "Value": 5},
        {"MetricName": "m", "Unit": "Seconds", "Timestamp": "2026-06-01T12:01:00Z", "Value": 7},
        {"MetricName": "set", "Timestamp": "2026-06-01T12:00:00Z",
         "StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}},
        {"MetricName": "m", "Dimensions": [{"Name": "z", "Value": "1"}, {"Name": "a", "Value": "2"}],
         "Timestamp": "2026-06-01T12:00:00Z", "Value": 9}]})");
  }

  std::string Statistics(std::string_view members) {
    return world_
        .SendJson("GraniteServiceVersion20100801.GetMetricStatistics",
                  R"({"Namespace": "N", )" + std::string(members) + "}")
        .body;
  }
  std::string StatisticsError(std::string_view members) {
    return world_.CloudWatchError("GetMetricStatistics",
                                  R"({"Namespace": "N", )" + std::string(members) + "}");
  }

  AwsWorld world_;
};

TEST_F(ReadingTest, GetMetricStatisticsGivesADatapointAPeriodAndUnit) {
  EXPECT_EQ(Statistics(R"("MetricName": "m", "Period": 60, "Statistics": ["Average", "Sum",
                          "SampleCount", "Minimum", "Maximum"], )" +
                       std::string(kRange)),
            R"({"Label":"m","Datapoints":[)"
            R"({"Timestamp":1780315200.0,"Average":2.0,"Sum":4.0,"SampleCount":2.0,)"
            R"("Minimum":1.0,"Maximum":3.0,"Unit":"Count"},)"
            R"({"Timestamp":1780315260.0,"Average":5.0,"Sum":5.0,"SampleCount":1.0,)"
            R"("Minimum":5.0,"Maximum":5.0,"Unit":"Count"},)"
            R"({"Timestamp":1780315260.0,"Average":7.0,"Sum":7.0,"SampleCount":1.0,)"
            R"("Minimum":7.0,"Maximum":7.0,"Unit":"Seconds"}]})");
  EXPECT_EQ(Statistics(R"("MetricName": "m", "Period": 600, "Statistics": ["Sum"],
                          "Unit": "Seconds", )" +
                       std::string(kRange)),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Sum":7.0,)"
            R"("Unit":"Seconds"}]})");
}

TEST_F(ReadingTest, DimensionsMustMatchExactlyInAnyOrder) {
  const std::string rest =
      R"(, "MetricName": "m", "Period": 600, "Statistics": ["Sum"], )" + std::string(kRange);
  EXPECT_NE(
      Statistics(R"("Dimensions": [{"Name": "a", "Value": "2"}, {"Name": "z", "Value": "1"}])" +
                 rest)
          .find("\"Sum\":9.0"),
      std::string::npos);
  EXPECT_EQ(Statistics(R"("Dimensions": [{"Name": "a", "Value": "2"}])" + rest),
            R"({"Label":"m","Datapoints":[]})");
  EXPECT_NE(
      StatisticsError(
          R"("Dimensions": [{"Name": "a", "Value": "2"}, {"Name": "a", "Value": "3"}])" + rest)
          .find("names the dimension a more than once"),
      std::string::npos);
}

TEST_F(ReadingTest, TheUsersSpellingsOfStatisticsWork) {
  const std::string rest =
      R"(], "MetricName": "m", "Unit": "Seconds", "Period": 600, )" + std::string(kRange);
  EXPECT_EQ(Statistics(R"("Statistics": ["Average,Maximum")" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Average":7.0,"Maximum":7.0,)"
            R"("Unit":"Seconds"}]})");
  EXPECT_EQ(Statistics(R"("Statistics": ["p95")" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Unit":"Seconds",)"
            R"("ExtendedStatistics":{"p95":7.0}}]})");
  EXPECT_EQ(Statistics(R"j("ExtendedStatistics": ["p50", "TM(10%:90%)")j" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Unit":"Seconds",)"
            R"j("ExtendedStatistics":{"p50":7.0,"TM(10%:90%)":7.0}}]})j");
  EXPECT_EQ(StatisticsError(R"("Statistics": ["Median")" + rest),
            "InvalidParameterValueException: The value Median for parameter Statistics.member.1 is "
            "not supported.");
}

TEST_F(ReadingTest, AStatisticSetHasNoPercentiles) {
  const std::string rest = R"(], "MetricName": "set", "Period": 60, )" + std::string(kRange);
  EXPECT_EQ(Statistics(R"("Statistics": ["p95")" + rest), R"({"Label":"set","Datapoints":[]})");
  EXPECT_NE(Statistics(R"("Statistics": ["Sum", "p95")" + rest).find(R"("Sum":3.0,"Unit":"None"})"),
            std::string::npos);
}

TEST_F(ReadingTest, GetMetricStatisticsRefusesWhatTheRulesForbid) {
  const std::string head = R"("MetricName": "m", )";
  auto range = [](std::string_view start, std::string_view end) {
    return R"("StartTime": ")" + std::string(start) + R"(", "EndTime": ")" + std::string(end) +
           "\"";
  };
  EXPECT_EQ(StatisticsError(head + R"("Period": 60, )" + std::string(kRange)),
            "InvalidParameterCombinationException: Must specify either Statistics or "
            "ExtendedStatistics");
  const std::string sum = head + R"("Statistics": ["Sum"], )";
  EXPECT_EQ(StatisticsError(sum + R"("Period": 60, )" +
                            range("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")),
            "InvalidParameterValueException: The parameter StartTime must be less than the "
            "parameter EndTime.");
  EXPECT_EQ(StatisticsError(sum + R"("Period": 1, )" +
                            range("2026-05-31T12:00:00Z", "2026-06-01T12:00:00Z")),
            "InvalidParameterCombinationException: You have requested up to 86400 datapoints, "
            "which exceeds the limit of 1440. You may reduce the datapoints requested by "
            "increasing Period, or decreasing the time range.");
  EXPECT_EQ(StatisticsError(sum + R"("Period": 61, )" + std::string(kRange)),
            "InvalidParameterValueException: The parameter Period must be a multiple of 60.");
  EXPECT_EQ(StatisticsError(R"("Period": 60)"),
            "ValidationException: 3 validation errors detected: Value null at 'metricName' failed "
            "to satisfy constraint: Member must not be null; Value null at 'startTime' failed to "
            "satisfy constraint: Member must not be null; Value null at 'endTime' failed to "
            "satisfy constraint: Member must not be null");
}

TEST(RoundRangeTest, FollowsTheAgeOfTheData) {
  const Instant now = *ParseIso("2026-06-01T15:07:17Z");
  auto rounds = [&](std::string_view start, std::int64_t period_s, std::string_view want,
                    bool kept) {
    const QueryRange range = RoundRange(*ParseIso(start), now, period_s, now);
    EXPECT_EQ(FormatIso(range.start), want);
    EXPECT_EQ(range.kept, kept) << start << " " << period_s;
  };
  rounds("2026-06-01T15:02:17Z", 5, "2026-06-01T15:02:15Z", true);
  EXPECT_EQ(FormatIso(RoundRange(now - std::chrono::minutes(5), now, 5, now).end),
            "2026-06-01T15:07:15Z");
  rounds("2026-06-01T11:02:17Z", 5, "2026-06-01T11:02:15Z", false);
  rounds("2026-06-01T11:02:17Z", 60, "2026-06-01T11:02:00Z", true);
  rounds("2026-05-10T11:02:17Z", 300, "2026-05-10T11:00:00Z", true);
  rounds("2026-05-10T11:02:17Z", 60, "2026-05-10T11:00:00Z", false);
  rounds("2026-01-10T11:02:17Z", 3600, "2026-01-10T11:00:00Z", true);
  rounds("2026-01-10T11:02:17Z", 300, "2026-01-10T11:00:00Z", false);
  rounds("1969-12-31T23:59:59Z", 3600, "1969-12-31T23:00:00Z", true);
}

TEST_F(ReadingTest, ListMetricsFilters) {
  auto names = [&](std::string body) {
    std::string out;
    const json::Value answer = world_.CloudWatch("ListMetrics", std::move(body));
    for (const json::Value& metric : answer.Find("Metrics")->AsArray()) {
      out += metric.Find("MetricName")->AsString();
      for (const json::Value& dimension : metric.Find("Dimensions")->AsArray()) {
        out += "," + dimension.Find("Name")->AsString();
      }
      out += " ";
    }
    return out;
  };
  EXPECT_EQ(names("{}"), "m m,a,z set ");
  EXPECT_EQ(names(R"({"Namespace": "X"})"), "");
  EXPECT_EQ(names(R"({"MetricName": "set"})"), "set ");
  EXPECT_EQ(names(R"({"Dimensions": [{"Name": "z"}]})"), "m,a,z ");
  EXPECT_EQ(names(R"({"Dimensions": [{"Name": "z", "Value": "2"}]})"), "");
  EXPECT_EQ(names(R"({"OwningAccount": "999999999999"})"), "");
  EXPECT_EQ(names(R"({"RecentlyActive": "PT3H"})"), "m m,a,z set ");
  world_.clock().Advance(std::chrono::hours(5));
  EXPECT_EQ(names(R"({"RecentlyActive": "PT3H"})"), "");
  EXPECT_EQ(names("{}"), "m m,a,z set ");
  world_.clock().Advance(std::chrono::hours(24 * 15));
  EXPECT_EQ(names("{}"), "");
  EXPECT_NE(world_.CloudWatchError("ListMetrics", R"({"RecentlyActive": "PT1H"})")
                .find("Member must satisfy enum value set: [PT3H]"),
            std::string::npos);
  const json::Value owners = world_.CloudWatch("ListMetrics", R"({"IncludeLinkedAccounts": true})");
  EXPECT_NE(owners.Find("OwningAccounts"), nullptr);
}

TEST(ListMetricsTest, PagesOverAll) {
  AwsWorld world;
  for (int batch = 0; batch < 2; ++batch) {
    std::string data;
    for (int i = 0; i < 600; ++i) {
      data += (i == 0 ? "" : ",") + std::string(R"({"MetricName": "m)") +
              std::to_string(batch * 600 + i) +
              R"(", "Value": 1, "Dimensions": [{"Name": "d", "Value": "v"}]})";
    }
    world.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [)" + data + "]}");
  }
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const std::string body = token.empty() ? R"({"Namespace": "N"})"
                                           : R"({"Namespace": "N", "NextToken": ")" + token + "\"}";
    const json::Value page = world.CloudWatch("ListMetrics", body);
    for (const json::Value& metric : page.Find("Metrics")->AsArray()) {
      EXPECT_TRUE(seen.insert(metric.Find("MetricName")->AsString()).second);
    }
    const json::Value* next = page.Find("NextToken");
    token = next == nullptr ? "" : next->AsString();
    ++pages;
  } while (!token.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 1200u);
  EXPECT_EQ(world.CloudWatchError("ListMetrics", R"({"NextToken": "x"})"),
            "InvalidParameterValueException: Request parameter NextToken is invalid");
}

std::string DataQuery(std::string_view id, std::string_view stat, std::string_view more = "") {
  return R"({"Id": ")" + std::string(id) +
         R"(", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, )"
         R"("Stat": ")" +
         std::string(stat) + "\"}" + std::string(more) + "}";
}

TEST_F(ReadingTest, GetMetricDataGivesSeries) {
  const http::Response response = world_.SendJson(
      "GraniteServiceVersion20100801.GetMetricData",
      R"({"MetricDataQueries": [)" + DataQuery("a", "Sum") + "," +
          DataQuery("b", "Minimum", R"(, "Label": "mine")") + "," +
          DataQuery("c", "Sum", R"(, "ReturnData": false)") + "], " + std::string(kRange) + "}");
  EXPECT_EQ(response.body,
            R"({"MetricDataResults":[{"Id":"a","Label":"m Sum","Timestamps":[1780315260.0,)"
            R"(1780315200.0],"Values":[5.0,4.0],"StatusCode":"Complete","Messages":[{"Code":)"
            R"("MultipleUnits","Value":"Multiple units returned: '[Count, Seconds]'"}]},)"
            R"({"Id":"b","Label":"mine","Timestamps":[1780315260.0,1780315200.0],)"
            R"("Values":[5.0,1.0],"StatusCode":"Complete","Messages":[{"Code":"MultipleUnits",)"
            R"("Value":"Multiple units returned: '[Count, Seconds]'"}]}],"Messages":[]})");
}

TEST_F(ReadingTest, GetMetricDataPagesAllSeriesTogether) {
  auto body = [](std::string_view token) {
    return R"({"MaxDatapoints": 2, "ScanBy": "TimestampAscending", "MetricDataQueries": [)" +
           DataQuery("a", "Sum") + "," + DataQuery("b", "Maximum") + "], " + std::string(kRange) +
           (token.empty() ? "" : R"(, "NextToken": ")" + std::string(token) + "\"") + "}";
  };
  auto values = [](const json::Value& answer) {
    std::string out;
    for (const json::Value& result : answer.Find("MetricDataResults")->AsArray()) {
      out += json::Write(*result.Find("Values")) + result.Find("StatusCode")->AsString();
    }
    return out;
  };
  const json::Value first = world_.CloudWatch("GetMetricData", body(""));
  EXPECT_EQ(values(first), "[4]PartialData[3]PartialData");
  const std::string token = first.Find("NextToken")->AsString();
  const json::Value second = world_.CloudWatch("GetMetricData", body(token));
  EXPECT_EQ(values(second), "[5]Complete[5]Complete");
  EXPECT_EQ(second.Find("NextToken"), nullptr);
  EXPECT_TRUE(world_.CloudWatchError("GetMetricData", body("x")).starts_with("InvalidNextToken"));
}

TEST_F(ReadingTest, GetMetricDataRefusesWhatTheRulesForbid) {
  auto refuses = [&](std::string queries, std::string_view range, const std::string& error) {
    EXPECT_EQ(world_.CloudWatchError("GetMetricData", R"({"MetricDataQueries": [)" + queries +
                                                          "], " + std::string(range) + "}"),
              error);
  };
  refuses(
      R"({"Id": "a"})", kRange,
      "ValidationException: The parameter MetricDataQueries.member.1.MetricStat is required.\n");
  refuses(R"({"Id": "a", "MetricStat": {"Metric": {"MetricName": "m"}, "Period": 60,
             "Stat": "Sum"}})",
          kRange,
          "ValidationException: The parameter MetricDataQueries.member.1.MetricStat.Metric."
          "Namespace is required.\n");
  refuses(R"({"Id": "a", "MetricStat": {"Metric": {"Namespace": "m"}, "Period": 60,
             "Stat": "Sum"}})",
          kRange,
          "ValidationException: The parameter MetricDataQueries.member.1.MetricStat.Metric."
          "MetricName is required.\n");
  refuses(DataQuery("a", "Sum") + "," + DataQuery("a", "Sum"), kRange,
          "ValidationException: The values for parameter id in MetricDataQueries are not unique.");
  refuses(R"({"Id": "a", "Expression": "m1 * 2"})", kRange,
          "ValidationException: The parameter MetricDataQueries.member.1.Expression is not "
          "supported by SecureBase yet.");
  refuses(DataQuery("a", "Sum"),
          R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T12:00:00Z")",
          "ValidationException: The parameter StartTime must not equal parameter EndTime.");
  refuses(DataQuery("a", "Sum"),
          R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T11:00:00Z")",
          "ValidationException: The parameter EndTime must be greater than StartTime.");
  refuses(DataQuery("a", "Median"), kRange,
          "InvalidParameterValueException: The value Median for parameter "
          "MetricDataQueries.member.1.MetricStat.Stat is not supported.");
  refuses(DataQuery("a", "Sum", R"(, "AccountId": "999999999999")"), kRange,
          "AccessDeniedException: AccountId must be the caller's own account.");
  EXPECT_NE(
      world_
          .CloudWatchError("GetMetricData", R"({"MetricDataQueries": [)" + DataQuery("A", "Sum") +
                                                "], " + std::string(kRange) + "}")
          .find("regular expression pattern"),
      std::string::npos);
}

}  // namespace
}  // namespace securebase::aws::cloudwatch

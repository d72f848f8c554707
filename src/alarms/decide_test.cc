#include "alarms/decide.h"

#include <gtest/gtest.h>

#include "alarms/case_runner.h"
#include "base/file_system.h"

namespace securebase::alarms {
namespace {

const Account kAccount;

MetricCondition ConditionOf(std::string_view members) {
  const std::string text = R"({"AlarmName":"a","Namespace":"N","MetricName":"M","Period":60,)"
                           R"("Statistic":"Average",)" +
                           std::string(members) + "}";
  Result<Definition> parsed = ParseMetricAlarm(*json::Parse(text), kAccount);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message());
  return *parsed->metric;
}

/// Slots from text, oldest first: "1 2 _".
std::vector<Slot> Slots(const std::vector<std::optional<double>>& oldest_first) {
  std::vector<Slot> slots;
  Instant start = *ParseIso("2024-01-03T11:36:00Z");
  for (auto value = oldest_first.rbegin(); value != oldest_first.rend(); ++value) {
    Slot slot;
    slot.start = start;
    slot.present = value->has_value();
    slot.value = value->value_or(0);
    slot.samples = 2;
    slots.push_back(slot);
    start -= std::chrono::seconds(60);
  }
  return slots;
}

TEST(DecideTest, EveryCaseOfTheSpecificationHolds) {
  const auto text = PosixFileSystem().Read(SB_SOURCE_DIR "/src/alarms/testdata/alarm_cases.jsonl");
  ASSERT_TRUE(text.ok());
  const CaseReport report = RunJsonCases(*text);
  for (const CaseFailure& failure : report.failures) {
    ADD_FAILURE() << failure.name << ": " << failure.text;
  }
  EXPECT_EQ(report.passed, 127u);
}

TEST(CaseFileTest, TheDiagramsHold) {
  const auto text = PosixFileSystem().Read(SB_SOURCE_DIR "/src/alarms/testdata/missing_data.test");
  ASSERT_TRUE(text.ok());
  const CaseReport report = RunCaseFile(*text);
  for (const CaseFailure& failure : report.failures) {
    ADD_FAILURE() << failure.name << ": " << failure.text;
  }
  EXPECT_EQ(report.passed, 6u);
}

TEST(CaseFileTest, SaysWhatIsWrong) {
  auto failure = [](std::string_view text) {
    const CaseReport report = RunCaseFile(text);
    return report.failures.empty() ? std::string("passed") : report.failures.front().text;
  };
  EXPECT_EQ(failure("alarm 1 of 1, threshold > 5\n data 1 9\n state O O\n"),
            "state: expected O O, got O A");
  EXPECT_EQ(failure("alarm 1 of 1, threshold > 5\n data 1 9\n act . A\n"),
            "act: expected . A, got O A");
  EXPECT_EQ(failure("alarm 1 of 1, threshold > 5\n data 1+2x3\n state O O O A\n"), "passed");
  EXPECT_NE(failure("alarm 1 of 1\n data 1\n state O\n").find("threshold"), std::string::npos);
  EXPECT_NE(failure("alarm 1 of 1, threshold > 5\n data 1 b\n state O O\n").find("'b'"),
            std::string::npos);
  EXPECT_NE(failure("alarm 1 of 1, threshold > 5\n data 1\n state O O\n").find("columns"),
            std::string::npos);
  EXPECT_NE(failure("nonsense\n").find("alarm, decide"), std::string::npos);
}

TEST(ReasonTest, SaysWhatAwsSays) {
  const std::string greater = R"("ComparisonOperator":"GreaterThanThreshold","Threshold":21,)";
  auto reason = [](const MetricCondition& condition,
                   const std::vector<std::optional<double>>& points) {
    return ReasonOf(condition, Decide(condition, Slots(points), StateValue::kOk));
  };
  EXPECT_EQ(reason(ConditionOf(greater + R"("EvaluationPeriods":1)"), {21.5}),
            "Threshold Crossed: 1 datapoint [21.5 (03/01/24 11:36:00)] was greater than the "
            "threshold (21.0).");
  EXPECT_EQ(reason(ConditionOf(greater + R"("EvaluationPeriods":2)"), {1.5, 2}),
            "Threshold Crossed: 2 datapoints [2.0 (03/01/24 11:36:00), 1.5 (03/01/24 11:35:00)] "
            "were not greater than the threshold (21.0).");
  EXPECT_EQ(
      reason(ConditionOf(greater + R"("EvaluationPeriods":2,"DatapointsToAlarm":2)"), {30, 40}),
      "Threshold Crossed: 2 out of the last 2 datapoints [40.0 (03/01/24 11:36:00), 30.0 "
      "(03/01/24 11:35:00)] were greater than the threshold (21.0) (minimum 2 datapoints for OK -> "
      "ALARM transition).");
  EXPECT_EQ(
      reason(ConditionOf(greater + R"("EvaluationPeriods":2,"DatapointsToAlarm":2)"), {30, 4}),
      "Threshold Crossed: 1 out of the last 2 datapoints [4.0 (03/01/24 11:36:00)] was not greater "
      "than the threshold (21.0) (minimum 1 datapoint for ALARM -> OK transition).");
  EXPECT_EQ(
      reason(ConditionOf(R"("ComparisonOperator":"LessThanThreshold","Threshold":65,)"
                         R"("EvaluationPeriods":5,"DatapointsToAlarm":5)"),
             {0, 1, 2, 3, 4}),
      "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The "
      "most recent datapoints which crossed the threshold: [4.0 (03/01/24 11:36:00), 3.0 (03/01/24 "
      "11:35:00), 2.0 (03/01/24 11:34:00), 1.0 (03/01/24 11:33:00), 0.0 (03/01/24 11:32:00)] "
      "(minimum 5 datapoints for OK -> ALARM transition).");
  EXPECT_EQ(reason(ConditionOf(greater +
                               R"("EvaluationPeriods":2,"TreatMissingData":"breaching")"),
                   {{}, {}, {}, {}}),
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
            "were treated as [Breaching].");
  EXPECT_EQ(reason(ConditionOf(greater +
                               R"("EvaluationPeriods":1,"TreatMissingData":"notBreaching")"),
                   {{}, {}, {}}),
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [NonBreaching].");
  EXPECT_EQ(reason(ConditionOf(greater +
                               R"("EvaluationPeriods":3,"TreatMissingData":"breaching")"),
                   {{}, {}, {}, {}, 50}),
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints "
            "were treated as [Breaching].");
  EXPECT_EQ(reason(ConditionOf(greater + R"("EvaluationPeriods":5)"), {{}, {}, {}, {}, {}}),
            "Insufficient Data: 5 datapoints were unknown.");
  EXPECT_EQ(reason(ConditionOf(greater + R"("EvaluationPeriods":1)"), {{}, {}, {}}),
            "Insufficient Data: 1 datapoint was unknown.");
}

TEST(ReasonTest, DataHasTheShapeOfAws) {
  const MetricCondition condition = ConditionOf(
      R"("ComparisonOperator":"GreaterThanThreshold","Threshold":21,"EvaluationPeriods":2,)"
      R"("Unit":"Seconds")");
  const Decision decision = Decide(condition, Slots({{}, {}, 30, 40}), StateValue::kOk);
  EXPECT_EQ(
      ReasonDataOf(condition, decision, *ParseIso("2024-01-03T11:37:10Z")),
      R"({"version":"1.0","queryDate":"2024-01-03T11:37:10.000+0000",)"
      R"("startDate":"2024-01-03T11:35:00.000+0000","unit":"Seconds","statistic":"Average",)"
      R"("period":60,"recentDatapoints":[30.0,40.0],"threshold":21.0,"evaluatedDatapoints":[)"
      R"({"timestamp":"2024-01-03T11:36:00.000+0000","sampleCount":2.0,"value":40.0},)"
      R"({"timestamp":"2024-01-03T11:35:00.000+0000","sampleCount":2.0,"value":30.0}]})");
}

TEST(StateTest, NumbersPrintAsJavaDoubles) {
  EXPECT_EQ(JavaDouble(21), "21.0");
  EXPECT_EQ(JavaDouble(0.0666851903306472), "0.0666851903306472");
  EXPECT_EQ(JavaDouble(1e7), "1.0E7");
  EXPECT_EQ(JavaDouble(12345678.5), "1.23456785E7");
  EXPECT_EQ(JavaDouble(0.0001), "1.0E-4");
  EXPECT_EQ(JavaDouble(-5), "-5.0");
  EXPECT_EQ(JavaDouble(0), "0.0");
}

TEST(RuleTest, GrammarAndErrors) {
  auto good = [](std::string_view text, std::string_view printed) {
    const Result<Rule> rule = ParseRule(text);
    ASSERT_TRUE(rule.ok()) << text << ": " << rule.error().message();
    EXPECT_EQ(rule->ToText(), printed);
    EXPECT_EQ(ParseRule(printed)->ToText(), printed);
  };
  good("ALARM(a-1) OR ALARM(b) AND NOT OK(c)",
       R"((ALARM("a-1") OR (ALARM("b") AND NOT OK("c"))))");
  good("(ALARM(\"a b\") OR \nALARM(x)) AND \ntrue", R"(((ALARM("a b") OR ALARM("x")) AND TRUE))");
  good("AT_LEAST(50%, NOT OK, (a, b))", R"(AT_LEAST(50%, NOT OK, ("a", "b")))");
  good("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:x)", R"(ALARM("x"))");
  for (std::string_view bad : {"", " ALARM(a)", "ALARM(a) ", "ALARM(a", "ALARM a", "alarm(a)",
                               "ALARM(a) ALARM(b)", "NOT", "AT_LEAST(3, ALARM, (a, b))",
                               "AT_LEAST(0, ALARM, (a))", "ALARM(\"a)", "(ALARM(a)", "AND"}) {
    EXPECT_FALSE(ParseRule(bad).ok()) << bad;
  }
  EXPECT_FALSE(ParseRule(std::string(500, '(') + "TRUE" + std::string(500, ')')).ok());
}

}  // namespace
}  // namespace securebase::alarms

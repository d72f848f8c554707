#include "alarms/alarm_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alarms/memory_metrics.h"
#include "alarms/replay.h"
#include "alarms/testing/memory_documents.h"
#include "base/testing/manual_clock.h"

namespace securebase::alarms {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const Account kAccount;
const std::string kTopic = "arn:aws:sns:us-east-1:123456789012:on-call";

class Recorder final : public ActionSink {
 public:
  Result<> Run(const Action& action) override {
    actions.push_back(action.alarm_name + " " + std::string(ToText(action.after)));
    messages.push_back(action.publication.message);
    if (fail) return InvalidArgument("", "Topic does not exist");
    return {};
  }
  std::vector<std::string> actions;
  std::vector<std::string> messages;
  bool fail = false;
};

class AlarmServiceTest : public testing::Test {
 protected:
  AlarmServiceTest() : clock_(*ParseIso("2026-06-01T12:00:30Z")) { Open(); }

  void Open() {
    service_.reset();
    service_ = *AlarmService::Open({.documents = documents_, .metrics = metrics_, .clock = clock_},
                                   kAccount);
    service_->SetSink(&sink_);
  }
  AlarmStore& store() { return service_->store(); }

  std::string Put(const std::string& json) {
    Result<Definition> definition = ParseAlarm(*json::Parse(json), kAccount);
    if (!definition.ok()) return definition.error().message();
    const Result<AlarmPtr> put = store().Put(kAccount, *std::move(definition));
    return put.ok() ? "" : put.error().message();
  }
  std::string PutMetric(const std::string& name, const std::string& more = "") {
    return Put(R"({"AlarmName":")" + name +
               R"(","Namespace":"N","MetricName":"M","Statistic":"Sum","Period":60,)"
               R"("EvaluationPeriods":1,"Threshold":10,"ComparisonOperator":)"
               R"("GreaterThanThreshold","AlarmActions":[")" +
               kTopic + R"("],"OKActions":[")" + kTopic + R"("])" + more + "}");
  }
  void Publish(double value, Duration ago = minutes(1)) {
    metrics::Datum datum;
    datum.metric = {"N", "M", {}};
    datum.time = clock_.Now() - ago;
    datum.values = {{value, 1}};
    ASSERT_TRUE(metrics_.PutAndWait(kAccount, {datum}).ok());
  }
  StateValue StateOf(const std::string& name) { return store().Find(kAccount, name)->state.value; }
  void Set(const std::string& name, StateValue state) {
    ASSERT_TRUE(store().SetState(kAccount, name, state, "by hand", "").ok());
  }
  void Run(Duration time) {
    for (const Instant end = clock_.Now() + time; clock_.Now() < end;) {
      clock_.Advance(seconds(1));
      service_->RunOnce();
    }
  }
  std::vector<std::string> Summaries(const std::string& name) {
    HistoryQuery query;
    query.alarm_name = name;
    query.ascending = true;
    std::vector<std::string> out;
    const Result<HistoryPage> page = store().History(kAccount, query);
    for (const HistoryItem& item : page->items) out.push_back(item.summary);
    return out;
  }

  ManualClock clock_;
  MemoryDocumentStore documents_;
  MemoryMetricStore metrics_;
  Recorder sink_;
  std::unique_ptr<AlarmService> service_;
};

TEST_F(AlarmServiceTest, ANewAlarmIsEvaluatedAtOnceAndThenEachMinute) {
  Publish(42);
  ASSERT_EQ(PutMetric("a"), "");
  service_->RunOnce();
  EXPECT_EQ(StateOf("a"), StateValue::kAlarm);
  Publish(1, Duration(0));
  Run(minutes(1));
  EXPECT_EQ(StateOf("a"), StateValue::kOk);
  Run(minutes(5));
  EXPECT_EQ(StateOf("a"), StateValue::kInsufficientData);
  EXPECT_THAT(sink_.actions, ElementsAre("a ALARM", "a OK"));
  EXPECT_THAT(Summaries("a"),
              ElementsAre("Alarm \"a\" created", "Alarm updated from INSUFFICIENT_DATA to ALARM",
                          "Successfully executed action " + kTopic, "Alarm updated from ALARM to OK",
                          "Successfully executed action " + kTopic,
                          "Alarm updated from OK to INSUFFICIENT_DATA"));
  const json::Value message = *json::Parse(sink_.messages.front());
  EXPECT_EQ(message.Find("OldStateValue")->AsString(), "INSUFFICIENT_DATA");
  EXPECT_EQ(message.Find("Trigger")->Find("Statistic")->AsString(), "SUM");
}

TEST_F(AlarmServiceTest, AFailedActionIsInTheHistory) {
  sink_.fail = true;
  ASSERT_EQ(PutMetric("a"), "");
  Set("a", StateValue::kAlarm);
  service_->RunOnce();
  EXPECT_THAT(Summaries("a"), testing::Contains("Failed to execute action " + kTopic +
                                                ". Received error: \"Topic does not exist\""));
  service_->SetSink(nullptr);
  Set("a", StateValue::kOk);
  service_->RunOnce();
  EXPECT_THAT(Summaries("a").back(), HasSubstr("No deliverer"));
}

TEST_F(AlarmServiceTest, MissedWindowsAreMadeUpForInOrder) {
  ASSERT_EQ(PutMetric("a", R"(,"TreatMissingData":"notBreaching")"), "");
  Run(minutes(3));
  EXPECT_EQ(StateOf("a"), StateValue::kOk);
  sink_.actions.clear();
  service_.reset();
  Publish(42, Duration(0));
  clock_.Advance(minutes(30));
  Open();
  service_->RunOnce();
  EXPECT_EQ(StateOf("a"), StateValue::kOk);
  EXPECT_THAT(sink_.actions, ElementsAre("a ALARM", "a OK"));
}

TEST_F(AlarmServiceTest, ActionsOfATransitionThatWasCommittedRunAfterARestart) {
  ASSERT_EQ(PutMetric("a", R"(,"TreatMissingData":"ignore")"), "");
  Set("a", StateValue::kAlarm);
  Open();
  EXPECT_TRUE(store().HasPendingActions());
  service_->RunOnce();
  EXPECT_THAT(sink_.actions, ElementsAre("a ALARM"));
  EXPECT_FALSE(store().HasPendingActions());
}

TEST_F(AlarmServiceTest, ACompositeWaitsForItsSuppressor) {
  for (const char* name : {"child", "quiet"}) {
    ASSERT_EQ(PutMetric(name, R"(,"TreatMissingData":"ignore")"), "");
  }
  ASSERT_EQ(Put(R"j({"AlarmName":"c","AlarmRule":"ALARM(child)","AlarmActions":[")j" + kTopic +
                R"j("],"ActionsSuppressor":"quiet","ActionsSuppressorWaitPeriod":60,)j"
                R"j("ActionsSuppressorExtensionPeriod":60})j"),
            "");
  Run(minutes(3));
  sink_.actions.clear();
  Set("child", StateValue::kAlarm);
  EXPECT_EQ(StateOf("c"), StateValue::kAlarm);
  EXPECT_EQ(store().Find(kAccount, "c")->suppression.by, SuppressedBy::kWaitPeriod);
  Run(seconds(59));
  EXPECT_THAT(sink_.actions, ElementsAre("child ALARM"));
  Run(seconds(2));
  EXPECT_THAT(sink_.actions, ElementsAre("child ALARM", "c ALARM"));
}

TEST_F(AlarmServiceTest, AMuteRuleHoldsActionsBackUntilItsWindowEnds) {
  ASSERT_EQ(PutMetric("a", R"(,"TreatMissingData":"ignore")"), "");
  Result<MuteRule> rule = ParseMuteRule(
      *json::Parse(R"j({"Name":"m","Rule":{"Schedule":{"Expression":"cron(0 12 * * *)",)j"
                   R"j("Duration":"PT5M"}},"MuteTargets":{"AlarmNames":["a"]}})j"),
      kAccount, clock_.Now());
  ASSERT_TRUE(rule.ok()) << rule.error().message();
  EXPECT_EQ(rule->StatusAt(clock_.Now()), "ACTIVE");
  ASSERT_TRUE(store().PutMuteRule(kAccount, *rule).ok());
  Set("a", StateValue::kAlarm);
  Run(minutes(4));
  EXPECT_THAT(sink_.actions, ElementsAre());
  Open();
  Run(minutes(2));
  EXPECT_THAT(sink_.actions, ElementsAre("a ALARM"));
  EXPECT_THAT(sink_.messages.front(), HasSubstr("\"ActionExecutedAfterMuteWindow\":true"));
}

TEST_F(AlarmServiceTest, RefusesWhatCannotBe) {
  ASSERT_EQ(PutMetric("a"), "");
  EXPECT_THAT(Put(R"j({"AlarmName":"a","AlarmRule":"TRUE"})j"), HasSubstr("different type"));
  EXPECT_THAT(Put(R"j({"AlarmName":"c","AlarmRule":"ALARM(x) OR ALARM(y)"})j"),
              "Could not save the composite alarm as alarms [x, y] in the alarm rule do not exist");
  ASSERT_EQ(Put(R"j({"AlarmName":"c1","AlarmRule":"ALARM(a)"})j"), "");
  ASSERT_EQ(Put(R"j({"AlarmName":"c2","AlarmRule":"ALARM(c1)"})j"), "");
  EXPECT_EQ(Put(R"j({"AlarmName":"c1","AlarmRule":"ALARM(c2)"})j"),
            "Alarm rule would create a cycle: c1 -> c2 -> c1");
  const Result<> deleted = store().Delete(kAccount, {"a"});
  ASSERT_FALSE(deleted.ok());
  EXPECT_EQ(deleted.error().message(),
            "Cannot delete a as there are composite alarm(s) depending on it.");
  EXPECT_TRUE(store().Delete(kAccount, {"c2", "c1", "a", "unknown"}).ok());
  EXPECT_EQ(store().size(), 0u);
}

TEST_F(AlarmServiceTest, WhyNamesPointsAndRule) {
  Publish(42);
  ASSERT_EQ(PutMetric("a"), "");
  service_->RunOnce();
  clock_.Advance(seconds(20));
  const Result<json::Value> why =
      Why(store(), service_->evaluator(), kAccount, "a", {}, clock_.Now());
  ASSERT_TRUE(why.ok()) << why.error().message();
  EXPECT_EQ(why->Find("state")->AsString(), "ALARM");
  EXPECT_EQ(why->Find("points")->AsArray().size(), 3u);
  EXPECT_THAT(WhyText(*why), HasSubstr("breaching"));
  EXPECT_FALSE(Why(store(), service_->evaluator(), kAccount, "b", {}, clock_.Now()).ok());
}

TEST_F(AlarmServiceTest, WarmUpWaits) {
  Publish(42);
  ASSERT_EQ(PutMetric("a", R"(,"WarmUpConfiguration":{"WarmUpPeriodDurationInMinutes":10,)"
                           R"("OnlyStartEvaluatingAfterWarmUpPeriodEnds":true})"),
            "");
  service_->RunOnce();
  EXPECT_EQ(StateOf("a"), StateValue::kInsufficientData);
  EXPECT_EQ(store().EvaluationStateOf({kAccount, "a"}), "IN_WARM_UP");
  Run(minutes(11));
  EXPECT_EQ(store().EvaluationStateOf({kAccount, "a"}), "");
}

TEST(ScheduleTest, WallClocksHaveTheirDays) {
  const Result<WallClockZone> zone = ParseWallClockZone("Europe/Berlin");
  ASSERT_TRUE(zone.ok());
  const Duration day = std::chrono::hours(24);
  EXPECT_EQ(zone->Floor(*ParseIso("2026-06-10T12:00:00Z"), day), *ParseIso("2026-06-09T22:00:00Z"));
  EXPECT_EQ(zone->Floor(*ParseIso("2026-06-10T12:00:00Z"), day * 7),
            *ParseIso("2026-06-07T22:00:00Z"));
  EXPECT_TRUE(ParseWallClockZone("UTC+05:30").ok());
  EXPECT_FALSE(ParseWallClockZone("+05:33").ok());
  EXPECT_FALSE(ParseWallClockZone("Mars/Olympus").ok());
}

}  // namespace
}  // namespace securebase::alarms

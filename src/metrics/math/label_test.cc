#include "metrics/math/label.h"

#include <gtest/gtest.h>

namespace securebase::metrics::math {
namespace {

class LabelTest : public ::testing::Test {
 protected:
  LabelTest() {
    for (int k = 0; k < 4; ++k) series_.times.push_back(kStart + std::chrono::minutes(k));
    series_.values = {5, 1.5, 9, 2};
    context_.own = "own";
    context_.series = &series_;
    context_.metric = &metric_;
    context_.statistic = "p95";
    context_.period = std::chrono::minutes(1);
    context_.account = &account_;
    context_.now = kStart + std::chrono::minutes(90);
  }
  std::string Expand(std::string_view text) const { return ExpandLabel(text, context_); }

  const Instant kStart = *ParseIso("2026-06-01T12:00:00Z");
  TimeSeries series_;
  const Metric metric_{"AWS/EC2", "CPU", {{"InstanceId", "i-1"}}};
  const Account account_{"123456789012/c1", "eu-west-1"};
  LabelContext context_;
};

TEST_F(LabelTest, SpeaksOfThePoints) {
  EXPECT_EQ(Expand("${AVG} ${SUM} ${MIN} ${MAX} ${FIRST} ${LAST} ${DATAPOINT_COUNT}"),
            "4.375 17.5 1.5 9 5 2 4");
  EXPECT_EQ(Expand("${MIN_MAX_RANGE} ${FIRST_LAST_RANGE}"), "7.5 -3");
  EXPECT_EQ(Expand("${FIRST_TIME} ${LAST_TIME} ${MIN_TIME} ${MAX_TIME}"),
            "2026-06-01T12:00:00Z 2026-06-01T12:03:00Z 2026-06-01T12:01:00Z 2026-06-01T12:02:00Z");
  EXPECT_EQ(Expand("${FIRST_LAST_TIME_RANGE} ${MIN_MAX_TIME_RANGE}"), "3m 1m");
  EXPECT_EQ(Expand("${FIRST_TIME_RELATIVE} ${LAST_TIME_RELATIVE} ${MIN_TIME_RELATIVE} "
                   "${MAX_TIME_RELATIVE}"),
            "1h30m 1h27m 1h29m 1h28m");
}

TEST_F(LabelTest, SpeaksOfTheMetric) {
  EXPECT_EQ(Expand("${LABEL}|&|${PROP('MetricName')}|&|${PROP('Namespace')}|&|${PROP('Stat')}|&|"
                   "${PROP('Period')}|&|${PROP('Dim.InstanceId')}|&|${PROP('Region')}|&|"
                   "${PROP('AccountId')}|&|${PROP('AccountLabel')}"),
            "own|&|CPU|&|AWS/EC2|&|p95|&|60|&|i-1|&|eu-west-1|&|123456789012|&|123456789012");
  EXPECT_EQ(Expand("<${PROP('Dim.Other')}>"), "<>");
  context_.metric = nullptr;
  EXPECT_EQ(Expand("<${PROP('Dim.InstanceId')}${PROP('MetricName')}${PROP('Namespace')}>"), "<>");
}

TEST_F(LabelTest, WhatIsUnknownStays) {
  EXPECT_EQ(Expand("${NOPE} ${PROP('Nope')} ${PROP(\"Stat\")} ${avg} $AVG ${AVG"),
            "${NOPE} ${PROP('Nope')} ${PROP(\"Stat\")} ${avg} $AVG ${AVG");
  EXPECT_EQ(Expand("${X${LABEL}}"), "${Xown}");
  EXPECT_EQ(Expand("no braces"), "no braces");
  EXPECT_TRUE(IsDynamicLabel("a ${LABEL}"));
  EXPECT_FALSE(IsDynamicLabel("a $ {LABEL}"));
}

TEST_F(LabelTest, WithoutPointsThereIsNoText) {
  series_ = {};
  EXPECT_EQ(Expand("<${AVG}${MIN_TIME}${LAST_TIME_RELATIVE}> ${DATAPOINT_COUNT}"), "<> 0");
}

TEST_F(LabelTest, TimesAreThoseOfTheZone) {
  context_.offset = *ParseLabelTimezone("-0330");
  EXPECT_EQ(Expand("${FIRST_TIME}"), "2026-06-01T08:30:00-03:30");
  EXPECT_EQ(*ParseLabelTimezone("+0000"), Duration(0));
  EXPECT_EQ(*ParseLabelTimezone("+1400"), std::chrono::hours(14));
  for (std::string_view bad : {"", "UTC", "+1", "0100", "+01:00", "+1500", "+0060", "+-100"}) {
    EXPECT_FALSE(ParseLabelTimezone(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace securebase::metrics::math

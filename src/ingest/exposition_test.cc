// What is promised: both text formats are read as their specifications say, a wrong line is named,
// and what we write is read back the same.
#include "ingest/exposition.h"

#include <gtest/gtest.h>

#include <cmath>

namespace securebase::ingest {
namespace {

using Type = TextFamily::Type;

std::vector<TextFamily> Parse(std::string_view text, bool open_metrics = false) {
  auto parsed = ParseExposition(text, open_metrics);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message();
  return parsed.ok() ? *std::move(parsed) : std::vector<TextFamily>();
}
std::string ErrorOf(std::string_view text, bool open_metrics = false) {
  const auto parsed = ParseExposition(text, open_metrics);
  return parsed.ok() ? "" : parsed.error().message();
}

TEST(ExpositionTest, ReadsPrometheusText) {
  const auto families = Parse(
      "# HELP http_requests_total All requests.\n"
      "# TYPE http_requests_total counter\n"
      "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
      "http_requests_total { method = \"a\\\\b\\\"c\\nd\" , } 3\r\n"
      "\n"
      "# a comment\n"
      "cpu 1.5e3\n"
      "weird{} +Inf\n"
      "# TYPE seconds histogram\n"
      "seconds_bucket{le=\"0.5\"} 1\n"
      "seconds_bucket{le=\"+Inf\"} 2\n"
      "seconds_sum 1.25\n"
      "seconds_count 2\n"
      "nothing NaN\n");
  ASSERT_EQ(families.size(), 5u);
  EXPECT_EQ(families[0].type, Type::kCounter);
  EXPECT_EQ(families[0].samples.at(0).value, 1027);
  EXPECT_EQ(families[0].samples.at(0).time_ms, 1395066363000);
  EXPECT_EQ(families[0].samples.at(0).labels.at(1).second, "200");
  EXPECT_EQ(families[0].samples.at(1).labels.at(0).second, "a\\b\"c\nd");
  EXPECT_EQ(families[1].samples.at(0).value, 1500);
  EXPECT_TRUE(std::isinf(families[2].samples.at(0).value));
  EXPECT_EQ(families[3].samples.size(), 4u);
  EXPECT_TRUE(std::isnan(families[4].samples.at(0).value));
}

TEST(ExpositionTest, ReadsOpenMetrics) {
  const auto families = Parse(
      "# TYPE jobs counter\n# UNIT jobs seconds\n"
      "jobs_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"x\"} 0.67\n"
      "jobs_created 1520430000.123\n"
      "# EOF\n",
      true);
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].unit, "seconds");
  EXPECT_EQ(families[0].samples.at(0).time_ms, 1520879607789);
  EXPECT_EQ(ErrorOf("a 1\n", true), "line 1: # EOF is missing: the text is not whole");
  EXPECT_EQ(ErrorOf("# EOF\na 1\n", true), "line 2: there is text behind # EOF");
}

TEST(ExpositionTest, NamesTheWrongLine) {
  EXPECT_EQ(ErrorOf("a 1\nb\n"), "line 2: the value is no number");
  EXPECT_EQ(ErrorOf("{a=\"b\"} 1"), "line 1: a metric's name is expected");
  EXPECT_EQ(ErrorOf("a{b} 1"), "line 1: '=' is expected behind a label's name");
  EXPECT_EQ(ErrorOf("a{b=c} 1"), "line 1: a label's value in quotes is expected");
  EXPECT_EQ(ErrorOf("a{b=\"c} 1"), "line 1: a label's value in quotes is expected");
  EXPECT_EQ(ErrorOf("a{b=\"c\\"), "line 1: a label's value in quotes is expected");
  EXPECT_EQ(ErrorOf("a{b=\"c\" d=\"e\"} 1"), "line 1: ',' or '}' is expected");
  EXPECT_EQ(ErrorOf("a{\"b\"} 1"), "line 1: a label's name is expected");
  EXPECT_EQ(ErrorOf("a{b=\"\xFF\"} 1"), "line 1: a label's value is not UTF-8");
  EXPECT_EQ(ErrorOf("a 1 soon"), "line 1: the time is no number");
  EXPECT_EQ(ErrorOf("a 1 1e30"), "line 1: the time is out of range");
  EXPECT_EQ(ErrorOf("# TYPE a fast\n"), "line 1: no type fast");
}

TEST(ExpositionTest, WhatIsWrittenIsReadBack) {
  for (const bool open_metrics : {false, true}) {
    ExpositionWriter writer(open_metrics);
    writer.Begin("a", Type::kCounter, "two\nlines \\ \"quoted\"");
    writer.Sample("_total", {{"l", "x\"y\\z\n"}, {"m", "größe"}}, 3);
    writer.Begin("g", Type::kGauge, "g");
    writer.Sample("", {}, -std::numeric_limits<double>::infinity());
    const std::string text = writer.Finish();
    const auto families = Parse(text, open_metrics);
    ASSERT_EQ(families.size(), 2u) << text;
    EXPECT_EQ(families[0].name, open_metrics ? "a" : "a_total");
    EXPECT_EQ(families[0].type, Type::kCounter);
    EXPECT_EQ(families[0].samples.at(0).labels.at(0).second, "x\"y\\z\n");
    EXPECT_EQ(families[0].samples.at(0).labels.at(1).second, "größe");
    EXPECT_TRUE(std::isinf(families[1].samples.at(0).value));
  }
}

TEST(ExpositionTest, TheAcceptHeaderDecides) {
  EXPECT_FALSE(ExpositionWriter::WantsOpenMetrics(""));
  EXPECT_FALSE(ExpositionWriter::WantsOpenMetrics("*/*"));
  EXPECT_TRUE(ExpositionWriter::WantsOpenMetrics("application/openmetrics-text"));
  EXPECT_TRUE(ExpositionWriter::WantsOpenMetrics(
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"));
  EXPECT_FALSE(
      ExpositionWriter::WantsOpenMetrics("application/openmetrics-text;q=0.1, text/plain; q=0.9"));
}

}  // namespace
}  // namespace securebase::ingest

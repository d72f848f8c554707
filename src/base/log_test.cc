// What is promised: one line a call, parseable JSON or readable text, that no value can forge;
// levels below the chosen one are silent. And that a failed check says what and where.
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/json.h"
#include "base/time.h"

namespace securebase {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { ConfigureLog(LogLevel::kInfo, LogFormat::kText); }

  template <class Calls>
  std::string Captured(Calls calls) {
    testing::internal::CaptureStderr();
    calls();
    FlushLog();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, JsonLinesParse) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  const std::string line = Captured([] {
    Log(LogLevel::kWarn, "cannot \"flush\"\n", {{"file", "a\xff\\b"}, {"empty", ""}});
  });

  ASSERT_EQ(line.find('\n'), line.size() - 1) << "one line";
  const Result<json::Value> parsed = json::Parse(line);
  ASSERT_TRUE(parsed.ok()) << line;
  EXPECT_TRUE(ParseIso(parsed->Find("time")->AsString()).ok());
  EXPECT_EQ(parsed->Find("level")->AsString(), "warn");
  EXPECT_EQ(parsed->Find("message")->AsString(), "cannot \"flush\"\n");
  EXPECT_EQ(parsed->Find("file")->AsString(), "a\xef\xbf\xbd\\b");
  EXPECT_EQ(parsed->Find("empty")->AsString(), "");
}

TEST_F(LogTest, TextQuotesWhatCouldMislead) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kText);
  const std::string out = Captured([] {
    Log(LogLevel::kInfo, "listening", {{"port", "8080"}, {"path", "a b"}, {"none", ""}});
    Log(LogLevel::kError, "bad\nline", {{"x", "1\n2"}});
  });
  EXPECT_THAT(out, MatchesRegex("[0-9TZ:.-]+ info  listening port=8080 path=\"a b\" none=\"\"\n"
                                "[0-9TZ:.-]+ error \"bad.nline\" x=\"1.n2\"\n"));
}

TEST_F(LogTest, LevelsBelowTheChosenOneAreSilent) {
  ConfigureLog(LogLevel::kError, LogFormat::kText);
  const std::string quiet = Captured([] {
    Log(LogLevel::kDebug, "one");
    Log(LogLevel::kInfo, "two");
    Log(LogLevel::kWarn, "three");
    Log(LogLevel::kError, "four");
  });
  EXPECT_THAT(quiet, MatchesRegex("[^ ]+ error four\n"));

  ConfigureLog(LogLevel::kDebug, LogFormat::kText);
  EXPECT_THAT(Captured([] { Log(LogLevel::kDebug, "one"); }), HasSubstr("debug one"));
}

TEST(CheckDeathTest, SaysConditionPlaceAndDetail) {
  const int frames = 3;
  SB_CHECK(frames == 3);
  EXPECT_DEATH(SB_CHECK(frames == 4, "journal 7"),
               "check failed condition=\"frames == 4\" place=.*log_test.cc:[0-9]+ "
               "detail=\"journal 7\"");
}

TEST(CheckDeathTest, DebugChecksAreOnInTestBuilds) {
#ifdef SB_DCHECKS
  EXPECT_DEATH(SB_DCHECK(1 > 2), "1 > 2");
#else
  SB_DCHECK(1 > 2);
#endif
}

}  // namespace
}  // namespace securebase

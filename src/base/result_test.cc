// What is promised: errors carry code, sentence, field and wire name; the macros hand them up.
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace securebase {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("value", "must be even");
  return value / 2;
}

Result<int> Quarter(int value) {
  SB_TRY(const int half, Half(value));
  return Half(half);
}

Result<> RequireEven(int value) {
  SB_TRY_OK(Half(value));
  return {};
}

TEST(ResultTest, TryHandsUpTheErrorOrTheValue) {
  EXPECT_EQ(*Quarter(8), 2);
  ASSERT_FALSE(Quarter(6).ok());
  EXPECT_EQ(Quarter(7).error().field(), "value");
  EXPECT_TRUE(RequireEven(2).ok());
  EXPECT_EQ(RequireEven(3).error().message(), "must be even");
}

TEST(ResultTest, CarriesMoveOnlyValues) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    SB_TRY(const std::unique_ptr<int> value, make());
    return *value;
  };
  EXPECT_EQ(*use(), 7);
}

TEST(ResultTest, StaysSmall) { EXPECT_LE(sizeof(Result<std::int64_t>), 24u); }

TEST(ErrorTest, WithinPrefixesTheMessageAndKeepsTheRest) {
  const Error error(ErrorCode::kConflict, "changed meanwhile", "Version", "ConditionFailed");
  const Error outer = error.Within("table reports");
  EXPECT_EQ(outer.message(), "table reports: changed meanwhile");
  EXPECT_EQ(outer.code(), ErrorCode::kConflict);
  EXPECT_EQ(outer.field(), "Version");
  EXPECT_EQ(outer.wire_code(), "ConditionFailed");
}

TEST(ErrorTest, EachCodeHasItsOwnWords) {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    words.insert(ToText(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(words.size(), 12u);
  EXPECT_EQ(ToText(ErrorCode::kThrottled), "throttled");
  EXPECT_EQ(ToText(static_cast<ErrorCode>(200)), "unknown");
}

TEST(ErrorTest, ShortFormsSetTheCode) {
  EXPECT_EQ(NotFound("x").code(), ErrorCode::kNotFound);
  EXPECT_EQ(Conflict("x").code(), ErrorCode::kConflict);
  EXPECT_EQ(Forbidden("x").code(), ErrorCode::kForbidden);
  EXPECT_EQ(Unauthenticated("x").code(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(LimitExceeded("f", "x").code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(Unavailable("x").code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Unimplemented("x").code(), ErrorCode::kUnimplemented);
  EXPECT_EQ(Internal("x").code(), ErrorCode::kInternal);
}

}  // namespace
}  // namespace securebase

// What is promised: one reading of each document; what has two (duplicate names), or is too
// large, is refused with the place; what is written parses back to the same.
#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase::json {
namespace {

using testing::HasSubstr;

Error ErrorOf(std::string_view text, const ParseLimits& limits = {}) {
  const Result<Value> parsed = Parse(text, limits);
  return parsed.ok() ? Internal("parsed: " + std::string(text)) : parsed.error();
}

TEST(ParseTest, ReadsEveryKindOfValue) {
  const Value value = *Parse(R"({"n":null,"t":true,"f":false,"i":-7,"d":1.5,"s":"\u00e4\n",
                                 "a":[1,[],{}],"o":{"x":1}})");
  EXPECT_TRUE(value.Find("n")->IsNull());
  EXPECT_TRUE(value.Find("t")->AsBool());
  EXPECT_FALSE(value.Find("f")->AsBool());
  EXPECT_EQ(value.Find("i")->AsInt(), -7);
  EXPECT_EQ(value.Find("i")->AsNumber(), -7.0);
  EXPECT_EQ(value.Find("d")->AsNumber(), 1.5);
  EXPECT_EQ(value.Find("s")->AsString(), "\xc3\xa4\n");
  EXPECT_EQ(value.Find("a")->AsArray().size(), 3u);
  EXPECT_EQ(value.Find("o")->Find("x")->AsInt(), 1);
  EXPECT_EQ(value.Find("missing"), nullptr);
  EXPECT_EQ(Parse("3")->Find("x"), nullptr);
}

TEST(ParseTest, KeepsTheOrderOfMembers) {
  EXPECT_EQ(Write(*Parse(R"({"z":1,"a":2,"m":3})")), R"({"z":1,"a":2,"m":3})");
}

TEST(ParseTest, NumbersKeepTheirKind) {
  EXPECT_TRUE(Parse("9223372036854775807")->IsInt());
  EXPECT_TRUE(Parse("1.0")->IsDouble());
  EXPECT_TRUE(Parse("1e2")->IsDouble());
  EXPECT_TRUE(Parse("9223372036854775808")->IsDouble());
  EXPECT_EQ(Parse("9223372036854775808")->AsNumber(), 9223372036854775808.0);
  EXPECT_EQ(Parse("18446744073709551615")->AsNumber(), 18446744073709551615.0);
}

TEST(ParseTest, IntegersBeyond64BitsBecomeDoublesAndStringsStay) {
  const Value value = *Parse(
      R"(["100000000000000000000000000000 \" \\", 100000000000000000000, -9223372036854775809, 1])");
  EXPECT_EQ(value.AsArray()[0].AsString(), R"(100000000000000000000000000000 " \)");
  EXPECT_EQ(value.AsArray()[1].AsNumber(), 1e20);
  EXPECT_EQ(value.AsArray()[2].AsNumber(), -9223372036854775808.0);
  EXPECT_EQ(value.AsArray()[3].AsInt(), 1);
}

TEST(ParseTest, RefusesWhatIsNotJson) {
  for (const auto* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\"}",
                           "{a:1}",
                           "'a'",
                           "[1 2]",
                           "1 2",
                           "{}{}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "1e999",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "tru",
                           "True",
                           "nul",
                           "falsy",
                           "\"a",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"a\nb\"",
                           "[1",
                           "\xef\xbb\xbf{}",
                           "00000000000000000000001",
                           "// c\n1"}) {
    const Error error = ErrorOf(text);
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_EQ(error.field(), "") << text;
    EXPECT_THAT(error.message(), HasSubstr("is not JSON")) << text;
  }
}

TEST(ParseTest, SaysWhereTextStopsBeingUtf8) {
  EXPECT_THAT(ErrorOf("\"ab\xff\"").message(), HasSubstr("offset 3"));
}

TEST(ParseTest, RefusesNamesGivenTwiceWithTheirPath) {
  EXPECT_EQ(ErrorOf(R"({"x":1,"x":1})").field(), "x");
  EXPECT_EQ(ErrorOf(R"({"a":{"b":[0,1,{"c":1,"d":2,"c":3}]}})").field(), "a.b[2].c");
  EXPECT_EQ(ErrorOf(R"([[{"c":1,"\u0063":3}]])").field(), "[0][0].c");
  EXPECT_TRUE(Parse(R"({"x":{"x":1},"X":2})").ok());

  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"m" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(Parse(many + "\"last\":0}").ok());
  EXPECT_EQ(ErrorOf(many + "\"m42\":0}").field(), "m42");
}

TEST(ParseTest, DepthAndSizeAreLimited) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Parse(nested(64)).ok());
  EXPECT_EQ(ErrorOf(nested(65)).code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(ErrorOf(R"({"a":[[{"b":1}]]})", {.depth_max = 3}).field(), "a[0][0]");
  EXPECT_TRUE(Parse(R"({"a":[[{"b":1}]]})", {.depth_max = 4}).ok());
  EXPECT_THAT(ErrorOf(nested(100'000)).message(), HasSubstr("deep"));

  EXPECT_TRUE(Parse("[1,2]", {.size_max = 5}).ok());
  EXPECT_THAT(ErrorOf("[1,2] ", {.size_max = 5}).message(), HasSubstr("longer than 5"));
}

TEST(ParseTest, ReadsLargeTextsToo) {
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(Parse("\"" + large + "\"")->AsString(), large);
  EXPECT_TRUE(Parse("[]").ok());
}

TEST(ValueTest, NamesItsType) {
  EXPECT_EQ(Value().TypeName(), "null");
  EXPECT_EQ(Value(nullptr).TypeName(), "null");
  EXPECT_EQ(Value(true).TypeName(), "boolean");
  EXPECT_EQ(Value(1).TypeName(), "number");
  EXPECT_EQ(Value(1.5).TypeName(), "number");
  EXPECT_EQ(Value("x").TypeName(), "string");
  EXPECT_EQ(Value(Array()).TypeName(), "array");
  EXPECT_EQ(Value(Object()).TypeName(), "object");
}

TEST(ValueTest, SetReplacesOrAppends) {
  Value value;
  value.Set("a", 1);
  value.Set("b", "x");
  value.Set("a", 2);
  EXPECT_EQ(Write(value), R"({"a":2,"b":"x"})");
}

TEST(WriterTest, PlacesCommasAndEscapes) {
  std::string out;
  Writer writer(out);
  writer.BeginObject();
  writer.Member("s", "a\"\\\n\r\t\x01/");
  writer.Member("i", 7).Member("d", 0.5).Member("b", true).Member("v", Value(Array{1, nullptr}));
  writer.Key("a").BeginArray().Int(1).BeginObject().EndObject().BeginArray().EndArray();
  writer.Double(2, /*force_point=*/true).Null().Raw("[3]").Bool(false).String("z").EndArray();
  writer.Key("e").Double(std::nan("")).Key("f").Double(INFINITY);
  writer.EndObject();
  EXPECT_EQ(out, R"({"s":"a\"\\\n\r\t\u0001/","i":7,"d":0.5,"b":true,"v":[1,null],)"
                 R"("a":[1,{},[],2.0,null,[3],false,"z"],"e":null,"f":null})");
  EXPECT_TRUE(Parse(out).ok());
}

TEST(WriterTest, PrettyIndentsByTwo) {
  EXPECT_EQ(WritePretty(*Parse(R"({"a":[1,{"b":"x"}],"c":{},"d":[]})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x\"\n    }\n  ],\n"
            "  \"c\": {},\n  \"d\": []\n}");
  EXPECT_EQ(WritePretty(Value(3)), "3");
}

Value RandomValue(Random& random, int depth) {
  switch (random.Below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random.Below(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random.Next());
    case 3:
      return static_cast<double>(random.Below(1000)) + 0.25;
    case 4:
      return std::string(random.Below(5), static_cast<char>(random.Below(128)));
    case 5: {
      Array array;
      for (std::uint64_t i = random.Below(4); i > 0; --i)
        array.push_back(RandomValue(random, depth - 1));
      return array;
    }
    default: {
      Value object{Object()};
      for (std::uint64_t i = random.Below(4); i > 0; --i) {
        object.Set(random.Hex(2), RandomValue(random, depth - 1));
      }
      return object;
    }
  }
}

TEST(WriterTest, WhatIsWrittenParsesBackToTheSame) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 2000; ++round) {
    const Value value = RandomValue(random, 4);
    ASSERT_TRUE(Parse(Write(value)).ok()) << Write(value);
    EXPECT_EQ(*Parse(Write(value)), value) << Write(value);
    EXPECT_EQ(*Parse(WritePretty(value)), value) << WritePretty(value);
  }
}

}  // namespace
}  // namespace securebase::json

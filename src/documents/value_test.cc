// What is promised: numbers of 38 digits, exact and in order; items that survive encoding;
// damaged bytes that are refused; the wire's forms and the service's own error sentences.
#include "documents/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "base/testing/seed.h"
#include "documents/encoded_item.h"

namespace securebase::documents {
namespace {

using ::testing::HasSubstr;

Number N(std::string_view text) {
  auto number = Number::Parse(text);
  EXPECT_TRUE(number.ok()) << text;
  return number.ok() ? *number : Number();
}

Value Wire(std::string_view text) {
  auto parsed = json::Parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  auto value = FromWire(*parsed);
  EXPECT_TRUE(value.ok()) << text << ": " << (value.ok() ? "" : value.error().message());
  return value.ok() ? *value : Value();
}

TEST(NumberTest, IsNormalised) {
  auto same = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(N(text).text(), want) << text;
  };
  same("0", "0");
  same("-0.00", "0");
  same("0e5", "0");
  same("1E+2", "100");
  same("1e-3", "0.001");
  same("+007.500", "7.5");
  same(".5", "0.5");
  same("5.", "5");
  same("-12.30", "-12.3");
  same("0.00012e4", "1.2");
  same("12345678901234567890123456789012345678", "12345678901234567890123456789012345678");
  same("1e125", "1E+125");  // not a text of 126 digits
}

TEST(NumberTest, RefusesWhatIsNoNumberInRange) {
  auto refused = [](std::string_view text, std::string_view message) {
    auto number = Number::Parse(text);
    ASSERT_FALSE(number.ok()) << text;
    EXPECT_THAT(number.error().message(), HasSubstr(std::string(message))) << text;
    EXPECT_EQ(number.error().wire_code(), "ValidationException");
  };
  for (const char* text :
       {"", "abc", "1a", "--1", "1e", "1e+", "1e+-2", ".", "e5", " 1", "0x10", "NaN", "1.2.3"}) {
    refused(text, "cannot be converted to a numeric value");
  }
  refused("123456789012345678901234567890123456789", "more than 38 significant digits");
  refused("1e126", "Number overflow");
  refused("1e999999999999", "Number overflow");
  refused("1e-131", "Number underflow");
  refused("1e-99999999999999999999", "Number underflow");
}

TEST(NumberTest, AddsAndSubtractsExactly) {
  auto sum = [](std::string_view a, std::string_view b, std::string_view want) {
    auto result = Add(N(a), N(b));
    ASSERT_TRUE(result.ok()) << a << " + " << b;
    EXPECT_EQ(result->text(), want);
  };
  sum("0.1", "0.2", "0.3");
  sum("99", "1", "100");
  sum("-5", "3", "-2");
  sum("3", "-5", "-2");
  sum("5", "-5", "0");
  sum("0", "7", "7");
  sum("7", "0", "7");
  sum("99999999999999999999999999999999999998", "1", "99999999999999999999999999999999999999");
  EXPECT_EQ(Subtract(N("1"), N("0.9"))->text(), "0.1");
  EXPECT_EQ(Subtract(N("0"), N("4"))->text(), "-4");
  // What no 38 digits can hold is refused rather than rounded.
  EXPECT_FALSE(Add(N("1e38"), N("0.1")).ok());
  EXPECT_FALSE(Subtract(N("1e125"), N("1e-130")).ok());
}

TEST(NumberTest, OrderedBytesCompareAsTheNumbersDo) {
  std::vector<Number> ascending;
  for (const char* text :
       {"-9.9e125", "-100",  "-99.5", "-12",     "-1.5",
        "-1.25",    "-1",    "-0.5",  "-1e-130", "0",
        "1e-130",   "0.001", "0.01",  "0.5",     "1",
        "1.01",     "1.1",   "1.5",   "2",       "9",
        "10",       "10.01", "99",    "100",     "12345678901234567890123456789012345678",
        "9.9e125"}) {
    ascending.push_back(N(text));
  }
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      const Number& a = ascending[i];
      const Number& b = ascending[j];
      EXPECT_EQ(a <=> b, i <=> j) << a.text() << " " << b.text();
      EXPECT_EQ(a.OrderedBytes().compare(b.OrderedBytes()) <=> 0, i <=> j)
          << a.text() << " " << b.text();
    }
  }
}

TEST(NumberTest, RandomNumbersKeepTheirOrderAsBytes) {
  SeededRandom random(TestSeed());
  auto draw = [&] {
    std::string text = random.Below(2) ? "-" : "";
    for (std::uint64_t i = 0, digits = 1 + random.Below(12); i < digits; ++i) {
      text += static_cast<char>('0' + random.Below(10));
    }
    return N(text + "e" + std::to_string(static_cast<int>(random.Below(20)) - 10));
  };
  for (int i = 0; i < 2000; ++i) {
    Number a = draw();
    Number b = draw();
    ASSERT_EQ(a <=> b, a.OrderedBytes().compare(b.OrderedBytes()) <=> 0)
        << a.text() << " " << b.text();
    ASSERT_EQ(Subtract(*Add(a, b), b)->text(), a.text());
  }
}

TEST(NumberTest, ComesFromAndGoesToTheMachinesNumbers) {
  EXPECT_EQ(Number::FromInt(INT64_MIN).text(), "-9223372036854775808");
  EXPECT_EQ(Number::FromDouble(0.1).text(), "0.1");
  EXPECT_EQ(Number::FromDouble(1e20).text(), "100000000000000000000");
  EXPECT_EQ(Number::FromDouble(1e-300).text(), "0");
  EXPECT_EQ(Number::FromDouble(std::nan("")).text(), "0");
  EXPECT_EQ(Number::FromDouble(1e300), N("9.9e125"));
  EXPECT_DOUBLE_EQ(N("-2.5").ToDouble(), -2.5);
}

Item SampleItem() {
  return {{"b", Wire(R"({"B": "AAEC"})")},
          {"bool", Value(true)},
          {"bs", Wire(R"({"BS": ["AQ==", "AA=="]})")},
          {"l", Wire(R"({"L": [{"S": "x"}, {"L": []}, {"NULL": true}]})")},
          {"m", Wire(R"({"M": {"inner": {"M": {"n": {"N": "1.50"}}}}})")},
          {"n", Value(std::int64_t{-7})},
          {"ns", Wire(R"({"NS": ["10", "9"]})")},
          {"s", Value("text")},
          {"ss", Wire(R"({"SS": ["b", "a"]})")}};
}

TEST(ItemTest, SurvivesEncodingAndTheWire) {
  Item item = SampleItem();
  auto decoded = DecodeItem(EncodeItem(item));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, item);
  auto from_wire = ItemFromWire(ToWire(item));
  ASSERT_TRUE(from_wire.ok());
  EXPECT_EQ(*from_wire, item);
}

TEST(ItemTest, DecodeRefusesEveryTruncationAndSurvivesEveryFlip) {
  const std::string bytes = EncodeItem(SampleItem());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeItem(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    auto item = DecodeItem(flipped);  // may be another item, but a whole one
    if (item.ok()) {
      EXPECT_EQ(*DecodeItem(EncodeItem(*item)), *item);
    }
  }
  EXPECT_FALSE(DecodeItem(bytes + "x").ok());
}

TEST(ItemTest, DecodeRefusesEndlessNesting) {
  std::string bytes = {1, 1, 'a'};
  for (int i = 0; i < 10'000; ++i) bytes += std::string({5, 1});  // a list of one list of ..
  EXPECT_FALSE(DecodeItem(bytes).ok());
}

TEST(ItemTest, SizeCountsNamesAndValues) {
  EXPECT_EQ(ItemSize({{"name", Value("text")}}), 8u);
  EXPECT_EQ(ItemSize({{"n", Value(std::int64_t{1234})}}), 1u + 3u);
  EXPECT_EQ(ItemSize({{"n", Value(std::int64_t{-1234})}}), 1u + 4u);
  EXPECT_EQ(ItemSize({{"b", Value(false)}}), 2u);
  EXPECT_EQ(ItemSize({{"l", Value(List{Value("ab")})}}), 1u + 3u + 3u);
  EXPECT_EQ(ItemSize({{"m", Value(Item{{"k", Value("v")}})}}), 1u + 3u + 1u + 2u);
  EXPECT_GT(ItemSize(SampleItem()), 40u);
}

TEST(WireTest, TakesBareStringsNumbersAndBooleans) {
  EXPECT_EQ(Wire("\"text\""), Value("text"));
  EXPECT_EQ(Wire("41"), Value(std::int64_t{41}));
  EXPECT_EQ(Wire("1.5"), Value(N("1.5")));
  EXPECT_EQ(Wire("true"), Value(true));
}

TEST(WireTest, RefusesWhatIsNoAttributeValueInTheServicesWords) {
  auto refused = [](std::string_view text, std::string_view code, std::string_view message) {
    auto value = FromWire(*json::Parse(text));
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().wire_code(), code) << text;
    EXPECT_THAT(value.error().message(), HasSubstr(std::string(message))) << text;
  };
  const char* empty =
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
  refused(R"({"M": {"": {"S": "x"}}})", "ValidationException",
          "One or more parameter values were invalid: An attribute name must be at least one "
          "character long");
  refused("{}", "ValidationException", empty);
  refused(R"({"X": "1"})", "ValidationException", empty);
  refused(R"({"S": "1", "N": "1"})", "ValidationException", "more than one datatypes set");
  refused(R"({"S": 5})", "SerializationException", "NUMBER_VALUE cannot be converted to String");
  refused(R"({"S": null})", "SerializationException", "NULL_VALUE cannot be converted");
  refused(R"({"S": true})", "SerializationException", "TRUE_VALUE cannot be converted");
  refused(R"({"S": []})", "SerializationException", "START_ARRAY cannot be converted");
  refused(R"({"N": 5})", "SerializationException", "NUMBER_VALUE cannot be converted to String");
  refused(R"({"N": "abc"})", "ValidationException",
          "The parameter cannot be converted to a numeric value: abc");
  refused(R"({"B": "%%"})", "SerializationException", "Base64");
  refused(R"({"B": 1})", "SerializationException", "cannot be converted to Blob");
  refused(R"({"BOOL": "true"})", "SerializationException", "STRING_VALUE cannot be converted");
  refused(R"({"NULL": false})", "ValidationException", "must have the value of true");
  refused(R"({"SS": []})", "ValidationException", "An string set  may not be empty");
  refused(R"({"NS": []})", "ValidationException", "An number set  may not be empty");
  refused(R"({"BS": []})", "ValidationException", "Binary sets should not be empty");
  refused(R"({"SS": ["a", "a"]})", "ValidationException", "duplicates");
  refused(R"({"NS": ["1", "1.0"]})", "ValidationException", "duplicates");
  refused(R"({"BS": ["AA==", "AA=="]})", "ValidationException", "duplicates");
  refused(R"({"SS": "a"})", "SerializationException", "cannot be converted to List");
  refused(R"({"L": {}})", "SerializationException", "START_OBJECT cannot be converted to List");
  refused(R"({"M": []})", "SerializationException", "START_ARRAY cannot be converted to Map");
  refused(R"({"M": {"a": {"N": "x"}}})", "ValidationException", "numeric");
  refused("null", "SerializationException", "NULL_VALUE");
}

TEST(WireTest, BoundsTheNesting) {
  auto nested = [](int levels) {
    json::Value value = json::Object{{"S", "x"}};
    for (int i = 0; i < levels; ++i) value = json::Object{{"L", json::Array{value}}};
    return FromWire(value);
  };
  EXPECT_TRUE(nested(32).ok());
  ASSERT_FALSE(nested(33).ok());
  EXPECT_THAT(nested(33).error().message(), HasSubstr("Nesting Levels"));
}

TEST(JsonTest, PlainJsonComesBack) {
  auto json = json::Parse(R"({"a": [1, 2.5, "x", null, true], "b": {"c": "d"}})");
  Value value = FromJson(*json);
  EXPECT_EQ(value.type(), "M");
  EXPECT_EQ(ToJson(value), *json);
  EXPECT_EQ(ToJson(SampleItem()).Find("ss")->AsArray().size(), 2u);
  EXPECT_EQ(ToJson(SampleItem()).Find("ns")->AsArray()[0].AsInt(), 9);
  EXPECT_EQ(ToJson(SampleItem()).Find("bs")->AsArray()[0].AsString(), "AA==");
  EXPECT_EQ(ToJson(SampleItem()).Find("b")->AsString(), "AAEC");
}

TEST(ValueTest, SaysItsType) {
  for (const auto& [name, value] : SampleItem()) EXPECT_FALSE(value.type().empty()) << name;
  EXPECT_EQ(Value().type(), "NULL");
  EXPECT_EQ(StringAttribute({{"a", Value("b")}}, "a"), "b");
  EXPECT_EQ(StringAttribute({{"a", Value(true)}}, "a"), "");
  EXPECT_EQ(StringAttribute({}, "a"), "");
}

TEST(EncodedItemTest, IsWrittenAndMeasuredAsItIsTakenApart) {
  Item item = {
      {"s", "text \"quoted\" \n größe"},
      {"n", N("-1200.50")},
      {"b", Value(Value::Data(Binary{std::string("\0\xff", 2)}))},
      {"t", true},
      {"f", false},
      {"null", Value()},
      {"l", List{Value("a"), Value(List{}), Value(Item{{"deep", N("1e-5")}})}},
      {"m", Item{{"x", Item{}}, {"y", "z"}}},
      {"ss", Value(Value::Data(StringSet{{"a", "b"}}))},
      {"ns", Value(Value::Data(NumberSet{{N("1"), N("2")}}))},
      {"bs", Value(Value::Data(BinarySet{{"x"}}))},
  };
  const std::string bytes = EncodeItem(item);
  std::string wire;
  ASSERT_TRUE(AppendWire(wire, bytes).ok());
  EXPECT_EQ(wire, json::Write(ToWire(item)));
  ASSERT_TRUE(EncodedItemSize(bytes).ok());
  EXPECT_EQ(*EncodedItemSize(bytes), ItemSize(item));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string ignored;
    EXPECT_FALSE(AppendWire(ignored, bytes.substr(0, size)).ok());
    EXPECT_FALSE(EncodedItemSize(bytes.substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace securebase::documents

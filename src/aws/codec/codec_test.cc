// What is promised: one shape, read alike from all three protocols; wrong types, unknown and
// doubled members refused by name; answers written as each protocol wants them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "aws/codec/cbor.h"
#include "aws/codec/json.h"
#include "aws/codec/query.h"
#include "base/http.h"
#include "base/text.h"

namespace securebase::aws::codec {
namespace {

const ShapePtr& TestShape() {
  static const ShapePtr kShape = Struct({
      Required("Name", Text(1, 5)),
      Optional("Count", Int(1, 9)),
      Optional("Ratio", Double()),
      Optional("On", Bool()),
      Optional("At", Time()),
      Optional("Data", Blob()),
      Optional("Color", OneOf({"red", "blue"})),
      Optional("Tags", MapOf(Text())),
      Optional(
          "Parts",
          ListOf(Struct({Required("Key", Text()), Optional("Sizes", ListOf(Double()))}), {}, 2)),
      Refused("Later"),
  });
  return kShape;
}

Value Whole() {
  Value::Map tags;
  tags.entries.emplace_back("a", "1");
  const Value part = Value::MakeStruct({{"Key", "k"}, {"Sizes", Value::List{1.5, 2.0}}});
  return Value::MakeStruct({{"At", FromUnixMillis(1'765'977'780'500)},
                            {"Count", 3},
                            {"Data", Value::Blob{"\x01\xff"}},
                            {"Name", "ab"},
                            {"On", true},
                            {"Parts", Value::List{part}},
                            {"Ratio", 0.5},
                            {"Tags", std::move(tags)}});
}

Result<Value> FromForm(std::string_view text) {
  return DecodeForm(*TestShape(), *http::ParseForm(text));
}
Result<Value> FromJson(std::string_view text) { return DecodeJson(*TestShape(), text); }
Result<Value> FromHex(std::string_view hex) { return DecodeCbor(*TestShape(), *HexDecode(hex)); }

void ExpectError(const Result<Value>& result, std::string_view wire_code,
                 std::string_view part_of_message) {
  ASSERT_FALSE(result.ok()) << part_of_message;
  EXPECT_EQ(result.error().wire_code(), wire_code) << result.error().message();
  EXPECT_NE(result.error().message().find(part_of_message), std::string::npos)
      << result.error().message();
}

TEST(JsonCodecTest, ReadsEveryKind) {
  const auto value = FromJson(R"({"At": 1765977780.5, "Count": 3, "Data": "Af8=", "Name": "ab",
      "On": true, "Parts": [{"Key": "k", "Sizes": [1.5, 2]}], "Ratio": 0.5, "Tags": {"a": "1"},
      "Color": null})");
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value, Whole());
}

TEST(JsonCodecTest, WritesWhatItReads) {
  const auto again = FromJson(EncodeJson(Whole()));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, Whole());
  EXPECT_EQ(EncodeJson(Value()), "{}");
  EXPECT_EQ(EncodeJson(Value::MakeStruct({{"T", FromUnixSeconds(1'765'977'780)},
                                          {"D", 41.0},
                                          {"N", std::nan("")},
                                          {"I", -std::numeric_limits<double>::infinity()},
                                          {"Absent", Value()},
                                          {"Doc", json::Value(json::Array{1})}})),
            R"({"T":1765977780.0,"D":41.0,"N":"NaN","I":"-Infinity","Doc":[1]})");
}

TEST(JsonCodecTest, AnEmptyBodyIsAnEmptyObject) {
  EXPECT_EQ(*FromJson(""), Value(Value::Struct()));
  EXPECT_EQ(*FromJson(" \n"), Value(Value::Struct()));
}

TEST(JsonCodecTest, TakesNumbersAsClientsWriteThem) {
  EXPECT_EQ(FromJson(R"({"Count": 3.0})")->Int("Count"), 3);
  EXPECT_EQ(FromJson(R"({"Ratio": 3})")->Double("Ratio"), 3.0);
  EXPECT_TRUE(std::isnan(*FromJson(R"({"Ratio": "NaN"})")->Double("Ratio")));
  EXPECT_TRUE(std::isinf(*FromJson(R"({"Ratio": "-Infinity"})")->Double("Ratio")));
  EXPECT_EQ(FromJson(R"({"At": "2026-01-01T00:00:00Z"})")->Time("At"), *ParseIso("2026-01-01"));
}

TEST(JsonCodecTest, RefusesWhatDoesNotFit) {
  auto malformed = [](std::string_view text, std::string_view message) {
    ExpectError(FromJson(text), "SerializationException", message);
  };
  malformed("{", "");
  malformed("[]", "Start of list cannot be converted to structure");
  malformed(R"({"Name": 1})", "NUMBER_VALUE cannot be converted to String at 'Name'");
  malformed(R"({"Count": "1"})", "STRING_VALUE cannot be converted to Integer");
  malformed(R"({"Count": 1.5})", "DECIMAL_VALUE cannot be converted to Integer");
  malformed(R"({"Ratio": "x"})", "Double");
  malformed(R"({"On": 1})", "Boolean");
  malformed(R"({"At": true})", "TRUE_VALUE cannot be converted to Timestamp");
  malformed(R"({"At": "soon"})", "Timestamp");
  malformed(R"({"At": 1e300})", "out of range");
  malformed(R"({"Data": "*"})", "base64");
  malformed(R"({"Data": {}})", "Blob");
  malformed(R"({"Tags": []})", "map");
  malformed(R"({"Tags": {"a": 1}})", "'Tags.a'");
  malformed(R"({"Parts": {}})", "list");
  malformed(R"({"Parts": [null]})", "'Parts.member.1'");
  malformed(R"({"Parts": [{"Key": "a"}, {"Key": 2}]})", "'Parts.member.2.Key'");
  malformed(R"({"Name": "a", "Name": "b"})", "");
  malformed(std::string(300, '['), "");
}

TEST(CodecTest, RefusesUnknownAndRefusedMembersByName) {
  for (const auto& result :
       {FromJson(R"({"Parts": [{"Kay": "a"}]})"), FromForm("Parts.member.1.Kay=a"),
        FromHex("a1655061727473 81a1634b61796161")}) {
    if (!result.ok() && result.error().wire_code() == "SerializationException") continue;
    ExpectError(result, "ValidationError", "The parameter Parts.member.1.Kay is unknown.");
  }
  for (const auto& result : {FromJson(R"({"Later": 1})"), FromForm("Later=1")}) {
    ExpectError(result, "ValidationError", "The parameter Later is not supported");
  }
}

TEST(QueryCodecTest, ReadsEveryKind) {
  const auto value = FromForm(
      "Action=X&Version=1&X-Amz-Date=1&Name=ab&Count=3&Ratio=0.5&On=true&"
      "At=2025-12-17T13:23:00.5%2B00:00&Data=Af8%3D&Tags.entry.1.key=a&Tags.entry.1.value=1&"
      "Parts.member.1.Key=k&Parts.member.1.Sizes.member.7=2&Parts.member.1.Sizes.member.3=1.5");
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value, Whole());
}

TEST(QueryCodecTest, AnEmptyValueIsTheEmptyList) {
  const auto value = FromForm("Name=&Parts=&Tags=");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value->Find("Parts"), Value(Value::List()));
  EXPECT_EQ(*value->Find("Tags"), Value(Value::Map()));
  EXPECT_EQ(*value->Text("Name"), "");
}

TEST(QueryCodecTest, ReadsOddNumbers) {
  EXPECT_TRUE(std::isnan(*FromForm("Ratio=NaN")->Double("Ratio")));
  EXPECT_GT(*FromForm("Ratio=Infinity")->Double("Ratio"), 1e308);
  EXPECT_LT(*FromForm("Ratio=-inf")->Double("Ratio"), -1e308);
  EXPECT_EQ(FromForm("At=1765977780.5")->Time("At"), FromUnixMillis(1'765'977'780'500));
  EXPECT_EQ(FromForm("On=FALSE")->Bool("On", true), false);
}

TEST(QueryCodecTest, RefusesWhatDoesNotFit) {
  auto malformed = [](std::string_view text, std::string_view message) {
    ExpectError(FromForm(text), "MalformedInput", message);
  };
  malformed("Count=x", "The value x for parameter Count is no integer");
  malformed("Ratio=x", "no number");
  malformed("On=yes", "no boolean");
  malformed("At=soon", "no timestamp");
  malformed("Data=*", "no base64");
  malformed("Name=a&Name=b", "The parameter Name is given twice");
  malformed("Name.x=a", "single value");
  malformed("Parts=a", "is a collection");
  malformed("Parts.1=a", "Parts.1 is not a numbered element");
  malformed("Parts.member.x.Key=a", "must be numbered from 1");
  malformed("Parts.member.0.Key=a", "must be numbered from 1");
  malformed("Parts.member.1.Key=a&Parts.member.01.Key=a", "must be numbered from 1");
  malformed("Parts.member.1=a", "is a structure");
  malformed("Tags.entry.1.key=a", "must have key and value");
  malformed(
      "Name" +
          [] {
            std::string deep;
            for (int i = 0; i < 40; ++i) deep += ".a";
            return deep;
          }() +
          "=1",
      "too deep");
}

TEST(QueryCodecTest, WritesXml) {
  EXPECT_EQ(EncodeXml(Value::MakeStruct({{"A", "<&>\"\r\x01"},
                                         {"T", FromUnixMillis(1'765'977'780'500)},
                                         {"S", FromUnixSeconds(1'765'977'780)},
                                         {"D", 41.0},
                                         {"B", false},
                                         {"I", -3},
                                         {"X", Value::Blob{"ab"}},
                                         {"Empty", Value::List()},
                                         {"Absent", Value()},
                                         {"L", Value::List{1, 2}}})),
            "<A>&lt;&amp;&gt;&quot;&#xD;\xEF\xBF\xBD</A><T>2025-12-17T13:23:00.500Z</T>"
            "<S>2025-12-17T13:23:00Z</S><D>41.0</D><B>false</B><I>-3</I><X>YWI=</X><Empty/>"
            "<L><member>1</member><member>2</member></L>");
  Value::Map map;
  map.entries.emplace_back("p95", 1.5);
  EXPECT_EQ(EncodeXml(Value::MakeStruct({{"M", std::move(map)},
                                         {"N", std::nan("")},
                                         {"P", std::numeric_limits<double>::infinity()}})),
            "<M><entry><key>p95</key><value>1.5</value></entry></M><N>NaN</N><P>Infinity</P>");
}

TEST(CborCodecTest, WritesWhatItReads) {
  const auto again = DecodeCbor(*TestShape(), EncodeCbor(Whole()));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(*again, Whole());
  EXPECT_EQ(HexEncode(EncodeCbor(Value())), "a0");
  EXPECT_EQ(HexEncode(EncodeCbor(Value::MakeStruct({{"a", -1},
                                                    {"b", 24},
                                                    {"c", 256},
                                                    {"d", 65536},
                                                    {"e", std::int64_t{1} << 32},
                                                    {"f", false},
                                                    {"g", Value()},
                                                    {"h", Value::List{Value()}}}))),
            "a7"
            "6161"
            "20"
            "6162"
            "1818"
            "6163"
            "190100"
            "6164"
            "1a00010000"
            "6165"
            "1b0000000100000000"
            "6166"
            "f4"
            "6168"
            "81f6");
  EXPECT_EQ(HexEncode(EncodeCbor(Value::MakeStruct({{"t", FromUnixSeconds(1)}}))),
            "a16174c1fb3ff0000000000000");
}

TEST(CborCodecTest, ReadsIndefiniteLengthsAndEveryWidth) {
  // bf "Name": (_ "a" "b") "Ratio": half 1.5 "Count": 3 as 64 bits "On": null "Parts": [_ ] ff
  const auto value = FromHex(
      "bf"
      "644e616d65"
      "7f61616162ff"
      "65526174696f"
      "f93e00"
      "65436f756e74"
      "1b0000000000000003"
      "624f6e"
      "f6"
      "655061727473"
      "9fff"
      "ff");
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value->Text("Name"), "ab");
  EXPECT_EQ(value->Double("Ratio"), 1.5);
  EXPECT_EQ(value->Int("Count"), 3);
  EXPECT_FALSE(value->Has("On"));
  EXPECT_EQ(*value->Find("Parts"), Value(Value::List()));
  auto ratio = [](std::string_view hex) {
    return *FromHex("a165526174696f" + std::string(hex))->Double("Ratio");
  };
  EXPECT_EQ(ratio("01"), 1.0);
  EXPECT_EQ(ratio("3a000000ff"), -256.0);
  EXPECT_EQ(ratio("fa3fc00000"), 1.5);
  EXPECT_EQ(ratio("f90001"), std::ldexp(1, -24));
  EXPECT_EQ(ratio("f9fc00"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(ratio("f97e00")));
  EXPECT_EQ(FromHex("a1624174c11a69200000")->Time("At"), FromUnixSeconds(0x69200000));
  EXPECT_EQ(FromHex("a165436f756e7422")->Int("Count"), -3);
  EXPECT_EQ(*FromHex(""), Value(Value::Struct()));
}

TEST(CborCodecTest, RefusesWhatDoesNotFit) {
  auto malformed = [](std::string_view hex, std::string_view message) {
    ExpectError(FromHex(hex), "SerializationException", message);
  };
  malformed("01", "an unsigned integer where a map is expected");
  malformed("a1", "ends too early");
  malformed("a1644e616d65", "ends too early");
  malformed("a1644e616d6563", "ends too early");
  malformed("a1644e616d6501", "a text is expected at 'Name'");
  malformed("a1644e616d6561ff", "not UTF-8");
  malformed("a1644e616d657f01ff", "a text is expected");
  malformed("a165436f756e741bffffffffffffffff", "an integer is expected");
  malformed("a165436f756e746161", "an integer is expected");
  malformed("a165526174696f6161", "a number is expected");
  malformed("a1624f6e01", "a boolean is expected");
  malformed("a162417401", "a time (tag 1) is expected");
  malformed("a1624174c1fb7ff0000000000000", "out of range");
  malformed("a1624174c0fb3ff0000000000000", "a time (tag 1) is expected");
  malformed("a1655061727473a0", "an array is expected");
  malformed("a0a0", "bytes after");
  malformed("a1644e616d651c", "reserved length");
  malformed("a1644e616d651f", "indefinite length where none can be");
  malformed("a2644e616d656161644e616d656161", "given twice");
  malformed("ff", "break");
}

TEST(ShapeTest, ReportsAllViolatedConstraints) {
  const auto value =
      FromJson(R"({"Name": "abcdef", "Count": 10, "Color": "pink", "Parts": [{}, {}, {}]})");
  ASSERT_TRUE(value.ok());
  const auto checked = CheckConstraints(*TestShape(), *value);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().wire_code(), kConstraintCode);
  EXPECT_EQ(checked.error().field(), "name");
  EXPECT_EQ(
      checked.error().message(),
      "7 validation errors detected: Value 'abcdef' at 'name' failed to satisfy constraint: "
      "Member must have length less than or equal to 5; Value '10' at 'count' failed to satisfy "
      "constraint: Member must have value less than or equal to 9; Value 'pink' at 'color' failed "
      "to satisfy constraint: Member must satisfy enum value set: [red, blue]; Value at 'parts' "
      "failed to satisfy constraint: Member must have length less than or equal to 2; Value null "
      "at 'parts.1.member.key' failed to satisfy constraint: Member must not be null; Value null "
      "at 'parts.2.member.key' failed to satisfy constraint: Member must not be null; Value null "
      "at 'parts.3.member.key' failed to satisfy constraint: Member must not be null");
  const auto empty = CheckConstraints(*TestShape(), *FromJson(R"({"Name": "", "Count": 0})"));
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().message(),
            "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member "
            "must have length greater than or equal to 1; Value '0' at 'count' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1");
  EXPECT_TRUE(CheckConstraints(*TestShape(), Whole()).ok());
}

TEST(ValueTest, MembersOfOtherKindsAreAbsent) {
  const Value value = Whole();
  EXPECT_EQ(value.Text("Count"), nullptr);
  EXPECT_FALSE(value.Int("Name").has_value());
  EXPECT_FALSE(value.Double("Name").has_value());
  EXPECT_FALSE(value.Time("Name").has_value());
  EXPECT_TRUE(value.Elements("Name").empty());
  EXPECT_TRUE(value.Entries("Name").empty());
  EXPECT_EQ(value.Document("Name"), nullptr);
  EXPECT_EQ(value.TextOr("Nope", "x"), "x");
  EXPECT_EQ(Value(1).Find("x"), nullptr);
  Value number(1);
  number.Set("x", 1);
  EXPECT_EQ(number, Value(1));
}

}  // namespace
}  // namespace securebase::aws::codec

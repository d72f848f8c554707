// What is promised: encodings are exact inverses, and anything but the one valid form is refused.
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase {
namespace {

using testing::ElementsAre;

TEST(TextTest, SplitKeepsEmptyParts) {
  EXPECT_THAT(Split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
}

TEST(TextTest, TrimTakesBlanksOfBothEnds) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
}

TEST(TextTest, CaseIsThatOfAscii) {
  EXPECT_EQ(ToLower("X-Amz-Date\xc3\x84"), "x-amz-date\xc3\x84");
  EXPECT_TRUE(EqualsIgnoreCase("HOST", "host"));
  EXPECT_FALSE(EqualsIgnoreCase("host", "hosts"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`")) << "32 apart, but no letters";
}

TEST(TextTest, FindsControlCharacters) {
  EXPECT_TRUE(ContainsControlCharacter("a\nb"));
  EXPECT_TRUE(ContainsControlCharacter(std::string_view("\0", 1)));
  EXPECT_TRUE(ContainsControlCharacter("\x7f"));
  EXPECT_FALSE(ContainsControlCharacter("a b \xc3\xa4"));
}

TEST(Utf8Test, RefusesWhatRfc3629Refuses) {
  for (const std::string_view valid : {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                       "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(valid));
    EXPECT_EQ(ValidUtf8Prefix(valid), valid.size());
  }
  for (const std::string_view wrong :
       {"\x80", "\xc0\xaf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x82(", "\xff"}) {
    EXPECT_FALSE(IsValidUtf8(wrong));
    EXPECT_EQ(ValidUtf8Prefix("ab" + std::string(wrong)), 2u);
  }
}

TEST(Utf8Test, OwnScannerAgreesWithSimdjson) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 20000; ++round) {
    std::string text(random.Below(6), '\0');
    for (char& c : text) c = "a\x80\xa0\xbf\xc3\xe0\xed\xf0\xf4\x90"[random.Below(10)];
    EXPECT_EQ(ValidUtf8Prefix(text) == text.size(), IsValidUtf8(text)) << HexEncode(text);
    EXPECT_TRUE(IsValidUtf8(ToValidUtf8(text))) << HexEncode(text);
  }
}

TEST(Utf8Test, ReplacesWrongBytes) {
  EXPECT_EQ(ToValidUtf8("a\xff\xc3\xa4\x80"), "a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd");
  EXPECT_EQ(ToValidUtf8("plain"), "plain");
}

TEST(HexTest, DecodesWhatItEncodes) {
  EXPECT_EQ(HexEncode(std::string("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(HexDecode("00fF1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(HexDecode(""), "");
  for (const auto* wrong : {"0", "0g", "g0", " 0"}) EXPECT_EQ(HexDecode(wrong), std::nullopt);
}

TEST(Base64Test, MatchesRfc4648) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(Base64Encode(plain), encoded);
    EXPECT_EQ(Base64Decode(encoded), plain);
  }
  EXPECT_EQ(Base64UrlEncode("\xfb\xff"), "-_8");
  EXPECT_EQ(Base64UrlDecode("-_8"), "\xfb\xff");
}

TEST(Base64Test, RefusesEveryOtherForm) {
  for (const auto* wrong :
       {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9-", "Zm9v\n", "Zh==", "Z g=", "=Zg="}) {
    EXPECT_EQ(Base64Decode(wrong), std::nullopt) << wrong;
  }
  for (const auto* wrong : {"Z", "Zg==", "Zm9+", "Zh"}) {
    EXPECT_EQ(Base64UrlDecode(wrong), std::nullopt) << wrong;
  }
}

TEST(PercentTest, EncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~ /+\xc3\xa4"), "aZ09-._~%20%2F%2B%C3%A4");
  EXPECT_EQ(PercentEncode("/a b", /*keep_slash=*/true), "/a%20b");
}

TEST(PercentTest, DecodesAndRefusesBrokenEscapes) {
  EXPECT_EQ(PercentDecode("a%2fb+c", false), "a/b+c");
  EXPECT_EQ(PercentDecode("a%2Fb+c", true), "a/b c");
  for (const auto* wrong : {"%", "%2", "%g0", "%0g", "a%2"}) {
    EXPECT_EQ(PercentDecode(wrong, false), std::nullopt) << wrong;
  }
}

TEST(NumberTest, ParseIntTakesTheWholeTextOrNothing) {
  EXPECT_EQ(ParseInt("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(ParseInt("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const auto* wrong : {"", " 1", "1 ", "+1", "1.0", "0x10", "9223372036854775808", "--1"}) {
    EXPECT_EQ(ParseInt(wrong), std::nullopt) << wrong;
  }
}

TEST(NumberTest, ParseDoubleTakesDecimalsOnly) {
  EXPECT_EQ(ParseDouble("41.5"), 41.5);
  EXPECT_EQ(ParseDouble("-1e3"), -1000.0);
  EXPECT_EQ(ParseDouble("1E+3"), 1000.0);
  for (const auto* wrong : {"", "inf", "nan", "-inf", "0x1p3", "1e999", "1,5", "1 ", ".", "e5"}) {
    EXPECT_EQ(ParseDouble(wrong), std::nullopt) << wrong;
  }
}

TEST(NumberTest, FormatDoubleIsShortAndPlainInTheUsualRange) {
  EXPECT_EQ(FormatDouble(41), "41");
  EXPECT_EQ(FormatDouble(41, true), "41.0");
  EXPECT_EQ(FormatDouble(0.1, true), "0.1");
  EXPECT_EQ(FormatDouble(100000), "100000");
  EXPECT_EQ(FormatDouble(1e16), "10000000000000000");
  EXPECT_EQ(FormatDouble(1e17, true), "1e+17");
  EXPECT_EQ(FormatDouble(0.00001), "0.00001");
  EXPECT_EQ(FormatDouble(1.5e-6), "1.5e-06");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
  EXPECT_EQ(FormatDouble(0, true), "0.0");
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(FormatDouble(-std::numeric_limits<double>::infinity(), true), "-inf");
  EXPECT_EQ(FormatDouble(std::nan("")), "nan");
}

TEST(NumberTest, EveryFiniteDoubleReadsBackTheSame) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 20000; ++round) {
    const std::uint64_t bits = random.Next();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const std::string text = FormatDouble(value, round % 2 == 0);
    EXPECT_EQ(ParseDouble(text), value) << text;
  }
}

}  // namespace
}  // namespace securebase

// What is promised: what the Put functions write, ByteReader reads; damaged input never reads
// past its end and always shows in ok().
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace securebase {
namespace {

TEST(BytesTest, ReadsBackWhatWasPut) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::string out;
  PutFixed<std::uint32_t>(out, 0x01020304);
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, kMax}) {
    PutVarint(out, value);
  }
  PutBytes(out, "journal");
  PutFixed(out, 2.5);

  ByteReader reader(out);
  EXPECT_EQ(reader.Fixed<std::uint32_t>(), 0x01020304u);
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_EQ(reader.Varint(), 127u);
  EXPECT_EQ(reader.Varint(), 128u);
  EXPECT_EQ(reader.Varint(), kMax);
  EXPECT_EQ(reader.Bytes(), "journal");
  EXPECT_EQ(reader.remaining(), sizeof(double));
  EXPECT_EQ(reader.Fixed<double>(), 2.5);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
}

TEST(BytesTest, FixedIsLittleEndianAndVarintSevenBitsAByte) {
  std::string out;
  PutFixed<std::uint32_t>(out, 0x01020304);
  PutVarint(out, 300);
  EXPECT_EQ(out, std::string("\x04\x03\x02\x01\xac\x02", 6));
}

TEST(BytesTest, ZigZagKeepsSmallNumbersSmallAndIsUndone) {
  EXPECT_EQ(ZigZag(0), 0u);
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
  for (const std::int64_t value : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-5},
                                   std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
}

TEST(ByteReaderTest, ReadsPastTheEndFailAndYieldZero) {
  ByteReader fixed("abc");
  EXPECT_EQ(fixed.Fixed<std::uint32_t>(), 0u);
  EXPECT_FALSE(fixed.ok());
  EXPECT_EQ(fixed.Fixed<std::uint8_t>(), 0u) << "a failed reader stays failed";

  ByteReader bytes(
      std::string_view("\x05"
                       "abc"));
  EXPECT_EQ(bytes.Bytes(), "");
  EXPECT_FALSE(bytes.ok());

  ByteReader empty("");
  EXPECT_EQ(empty.Varint(), 0u);
  EXPECT_FALSE(empty.ok());
}

TEST(ByteReaderTest, RefusesVarintsThatDoNotEndOrExceed64Bits) {
  for (const std::string& bad : {std::string("\x80\x80"), std::string(9, '\xff') + '\x02',
                                 std::string(11, '\x80') + '\x01'}) {
    ByteReader reader(bad);
    EXPECT_EQ(reader.Varint(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReaderTest, LengthBeyondAddressableIsRefused) {
  std::string out;
  PutVarint(out, std::numeric_limits<std::uint64_t>::max());
  out += "x";
  ByteReader reader(out);
  EXPECT_EQ(reader.Bytes(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(ChecksumTest, IsXxh3) {
  EXPECT_EQ(Checksum(""), 0x2d06800538d394c2u);  // published value of XXH3_64bits of nothing
  EXPECT_NE(Checksum("a"), Checksum("b"));
}

}  // namespace
}  // namespace securebase

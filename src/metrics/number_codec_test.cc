// What is promised: every column comes back bit for bit, in few bytes where its numbers are
// regular; damaged bytes are refused or give other numbers, never a read outside.
#include "metrics/number_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase::metrics {
namespace {

std::size_t BytesOf(const std::vector<std::int64_t>& values) {
  std::string out;
  PutIntegers(out, values);
  ByteReader reader(out);
  std::vector<std::int64_t> back;
  EXPECT_TRUE(ReadIntegers(reader, values.size(), back));
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(back, values);
  return out.size();
}

std::size_t BytesOf(const std::vector<double>& values) {
  std::string out;
  PutDoubles(out, values);
  ByteReader reader(out);
  std::vector<double> back;
  EXPECT_TRUE(ReadDoubles(reader, values.size(), back));
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(back.size(), values.size());
  for (std::size_t i = 0; i < std::min(back.size(), values.size()); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(values[i])) << i;
  }
  return out.size();
}

std::vector<std::int64_t> Integers(std::size_t count,
                                   const std::function<std::int64_t(std::int64_t)>& of) {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(of(static_cast<std::int64_t>(i)));
  return values;
}

TEST(NumberCodecTest, IntegersOfAnyKindComeBack) {
  SeededRandom random(TestSeed());
  for (const std::size_t count : {0, 1, 2, 127, 128, 129, 1000}) {
    BytesOf(Integers(count, [](std::int64_t) { return 7; }));
    BytesOf(Integers(count, [](std::int64_t i) { return 1'780'272'000 + i * 60; }));
    for (const int bits : {1, 3, 17, 40, 55, 57, 63, 64}) {
      BytesOf(Integers(count, [&](std::int64_t) {
        return static_cast<std::int64_t>(random.Next() >> (64 - bits));
      }));
      // Mostly small, now and then far off.
      BytesOf(Integers(count, [&](std::int64_t) {
        return random.Below(30) == 0 ? static_cast<std::int64_t>(random.Next() >> (64 - bits))
                                     : static_cast<std::int64_t>(random.Below(3));
      }));
    }
  }
  BytesOf(std::vector<std::int64_t>{INT64_MIN, INT64_MAX, INT64_MIN, 0, -1, INT64_MAX});
}

TEST(NumberCodecTest, RegularIntegersAreSmall) {
  EXPECT_LE(BytesOf(Integers(128, [](std::int64_t) { return 42; })), 4u);
  EXPECT_LE(BytesOf(Integers(128, [](std::int64_t i) { return 1'780'272'000 + i * 60; })), 12u);
  SeededRandom random(TestSeed());
  // Zeros with a rare outlier cost little more than a bit each.
  EXPECT_LE(BytesOf(Integers(128, [&](std::int64_t i) { return i % 50 == 49 ? 3 : 0; })), 22u);
  EXPECT_LE(BytesOf(Integers(
                128, [&](std::int64_t) { return static_cast<std::int64_t>(random.Below(1024)); })),
            128u * 10 / 8 + 6);
}

TEST(NumberCodecTest, DoublesComeBackBitForBit) {
  SeededRandom random(TestSeed());
  const auto uniform = [&] { return static_cast<double>(random.Next() >> 11) * 0x1p-53; };
  std::vector<double> decimals, full, mixed,
      special = {0.0,
                 -0.0,
                 std::numeric_limits<double>::denorm_min(),
                 0x1p360,
                 -0x1p360,
                 1e15,
                 9007199254740993.0,
                 0.1 + 0.2,
                 1.0 / 3};
  for (int i = 0; i < 1000; ++i) {
    decimals.push_back(std::round(uniform() * 1e5) / 100);
    full.push_back(uniform());
    mixed.push_back(i % 200 < 150 ? decimals.back() : full.back());
  }
  EXPECT_LE(BytesOf(decimals), 1000u * 17 / 8 + 60);
  EXPECT_LE(BytesOf(full), 1000u * 9);
  BytesOf(mixed);
  BytesOf(special);
  BytesOf(std::vector<double>(300, 1.0 / 3));
}

TEST(NumberCodecTest, HostileBytesAreHarmless) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (std::size_t left = random.Below(40); left > 0; --left) {
      bytes.push_back(static_cast<char>(random.Next()));
    }
    ByteReader integers(bytes), doubles(bytes);
    std::vector<std::int64_t> a;
    std::vector<double> b;
    (void)ReadIntegers(integers, random.Below(300), a);
    (void)ReadDoubles(doubles, random.Below(300), b);
  }
  ByteReader reader("abc");
  std::vector<std::int64_t> out;
  EXPECT_FALSE(ReadIntegers(reader, std::size_t{1} << 50, out)) << "no room is made for them";
}

}  // namespace
}  // namespace securebase::metrics

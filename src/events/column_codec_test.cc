#include "events/internal/column_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase::events {
namespace {

using query::Type;

constexpr std::int64_t kIntMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kIntMax = std::numeric_limits<std::int64_t>::max();

std::vector<std::uint8_t> RandomValid(Random& random, std::size_t count) {
  std::vector<std::uint8_t> valid;
  if (random.Below(2) == 0) return valid;
  const std::uint64_t odds = 1 + random.Below(10);
  for (std::size_t i = 0; i < count; ++i) valid.push_back(random.Below(odds) == 0 ? 0 : 1);
  return valid;
}

// The header as a reader of the footer gets it.
BlockHeader Reread(const BlockHeader& header, Type type, std::size_t rows) {
  std::string bytes;
  PutHeader(bytes, header, type, rows);
  ByteReader in(bytes);
  const BlockHeader read = GetHeader(in, type, rows);
  EXPECT_TRUE(in.ok() && in.empty());
  return read;
}

// Checks size, presence and checksum; the block with the slack that decoders may read.
std::string CheckBlock(const BlockHeader& header, std::string block, std::size_t rows,
                       const std::vector<std::uint8_t>& valid) {
  EXPECT_EQ(header.SizeOf(rows), block.size());
  if (!block.empty()) {
    EXPECT_EQ(header.checksum, Checksum(block));
  }
  if (header.HasPresence(rows)) {
    std::vector<std::uint8_t> read(rows);
    DecodePresence(block, 0, read);
    EXPECT_EQ(read, valid);
  }
  return block + std::string(8, '\xff');
}

// Round trip of any run of rows; absent ones are not compared.
void ExpectInts(const std::vector<std::int64_t>& values, const std::vector<std::uint8_t>& valid,
                bool sorted, Random& random) {
  const Type type = sorted ? Type::kTime : Type::kInt64;
  std::string out;
  const BlockHeader header = Reread(EncodeInts(values, valid, sorted, out), type, values.size());
  const std::string block = CheckBlock(header, out, values.size(), valid);
  if (header.encoding == Encoding::kAbsent) return;
  const std::size_t first = random.Below(values.size());
  for (const std::size_t from : {std::size_t{0}, first}) {
    const std::size_t count = from == 0 ? values.size() : 1 + random.Below(values.size() - from);
    std::vector<std::int64_t> read(count);
    DecodeInts(header, std::string_view(block).substr(0, out.size()), values.size(), from, read);
    for (std::size_t i = 0; i < count; ++i) {
      if (valid.empty() || valid[from + i] != 0) {
        ASSERT_EQ(read[i], values[from + i]);
      }
    }
  }
}

TEST(ColumnCodecTest, IntegersReadBack) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 1 + random.Below(200);
    const int bits = static_cast<int>(random.Below(65));
    const std::int64_t factor = 1 + static_cast<std::int64_t>(random.Below(1000));
    std::vector<std::int64_t> values(count);
    for (auto& value : values) {
      const std::uint64_t draw = bits == 0 ? 0 : random.Next() >> (64 - bits);
      value = static_cast<std::int64_t>(draw);
      if (bits < 40) value = value * factor - 12345;
    }
    ExpectInts(values, RandomValid(random, count), false, random);
  }
}

TEST(ColumnCodecTest, TheWidestRangesReadBack) {
  SeededRandom random(TestSeed());
  ExpectInts({kIntMin, kIntMax}, {}, false, random);
  ExpectInts({kIntMin, kIntMax, 0}, {}, false, random);
  ExpectInts({kIntMin, kIntMin + (std::int64_t{1} << 57)}, {}, false, random);
  ExpectInts({kIntMax}, {}, false, random);
  ExpectInts({kIntMin, 0, kIntMax}, {}, true, random);
}

TEST(ColumnCodecTest, AscendingTimesReadBackAndAreSmall) {
  SeededRandom random(TestSeed());
  constexpr std::int64_t kDay = 86'400'000;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::int64_t> times(1 + random.Below(3000));
    std::int64_t time = 1'750'000'000'000;
    const std::uint64_t odds = 1 + random.Below(50);
    const std::int64_t step = random.Below(2) == 0 ? kDay : 1 + random.Below(5000);
    for (auto& value : times) value = time += random.Below(odds) == 0 ? step : 0;
    ExpectInts(times, {}, true, random);
  }
  // A few rows a day for years: a bit a row.
  std::vector<std::int64_t> days(2048);
  for (std::size_t i = 0; i < days.size(); ++i) days[i] = static_cast<std::int64_t>(i / 3) * kDay;
  std::string out;
  EXPECT_EQ(EncodeInts(days, {}, true, out).encoding, Encoding::kDelta);
  EXPECT_LE(out.size(), 2048u / 8);
}

TEST(ColumnCodecTest, EqualValuesTakeNoBytes) {
  std::string out;
  EncodeInts(std::vector<std::int64_t>(100, 7), {}, false, out);
  EncodeCodes(std::vector<std::uint32_t>(100, 7), {}, out);
  std::uint8_t scale = 0;
  EncodeDoubles(std::vector<double>(100, 7.25), {}, scale, out);
  EXPECT_TRUE(out.empty());
}

TEST(ColumnCodecTest, CodesReadBack) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 200; ++round) {
    const std::size_t count = 1 + random.Below(500);
    const std::uint64_t bound = 1 + (random.Next() >> (32 + random.Below(32)));
    std::vector<std::uint32_t> codes(count);
    for (auto& code : codes) code = static_cast<std::uint32_t>(random.Below(bound));
    const auto valid = RandomValid(random, count);
    std::string out;
    const BlockHeader header = Reread(EncodeCodes(codes, valid, out), Type::kString, count);
    const std::string block = CheckBlock(header, out, count, valid);
    if (header.encoding == Encoding::kAbsent) continue;
    std::vector<std::uint32_t> read(count);
    DecodeCodes(header, block, count, 0, read);
    for (std::size_t i = 0; i < count; ++i) {
      if (valid.empty() || valid[i] != 0) {
        ASSERT_EQ(read[i], codes[i]);
      }
    }
  }
}

double RandomDouble(Random& random, int kind) {
  switch (kind) {
    case 0:  // money
      return static_cast<double>(static_cast<std::int64_t>(random.Below(2'000'000'000)) -
                                 1'000'000'000) /
             1e6;
    case 1:  // any finite or infinite bits, NaN too
      return std::bit_cast<double>(random.Next());
    case 2:
      return static_cast<double>(random.Below(100));
    default: {
      static const double kOdd[] = {0.0, -0.0, 0.1, 1e300, 1e-300, 9007199254740993.0, 1.0 / 3};
      return kOdd[random.Below(std::size(kOdd))];
    }
  }
}

TEST(ColumnCodecTest, DoublesReadBackBitForBit) {
  SeededRandom random(TestSeed());
  std::uint8_t scale = 0;
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 1 + random.Below(300);
    const int kind = static_cast<int>(random.Below(4));
    std::vector<double> values(count);
    for (auto& value : values) value = RandomDouble(random, kind);
    const auto valid = RandomValid(random, count);
    std::string out;
    const BlockHeader header =
        Reread(EncodeDoubles(values, valid, scale, out), Type::kDouble, count);
    const std::string block = CheckBlock(header, out, count, valid);
    if (header.encoding == Encoding::kAbsent) continue;
    const std::size_t first = random.Below(count);
    std::vector<double> read(count - first);
    DecodeDoubles(header, block, count, first, read);
    for (std::size_t i = first; i < count; ++i) {
      if (!valid.empty() && valid[i] == 0) continue;
      ASSERT_EQ(std::bit_cast<std::uint64_t>(read[i - first]),
                std::bit_cast<std::uint64_t>(values[i]));
    }
  }
}

TEST(ColumnCodecTest, DecimalsArePackedWhateverTheScaleBefore) {
  std::uint8_t scale = 9;  // of a chunk before; the common divisor takes it back
  std::vector<double> values;
  for (int i = 0; i < 2048; ++i) values.push_back(i / 100.0);
  std::string out;
  const BlockHeader header = EncodeDoubles(values, {}, scale, out);
  EXPECT_EQ(header.encoding, Encoding::kPacked);
  EXPECT_EQ(out.size(), 2048u * 11 / 8);
}

TEST(ColumnCodecTest, TheZoneOfNaNIsEverything) {
  std::uint8_t scale = 0;
  std::string out;
  const std::vector<double> values = {1.0, std::numeric_limits<double>::quiet_NaN()};
  const BlockHeader header = EncodeDoubles(values, {}, scale, out);
  EXPECT_EQ(header.raw_min, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(header.raw_max, std::numeric_limits<double>::infinity());
}

TEST(ColumnCodecTest, HeadersThatNoWriterWritesAreRefused) {
  const auto refused = [](const BlockHeader& header, Type type, std::size_t rows) {
    std::string bytes;
    PutHeader(bytes, header, type, rows);
    ByteReader in(bytes);
    GetHeader(in, type, rows);
    return !in.ok();
  };
  const BlockHeader good{.encoding = Encoding::kPacked, .base = 1, .divisor = 2, .span = 3};
  EXPECT_FALSE(refused(good, Type::kInt64, 10));
  BlockHeader bad = good;
  bad.divisor = 0;
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
  bad = good;
  bad.span = std::numeric_limits<std::uint64_t>::max();  // beyond int64
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
  bad = good;
  bad.absent = 10;
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
  bad = good;
  bad.scale = kScaleMax + 1;
  EXPECT_TRUE(refused(bad, Type::kDouble, 10));
  bad = good;
  bad.encoding = Encoding::kDelta;
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
  bad.encoding = Encoding::kRaw;
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
  bad.encoding = static_cast<Encoding>(9);
  EXPECT_TRUE(refused(bad, Type::kInt64, 10));
}

}  // namespace
}  // namespace securebase::events

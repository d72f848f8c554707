// What is promised: uniform numbers, well-formed UUIDs, and repeatability from a seed.
#include "base/random.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace securebase {
namespace {

TEST(SeededRandomTest, RepeatsFromItsSeed) {
  SeededRandom a(7), b(7), c(8);
  const std::string first = a.Hex(33);
  EXPECT_EQ(first, b.Hex(33));
  EXPECT_NE(first, c.Hex(33));
  EXPECT_EQ(first.size(), 66u);
}

TEST(SeededRandomTest, IsSplitMix64) {
  SeededRandom random(0);
  EXPECT_EQ(random.Next(), 0xe220a8397b1dcdafu);  // published first output for seed 0
}

TEST(RandomTest, BelowIsInRangeAndReachesEachValueEqually) {
  SeededRandom random(1);
  std::vector<int> counts(10, 0);
  for (int i = 0; i < 10'000; ++i) ++counts.at(random.Below(10));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(random.Below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.Below(~0ull), ~0ull);
}

TEST(RandomTest, BelowDrawsAgainWhatWouldBias) {
  // 2^64 mod (2^63 + 1) is 2^63 - 1: of a draw of 0 nothing may come.
  class ZeroThenMax final : public Random {
   public:
    void Fill(std::span<std::uint8_t> bytes) override {
      for (std::uint8_t& byte : bytes) byte = draws_ == 0 ? 0x00 : 0xff;
      ++draws_;
    }
    int draws_ = 0;
  } random;
  const std::uint64_t bound = (1ull << 63) + 1;
  EXPECT_EQ(random.Below(bound), ~0ull % bound);
  EXPECT_EQ(random.draws_, 2);
}

TEST(RandomTest, UuidsAreOfVersion4) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random.Uuid();
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-', true)
        << uuid;
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(RandomDeathTest, BelowZeroIsACallersMistake) {
  SeededRandom random(1);
  EXPECT_DEATH(random.Below(0), "bound > 0");
}

}  // namespace
}  // namespace securebase

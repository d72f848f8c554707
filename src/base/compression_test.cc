// What is promised: exact inverses, several members, and that no input, damaged or hostile,
// yields more than the limit.
#include "base/compression.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase {
namespace {

struct Format {
  const char* name;
  std::string (*compress)(std::string_view, int);
  Result<std::string> (*decompress)(std::string_view, std::size_t);
};

class CompressionTest : public testing::TestWithParam<Format> {
 protected:
  std::string Compress(std::string_view bytes, int level = 1) const {
    return GetParam().compress(bytes, level);
  }
  Result<std::string> Decompress(std::string_view bytes, std::size_t size_max = 64 << 20) const {
    return GetParam().decompress(bytes, size_max);
  }
  ErrorCode CodeOf(std::string_view bytes, std::size_t size_max = 64 << 20) const {
    const Result<std::string> result = Decompress(bytes, size_max);
    EXPECT_FALSE(result.ok());
    return result.ok() ? ErrorCode::kInternal : result.error().code();
  }
};

TEST_P(CompressionTest, UndoesWhatItDid) {
  SeededRandom random(TestSeed());
  for (const std::size_t size : {0, 1, 63, 64, 65, 1000, 100'000, 3'000'000}) {
    const std::string noise = random.Hex(size / 2);
    EXPECT_EQ(*Decompress(Compress(noise)), noise);
    const std::string same(size, 'a');
    EXPECT_EQ(*Decompress(Compress(same, 6)), same);
  }
}

TEST_P(CompressionTest, ReadsMembersOneAfterTheOther) {
  const std::string first(100'000, 'a');
  EXPECT_EQ(*Decompress(Compress(first) + Compress("") + Compress("b") + Compress(first)),
            first + "b" + first);
}

TEST_P(CompressionTest, TheLimitIsExact) {
  for (const std::size_t size : {0, 1, 100, 65'536, 5'000'000}) {
    const std::string packed = Compress(std::string(size, 'a'));
    EXPECT_EQ(Decompress(packed, size)->size(), size);
    if (size > 0) {
      EXPECT_EQ(CodeOf(packed, size - 1), ErrorCode::kLimitExceeded);
    }
    EXPECT_EQ(CodeOf(packed + Compress("b"), size), ErrorCode::kLimitExceeded);
  }
}

TEST_P(CompressionTest, RefusesWhatIsNotWhole) {
  const std::string packed = Compress(SeededRandom(TestSeed()).Hex(500));
  EXPECT_EQ(CodeOf(""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("plain text"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(packed + "x"), ErrorCode::kInvalidArgument);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(CodeOf(packed.substr(0, size)), ErrorCode::kInvalidArgument) << size;
  }
}

TEST_P(CompressionTest, DamageNeverCrashesNorExceedsTheLimit) {
  SeededRandom random(TestSeed());
  const std::string packed = Compress(random.Hex(2000) + std::string(2000, 'a'));
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = packed;
    damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
    const Result<std::string> result = Decompress(damaged, 10'000);
    EXPECT_LE(result.ok() ? result->size() : 0, 10'000u);
  }
}

TEST_P(CompressionTest, WorksAfterAnError) {
  EXPECT_FALSE(Decompress(Compress(std::string(100, 'a')).substr(0, 12)).ok());
  EXPECT_EQ(*Decompress(Compress("fine")), "fine");
}

INSTANTIATE_TEST_SUITE_P(Formats, CompressionTest,
                         testing::Values(Format{"Gzip", Gzip, GunzipAll},
                                         Format{"Zstd", Zstd, UnzstdAll}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(GunzipTest, ChecksTheChecksum) {
  std::string packed = Gzip("some text");
  packed[packed.size() - 8] ^= 1;
  EXPECT_EQ(GunzipAll(packed, 100).error().code(), ErrorCode::kInvalidArgument);
}

TEST(GunzipTest, ReadsTheOutputOfOthers) {
  // printf hello | gzip -n
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00"
      "\x00\x00",
      25);
  EXPECT_EQ(*GunzipAll(packed, 100), "hello");
}

}  // namespace
}  // namespace securebase

#include "base/testing/seed.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace securebase {
namespace {

// Says the seed after each failed test that asked for it.
class SeedPrinter final : public testing::EmptyTestEventListener {
 public:
  void SetUsed(std::uint64_t seed) {
    seed_ = seed;
    used_ = true;
  }

 private:
  void OnTestEnd(const testing::TestInfo& test) override {
    if (used_ && test.result()->Failed()) {
      std::fprintf(stderr, "seed %" PRIu64 ", rerun with SB_SEED=%" PRIu64 "\n", seed_, seed_);
    }
    used_ = false;
  }

  std::uint64_t seed_ = 0;
  bool used_ = false;
};

std::uint64_t SeedOfEnvironment() {
  const char* const text = std::getenv("SB_SEED");
  if (text == nullptr) return 1;
  char* end = nullptr;
  errno = 0;
  const std::uint64_t seed = std::strtoull(text, &end, 0);
  if (errno != 0 || end == text || *end != '\0') {
    ADD_FAILURE() << "SB_SEED must be a number: " << text;
  }
  return seed;
}

}  // namespace

std::uint64_t TestSeed() {
  static SeedPrinter* const printer = [] {
    auto* created = new SeedPrinter;
    testing::UnitTest::GetInstance()->listeners().Append(created);  // takes it over
    return created;
  }();
  const std::uint64_t seed = SeedOfEnvironment();
  printer->SetUsed(seed);
  return seed;
}

}  // namespace securebase

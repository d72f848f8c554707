#include "alarms/testing/simulation.h"

#include <gtest/gtest.h>

#include "base/testing/seed.h"

namespace securebase::alarms {
namespace {

TEST(SimulationTest, NothingIsLostOrToldTwiceWhateverFails) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 3; ++seed) {
    SimulationOptions options;
    options.seed = seed;
    options.hourly_alarms = 30;
    options.minute_alarms = 4;
    options.length = std::chrono::hours(24 * 3);
    const SimulationResult result = Simulate(options);
    for (const std::string& violation : result.violations) ADD_FAILURE() << seed << ": " << violation;
    EXPECT_GT(result.transitions, 100u);
    EXPECT_GT(result.restarts, 0u);
    EXPECT_GT(result.refused_writes, 0u);
  }
}

}  // namespace
}  // namespace securebase::alarms

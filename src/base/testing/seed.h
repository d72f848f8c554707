#pragma once

#include <cstdint>

namespace securebase {

/// The seed of a test that draws at random: SB_SEED of the environment (decimal, or hexadecimal
/// after 0x), else 1. If the test that calls this fails, it prints how to run again with it.
std::uint64_t TestSeed();

}  // namespace securebase

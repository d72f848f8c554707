#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace securebase {

/// Where randomness comes from. Nothing outside base/ asks the system for it. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<std::uint8_t> bytes) = 0;
  std::uint64_t Next();
  /// Uniform in [0, bound); `bound` > 0.
  std::uint64_t Below(std::uint64_t bound);
  /// Random UUID, version 4, lower case.
  std::string Uuid();
  /// `bytes` random bytes as lower-case hexadecimal.
  std::string Hex(std::size_t bytes);
};

/// The system's generator, fit for secrets.
class SystemRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> bytes) override;
};

/// Repeatable from its seed; for tests and generated sample data, never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void Fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_;  // not locked: one thread only
};

}  // namespace securebase

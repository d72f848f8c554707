#include "bench/w1.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "bench/w4.h"

namespace securebase::bench {
namespace {

constexpr std::array<std::string_view, 4> kRegions = {"us-east-1", "us-west-2", "eu-west-1",
                                                      "ap-southeast-1"};
constexpr std::array<std::string_view, 4> kStages = {"prod", "prod", "staging", "dev"};
constexpr std::array<const char*, 4> kNames = {"Invocations", "Duration", "CPUUtilization",
                                               "Errors"};

W1Series SetOf(std::uint64_t g) {
  W1Series series;
  series.customer = fmt::format("cust-{:05}", g % 250 + 1);
  series.function = fmt::format("fn-{:02}", g / 250);
  series.region = kRegions[RandomBits(1, g, 0) % 4];
  series.stage = kStages[RandomBits(1, g, 1) % 4];
  return series;
}

double LevelOf(int kind, std::uint64_t g) {
  if (kind == 0) return std::exp(2 + 1.5 * RandomNormal(1, g, 2));
  if (kind == 1) return std::exp(3 + RandomNormal(1, g, 4));
  return 20 + 60 * RandomUnit(1, g, 6);
}

}  // namespace

std::vector<W1Series> SeriesOfW1(std::uint64_t sets) {
  std::vector<W1Series> all;
  for (std::uint64_t g = 0; g < sets; ++g) {
    for (int kind = 0; kind < 4; ++kind) {
      W1Series& series = all.emplace_back(SetOf(g));
      series.name = kNames[static_cast<std::size_t>(kind)];
      series.kind = kind;
      series.level = LevelOf(kind, g);
    }
  }
  return all;
}

double ValueOfW1(const W1Series& series, std::uint64_t seed, std::uint64_t i, std::uint64_t t,
                 double day) {
  const std::uint64_t x = (i << 20) + t;
  constexpr double kTurn = 2 * std::numbers::pi;
  switch (series.kind) {
    case 0:
      return std::floor(series.level * (1 + 0.5 * std::sin(kTurn * day)) *
                        (0.5 + RandomUnit(seed, x, 0)));
    case 1:
      return std::round(series.level * std::exp(0.3 * RandomNormal(seed, x, 0)) * 100) / 100;
    case 2:
      return std::round(
                 (series.level + 5 * std::sin(8 * kTurn * day) + 2 * RandomNormal(seed, x, 0)) *
                 10) /
             10;
    default:
      return RandomUnit(seed, x, 0) < 0.98 ? 0 : 1 + std::floor(5 * RandomUnit(seed, x, 1));
  }
}

std::vector<W1Series> SeriesOfW2(std::uint64_t sets) {
  std::vector<W1Series> all;
  for (std::uint64_t g = 0; g < sets; ++g) {
    W1Series& series = all.emplace_back(SetOf(g));
    series.name = "Duration5m";
    series.kind = 1;
    series.level = LevelOf(1, g);
  }
  return all;
}

std::vector<W1Series> RawSeriesOfW2() {
  std::vector<W1Series> all;
  for (std::uint64_t g = 0; g < 10; ++g) {
    W1Series& series = all.emplace_back(SetOf(g));
    series.name = "RawLatency";
    series.function = fmt::format("raw-{}", g);
    series.kind = 1;
    series.level = LevelOf(1, g);
  }
  return all;
}

}  // namespace securebase::bench

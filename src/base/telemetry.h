#pragma once

// How the product tells what it does: every part publishes through this interface; server/
// stores it as metrics and log events of the default account.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace securebase {

/// One measurement. `dimensions` are name-value pairs in any order.
struct Measurement {
  std::string_view namespace_name;  // "SecureBase/Analytics"
  std::string_view name;            // "QueryExecutionTime"
  std::string_view unit;            // a CloudWatch unit: "Seconds", "Count", "Milliseconds", ..
  double value = 0;
  std::vector<std::pair<std::string_view, std::string_view>> dimensions;
};

/// Publishing never blocks and never fails the caller: it goes through a bounded queue, and what
/// does not fit is dropped and counted. Thread-safe.
class Telemetry {
 public:
  virtual ~Telemetry() = default;
  /// Publishes `m` as it stands.
  virtual void Publish(const Measurement& m) = 0;
  /// Publishes `m` with its dimensions and once more without: the users' alarms read most
  /// metrics without dimensions.
  virtual void PublishTwice(const Measurement& m) = 0;
  /// Appends log events to a group's current stream, all with the time of the call.
  virtual void LogEvents(std::string_view group, std::span<const std::string> messages) = 0;
};

/// Publishes nothing; for tests and offline commands.
class NullTelemetry final : public Telemetry {
 public:
  void Publish(const Measurement&) override {}
  void PublishTwice(const Measurement&) override {}
  void LogEvents(std::string_view, std::span<const std::string>) override {}
};

}  // namespace securebase

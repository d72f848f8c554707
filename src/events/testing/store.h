#pragma once

// The embedded event stores over a folder of the real disk, and a dataset to fill them with.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/manual_clock.h"
#include "events/embedded_events.h"
#include "storage/engine.h"

namespace securebase::events::testing {

inline const Account kAccount;
inline constexpr std::int64_t kDayMs = 86'400'000;
/// What the stores' clock reads.
inline const Instant kNow = FromUnixSeconds(1'800'000'000);

/// Midnight of a day counted from the epoch.
inline Instant Day(std::int64_t day) { return FromUnixMillis(day * kDayMs); }

inline Customer CustomerNamed(std::string id) { return {.account = kAccount, .id = std::move(id)}; }

/// "cost": day, service, cost (double), hours (integer), reserved (bool).
Schema CostSchema();

/// An engine with its event stores, recovered; a failure to open ends the test program. Destroyed
/// without Close it leaves what a crash leaves.
class Store {
 public:
  explicit Store(const std::string& folder, const EmbeddedEventsOptions& options = {},
                 FileSystem& files = PosixFileSystem());
  ~Store() { engine_.reset(); }

  EmbeddedDatasetStore& datasets() { return events_->datasets(); }
  EmbeddedLogStore& logs() { return events_->logs(); }
  EmbeddedEvents& events() { return *events_; }
  storage::Engine& engine() { return *engine_; }

 private:
  ManualClock clock_{kNow};
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<EmbeddedEvents> events_;
};

struct CostRow {
  std::int64_t day;
  std::string service;
  double cost;
};

Result<> ImportRows(Store& store, std::string_view key, std::string_view customer,
                    const std::vector<CostRow>& rows);

/// Every row of the customer as "day service cost", in the order of the scan.
Result<std::vector<std::string>> Rows(Store& store, const std::string& customer,
                                      Instant start = Day(0), Instant end = Day(100'000));

/// How many files lie beside each other in the store's folder of segments.
std::size_t SegmentFiles(const std::string& folder);

}  // namespace securebase::events::testing

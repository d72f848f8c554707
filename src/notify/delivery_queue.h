#pragma once

// The durable queue of deliveries: at least once, in order per target and key, with growing delays,
// circuits and dead letters. Alarms, topics and reports send through it.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/telemetry.h"
#include "documents/document_store.h"
#include "net/transport.h"
#include "notify/channel.h"
#include "notify/delivery.h"

namespace securebase::notify {

struct QueueOptions {
  Account home;  // whose internal table holds the deliveries of all accounts
  /// At once per channel; per target it is one.
  int channel_attempts_max = 4;
  /// Failures in a row that open a target's circuit, and how often it is then probed.
  int circuit_failures = 20;
  Duration circuit_probe = std::chrono::minutes(5);
  Duration kept_after_end = std::chrono::hours(24 * 30);
};

struct QueueDependencies {
  documents::DocumentStore& documents;
  net::Transport& transport;
  Telemetry& telemetry;
  const Clock& clock;
  Random& random;
};

struct QueueStatistics {
  std::size_t pending = 0;
  std::optional<Duration> oldest;  // age of the oldest that waits
};

/// Thread-safe once open. A delivery is durable when Add returns; what an attempt came to is
/// durable before the next one begins. After a crash an attempt whose outcome was not stored is
/// made again under the same id: at least once, and receivers that count ids see it once.
class DeliveryQueue {
 public:
  DeliveryQueue(QueueOptions options, QueueDependencies dependencies);
  ~DeliveryQueue();

  /// Reads what waits: before any other call. Channels are registered before Start or RunDue.
  Result<> Load();

  void Register(const std::string& name, std::unique_ptr<Channel> channel);
  /// Called after each delivery that ended, with its final state; must be short.
  void OnEnd(std::function<void(const Delivery&)> on_end) { on_end_ = std::move(on_end); }

  /// "dlv-" and a ULID.
  std::string NewId();

  /// Stores the deliveries, and `with`, in one transaction. One whose id is there already is left
  /// as it is. Times are filled in where they are zero.
  Result<> Add(std::vector<Delivery> deliveries, std::vector<documents::Write> with = {});

  /// Starts threads that deliver as time comes.
  void Start(int threads);
  /// Ends the threads after the attempts they are at. Stopping twice is harmless.
  void Stop();

  /// Delivers all that is due by the clock, in this thread, until nothing is; the number of
  /// attempts made. For simulated time.
  std::size_t RunDue();
  /// When the next delivery is due; none: nothing waits.
  std::optional<Instant> NextDue() const;

  /// kNotFound for an unknown id or another account's.
  Result<Delivery> Get(const Account& account, const std::string& id) const;
  struct Page {
    std::vector<Delivery> deliveries;  // newest first
    std::optional<std::string> next;   // id to go on after
  };
  /// Deliveries of an account; of one state and source where given.
  Result<Page> List(const Account& account, std::optional<DeliveryState> state,
                    const std::string& source, const std::string& after, std::size_t max) const;
  /// Tries a failed or expired delivery again, with fresh attempts. kConflict in other states.
  Result<> Resend(const Account& account, const std::string& id);
  /// A receiver told later that a delivered message came back.
  Result<> MarkBounced(const Account& account, const std::string& id, const std::string& reason);

  /// Forgets deliveries that ended long ago.
  Result<> Sweep();
  QueueStatistics statistics() const;

 private:
  struct Lane;
  struct Target;
  struct Scheduled {
    Instant at;
    std::string lane;
    bool operator<(const Scheduled& other) const {
      return std::tie(at, lane) < std::tie(other.at, other.lane);
    }
  };

  void Enter(Delivery delivery);  // mutex_ held
  void Schedule(const std::string& lane, Instant at);
  std::optional<Delivery> TakeDue(Instant now);
  void Try(Delivery delivery);
  void Apply(Delivery& delivery, const Outcome& outcome, Instant now);
  void Release(const Delivery& delivery, const Outcome& outcome, Instant now);
  Result<> Store(const Delivery& delivery);
  void Publish(const Delivery& delivery, const Outcome& outcome, Instant now);
  void Loop();

  const QueueOptions options_;
  const QueueDependencies with_;
  std::map<std::string, std::unique_ptr<Channel>, std::less<>> channels_;
  std::function<void(const Delivery&)> on_end_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // All guarded by mutex_.
  std::map<std::string, Delivery, std::less<>> pending_;
  std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes_;
  std::map<std::string, std::unique_ptr<Target>, std::less<>> targets_;
  std::map<std::string, int, std::less<>> busy_of_channel_;
  std::set<Scheduled> schedule_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace securebase::notify

#include "loadtest/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace securebase::loadtest {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t kClientsMax = 2000;
constexpr std::size_t kRequestsMax = 50'000'000;

double Seconds(Nanoseconds d) { return std::chrono::duration<double>(d).count(); }

class RealPacer final : public Pacer {
 public:
  explicit RealPacer(const Clock& clock) : clock_(clock) {}
  Nanoseconds Now() override { return clock_.Monotonic(); }
  void WaitUntil(Nanoseconds instant) override {
    const Nanoseconds wait = instant - Now();
    if (wait > Nanoseconds(0)) std::this_thread::sleep_for(wait);
  }

 private:
  const Clock& clock_;
};

// What the clients of one run share.
struct Shared {
  const Plan& plan;
  Pacer& pacer;
  const std::function<void(const Progress&)>& progress;
  const std::atomic<bool>& cancelled;
  Nanoseconds start{0};
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> failed{0};
};

// What one client measured.
struct Client {
  std::vector<Sample> samples;
  std::map<std::string, std::uint64_t> failures;
  std::uint64_t bytes = 0;
};

std::string FailureOf(const Outcome& outcome) {
  if (!outcome.error.empty()) return outcome.error;
  return outcome.status >= 400 ? fmt::format("HTTP {}", outcome.status) : std::string();
}

bool PastEnd(const Shared& shared, std::uint64_t index, Nanoseconds when) {
  if (shared.plan.requests > 0 && index >= shared.plan.requests) return true;
  return shared.plan.duration.count() > 0 && when >= shared.plan.duration;
}

void SendOne(Shared& shared, Client& client, Sender& sender, const Step& step,
             Nanoseconds intended) {
  const Nanoseconds sent = shared.pacer.Now();
  const Outcome outcome = sender.Send(step);
  const Nanoseconds end = shared.pacer.Now();

  Sample sample;
  sample.start_s = Seconds(sent - shared.start);
  sample.service_s = Seconds(end - sent);
  sample.latency_s = Seconds(end - std::min(intended, sent));
  sample.status = outcome.status;
  const std::string failure = FailureOf(outcome);
  sample.failed = !failure.empty();
  if (sample.failed) {
    ++client.failures[failure];
    ++shared.failed;
  }
  client.bytes += outcome.bytes;
  client.samples.push_back(sample);
  const std::uint64_t done = ++shared.done;
  if (shared.progress) {
    shared.progress(Progress{done, shared.failed.load(), Seconds(end - shared.start)});
  }
}

void RunClient(Shared& shared, Client& client, Sender& sender, std::size_t client_index) {
  const Plan& plan = shared.plan;
  const bool open = plan.rate > 0;
  if (!open && plan.ramp.count() > 0) {
    shared.pacer.WaitUntil(shared.start + Nanoseconds(plan.ramp) * client_index /
                                              static_cast<long>(plan.concurrency));
  }
  std::size_t step = client_index % plan.scenario.steps.size();
  while (!shared.cancelled.load(std::memory_order_relaxed)) {
    const std::uint64_t index = shared.next++;
    const Nanoseconds when =
        open ? IntendedStart(index, plan.rate, plan.ramp) : shared.pacer.Now() - shared.start;
    if (PastEnd(shared, index, when)) return;
    if (open) shared.pacer.WaitUntil(shared.start + when);
    SendOne(shared, client, sender, plan.scenario.steps[step], shared.start + when);
    step = (step + 1) % plan.scenario.steps.size();
  }
}

}  // namespace

Result<> Check(const Plan& plan) {
  if (plan.scenario.steps.empty()) return InvalidArgument("--scenario", "has no requests");
  if (plan.concurrency < 1 || plan.concurrency > kClientsMax) {
    return InvalidArgument("--concurrency", fmt::format("must be 1 to {}", kClientsMax));
  }
  if (plan.requests > kRequestsMax) {
    return InvalidArgument("--requests", fmt::format("must be at most {}", kRequestsMax));
  }
  if (plan.requests == 0 && plan.duration.count() == 0) {
    return InvalidArgument("--requests", "give --requests, --duration, or both");
  }
  if (!std::isfinite(plan.rate) || plan.rate < 0 || plan.rate > 1e6) {
    return InvalidArgument("--rate", "must be a number of requests a second up to 1000000");
  }
  return {};
}

std::unique_ptr<Pacer> MakeRealPacer(const Clock& clock) {
  return std::make_unique<RealPacer>(clock);
}

Nanoseconds IntendedStart(std::uint64_t index, double rate, Duration ramp) {
  const double ramp_s = Seconds(ramp);
  const auto i = static_cast<double>(index);
  // During the ramp the rate is rate * t / ramp, so request i is due at sqrt(2 i ramp / rate).
  const double ramp_requests = rate * ramp_s / 2;
  const double due =
      i < ramp_requests ? std::sqrt(2 * i * ramp_s / rate) : ramp_s + (i - ramp_requests) / rate;
  return Nanoseconds(static_cast<std::int64_t>(due * 1e9));
}

LoadRun RunLoad(const Plan& plan, const std::function<std::unique_ptr<Sender>()>& make_sender,
                Pacer& pacer, const std::function<void(const Progress&)>& progress,
                const std::atomic<bool>& cancelled) {
  Shared shared{plan, pacer, progress, cancelled};
  shared.start = pacer.Now();
  std::vector<Client> clients(plan.concurrency);
  {
    std::vector<std::jthread> threads;
    threads.reserve(plan.concurrency);
    for (std::size_t i = 0; i < plan.concurrency; ++i) {
      threads.emplace_back([&, i] {
        const std::unique_ptr<Sender> sender = make_sender();
        RunClient(shared, clients[i], *sender, i);
      });
    }
  }
  LoadRun run;
  run.plan = plan;
  run.elapsed_s = Seconds(pacer.Now() - shared.start);
  for (Client& client : clients) {
    run.samples.insert(run.samples.end(), client.samples.begin(), client.samples.end());
    for (const auto& [kind, count] : client.failures) run.failures[kind] += count;
    run.bytes += client.bytes;
  }
  return run;
}

}  // namespace securebase::loadtest

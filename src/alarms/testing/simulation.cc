#include "alarms/testing/simulation.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <map>
#include <set>

#include "alarms/alarm_service.h"
#include "alarms/testing/memory_documents.h"
#include "base/random.h"
#include "base/testing/manual_clock.h"

namespace securebase::alarms {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Account kAccount;
constexpr std::string_view kTopic = "arn:aws:sns:us-east-1:123456789012:on-call";
const Instant kStart = *ParseIso("2026-06-01T00:00:00Z");

/// Every datapoint is a function of seed, metric and time: a month costs no memory. Spells of six
/// hours (or twenty minutes) are good, bad or without data.
class SyntheticMetrics final : public metrics::MetricStore {
 public:
  SyntheticMetrics(std::uint64_t seed, std::function<bool()> fails)
      : seed_(seed), fails_(std::move(fails)) {}

  void Put(const Account&, std::vector<metrics::Datum>, std::function<void(Result<>)> done) override {
    done({});
  }
  Result<std::vector<metrics::UnitSeries>> Query(
      const Account&, const metrics::StatisticsRequest& request) const override {
    if (fails_ && fails_()) return Unavailable("a block cannot be read");
    const std::uint64_t series =
        XXH3_64bits_withSeed(request.metric.name.data(), request.metric.name.size(), seed_);
    const Duration spell = request.period >= hours(1) ? Duration(hours(6)) : Duration(minutes(20));
    metrics::UnitSeries out{"None", {}};
    for (Instant at = request.start; at < request.end; at += request.period) {
      const std::int64_t number = at.time_since_epoch() / spell;
      const std::uint64_t draw = XXH3_64bits_withSeed(&number, sizeof number, series) % 100;
      if (draw < 20) continue;
      metrics::Bucket bucket;
      bucket.Add(draw < 45 ? 100 : 1);
      out.buckets.emplace_back(at, bucket);
    }
    if (out.buckets.empty()) return std::vector<metrics::UnitSeries>();
    return std::vector<metrics::UnitSeries>{std::move(out)};
  }
  Result<metrics::ListPage> List(const Account&, const metrics::ListRequest&) const override {
    return metrics::ListPage();
  }
  metrics::MetricStoreStatistics statistics() const override { return {}; }

 private:
  const std::uint64_t seed_;
  const std::function<bool()> fails_;
};

/// A receiver that drops keys it has seen.
class Receiver final : public ActionSink {
 public:
  explicit Receiver(std::function<bool()> unavailable) : unavailable_(std::move(unavailable)) {}
  Result<> Run(const Action& action) override {
    if (unavailable_ && unavailable_()) return Unavailable("the queue is full");
    if (!keys_.insert(action.key).second) {
      ++repeats;
      return {};
    }
    told[action.alarm_name].emplace_back(action.before, action.after);
    return {};
  }
  std::map<std::string, std::vector<std::pair<StateValue, StateValue>>> told;
  std::uint64_t repeats = 0;
  std::uint64_t actions() const { return keys_.size(); }

 private:
  std::function<bool()> unavailable_;
  std::set<std::string> keys_;
};

std::string AlarmJson(const std::string& name, bool hourly, std::uint64_t draw) {
  constexpr std::string_view kTreatments[] = {"missing", "ignore", "breaching", "notBreaching"};
  const int n = hourly ? 25 + static_cast<int>(draw % 3) : 1 + static_cast<int>(draw % 3);
  const int m = hourly ? 2 + static_cast<int>(draw % 4) : n;
  return fmt::format(
      R"({{"AlarmName":"{0}","Namespace":"Sim","MetricName":"{0}","Statistic":"Maximum",)"
      R"("Period":{1},"EvaluationPeriods":{2},"DatapointsToAlarm":{3},"Threshold":10,)"
      R"("ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"{4}",)"
      R"("OKActions":["{5}"],"AlarmActions":["{5}"],"InsufficientDataActions":["{5}"]}})",
      name, hourly ? 3600 : 60, n, m, kTreatments[draw / 7 % 4], kTopic);
}

struct World {
  explicit World(const SimulationOptions& options, bool faults)
      : options(options),
        faults(faults),
        random(options.seed),
        clock(kStart),
        metrics(options.seed, faults ? [this] { return Happens(5'000, refused_reads); }
                                     : std::function<bool()>()),
        receiver(faults ? [this] { return Happens(50, unavailable); } : std::function<bool()>()) {
    if (faults) {
      documents.SetFaults([this] {
        if (!active) return MemoryDocumentStore::Fault::kNone;
        if (Happens(100, refused_writes)) return MemoryDocumentStore::Fault::kRefused;
        if (!Happens(400, lost)) return MemoryDocumentStore::Fault::kNone;
        dies = true;
        return MemoryDocumentStore::Fault::kAppliedButLost;
      });
    }
  }

  bool Happens(std::uint64_t one_in, std::uint64_t& count) {
    if (!active || random.Below(one_in) != 0) return false;
    ++count;
    return true;
  }

  void Open() {
    const bool was = std::exchange(active, false);
    service = *AlarmService::Open({.documents = documents, .metrics = metrics, .clock = clock},
                                  kAccount);
    service->SetSink(&receiver);
    active = was;
  }

  void PutAlarms() {
    auto put = [&](const std::string& text) {
      Result<Definition> definition = ParseAlarm(*json::Parse(text), kAccount);
      if (!definition.ok() || !service->store().Put(kAccount, *std::move(definition)).ok()) {
        violations.push_back("cannot put " + text);
      }
    };
    std::vector<std::string> names;
    for (int i = 0; i < options.hourly_alarms + options.minute_alarms; ++i) {
      const bool hourly = i < options.hourly_alarms;
      names.push_back(fmt::format("{}-{:04}", hourly ? "hourly" : "minute", i));
      put(AlarmJson(names.back(), hourly, XXH3_64bits(&i, sizeof i)));
    }
    for (int i = 0; i < options.composites; ++i) {
      const auto& a = names[static_cast<std::size_t>(i * 7) % names.size()];
      const auto& b = names[static_cast<std::size_t>(i * 13 + 1) % names.size()];
      put(fmt::format(R"j({{"AlarmName":"composite-{}","AlarmRule":"ALARM({}) AND NOT OK({})",)j"
                      R"j("AlarmActions":["{}"]}})j",
                      i, a, b, kTopic));
    }
  }

  void Step(Instant end) {
    // Alarms that are due close together are evaluated together, as on the server.
    const Instant next = service->NextDue();
    clock.Set(std::min(end, std::max(next, clock.Now() + Duration(250))));
    if (faults && active && random.Below(20'000) == 0) dies = true;
    service->RunOnce();
    if (!dies) return;
    dies = false;
    ++restarts;
    evaluations += service->statistics().evaluations;
    service.reset();
    // Down for up to two hours.
    clock.Set(std::min(end, clock.Now() + Duration(static_cast<std::int64_t>(
                                              random.Below(2 * 3'600'000)))));
    Open();
  }

  void Run() {
    active = false;
    Open();
    PutAlarms();
    active = true;
    const Instant end = kStart + options.length;
    while (clock.Now() < end) Step(end);
    // With the faults gone, everything must settle.
    active = false;
    for (int i = 0; i < 200; ++i) {
      clock.Advance(Duration(1'000));
      service->RunOnce();
    }
    evaluations += service->statistics().evaluations;
  }

  const SimulationOptions& options;
  const bool faults;
  SeededRandom random;
  ManualClock clock;
  MemoryDocumentStore documents;
  SyntheticMetrics metrics;
  Receiver receiver;
  std::unique_ptr<AlarmService> service;
  bool active = false;
  bool dies = false;
  std::uint64_t refused_reads = 0, refused_writes = 0, lost = 0, unavailable = 0;
  std::uint64_t restarts = 0, evaluations = 0;
  std::vector<std::string> violations;
};

std::string PathText(const std::vector<std::pair<StateValue, StateValue>>& path) {
  std::string out;
  for (const auto& [before, after] : path) {
    out += fmt::format("{}>{} ", ToText(before).substr(0, 1), ToText(after).substr(0, 1));
  }
  return out.size() > 300 ? out.substr(0, 300) + ".." : out;
}

/// Each state update of the history has its action, in order, once.
void CheckHistory(World& world, SimulationResult& result) {
  HistoryQuery query;
  query.item_type = "StateUpdate";
  query.ascending = true;
  query.items_max = 1'000'000;
  for (const AlarmPtr& alarm : world.service->store().All(kAccount)) {
    query.alarm_name = alarm->name();
    const Result<HistoryPage> page = world.service->store().History(kAccount, query);
    if (!page.ok()) {
      result.violations.push_back("cannot read the history of " + alarm->name());
      continue;
    }
    if (alarm->composite()) continue;
    result.transitions += page->items.size();
    const auto& told = world.receiver.told[alarm->name()];
    StateValue before = StateValue::kInsufficientData;
    for (const auto& [from, to] : told) {
      if (from != before) {
        result.violations.push_back(alarm->name() + ": told out of order: " + PathText(told));
        break;
      }
      before = to;
    }
    if (before != alarm->state.value) {
      result.violations.push_back(alarm->name() + ": the last thing told is not its state");
    }
    if (told.size() != page->items.size() && world.options.length < kHistoryKept) {
      result.violations.push_back(fmt::format("{}: {} state updates, {} actions", alarm->name(),
                                              page->items.size(), told.size()));
    }
  }
}

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) {
  SimulationResult result;
  World calm(options, false);
  calm.Run();
  World world(options, options.faults);
  world.Run();
  result.evaluations = calm.evaluations + world.evaluations;
  result.actions = world.receiver.actions();
  result.repeats = world.receiver.repeats;
  result.restarts = world.restarts;
  result.refused_writes = world.refused_writes;
  result.refused_reads = world.refused_reads;
  result.violations = world.violations;
  CheckHistory(world, result);
  for (const AlarmPtr& alarm : calm.service->store().All(kAccount)) {
    const AlarmPtr other = world.service->store().Find(kAccount, alarm->name());
    if (other == nullptr || other->state.value != alarm->state.value) {
      result.violations.push_back(alarm->name() + ": ends in another state than without faults");
      continue;
    }
    if (alarm->composite()) continue;
    const auto& expected = calm.receiver.told[alarm->name()];
    const auto& got = world.receiver.told[alarm->name()];
    if (expected != got) {
      result.violations.push_back(fmt::format("{}: expected {} got {}", alarm->name(),
                                              PathText(expected), PathText(got)));
    }
  }
  return result;
}

}  // namespace securebase::alarms

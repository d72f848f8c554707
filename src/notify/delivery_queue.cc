#include "notify/delivery_queue.h"

#include <algorithm>
#include <deque>

#include "base/log.h"
#include "notify/internal/ulid.h"
#include "notify/retry.h"

namespace securebase::notify {
namespace {

constexpr const char* kTable = "securebase.internal.deliveries";
// How soon a channel with a fault of its own is tried again.
constexpr Duration kConfigurationDelay = std::chrono::minutes(5);
// How soon an attempt whose outcome could not be stored is made again.
constexpr Duration kStoreDelay = std::chrono::seconds(5);

std::string LaneOf(const Delivery& delivery) { return delivery.target + "\n" + delivery.order_key; }

documents::Item KeyOf(const std::string& id) { return {{"id", id}}; }

}  // namespace

// Deliveries that must not overtake one another: only the first may be tried.
struct DeliveryQueue::Lane {
  std::deque<std::string> ids;
  std::optional<Instant> scheduled;
};

struct DeliveryQueue::Target {
  bool busy = false;
  int failures = 0;    // in a row
  Instant not_before;  // by spacing, Retry-After or an open circuit
};

DeliveryQueue::DeliveryQueue(QueueOptions options, QueueDependencies dependencies)
    : options_(std::move(options)), with_(dependencies) {}

DeliveryQueue::~DeliveryQueue() { Stop(); }

Result<> DeliveryQueue::Load() {
  documents::TableDescription table{.name = kTable,
                                    .id = with_.random.Uuid(),
                                    .partition_key = {.name = "id"},
                                    .created_at = with_.clock.Now(),
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(with_.documents.CreateTable(options_.home, std::move(table)));
  SB_TRY(const std::vector<documents::Item> items, with_.documents.All(options_.home, kTable));
  std::vector<Delivery> waiting;
  for (const documents::Item& item : items) {
    SB_TRY(Delivery delivery, DeliveryFromItem(item));
    if (delivery.state == DeliveryState::kPending) waiting.push_back(std::move(delivery));
  }
  std::sort(waiting.begin(), waiting.end(), [](const Delivery& a, const Delivery& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  const std::lock_guard lock(mutex_);
  for (Delivery& delivery : waiting) Enter(std::move(delivery));
  return {};
}

void DeliveryQueue::Register(const std::string& name, std::unique_ptr<Channel> channel) {
  channels_[name] = std::move(channel);
}

std::string DeliveryQueue::NewId() { return "dlv-" + MakeUlid(with_.clock.Now(), with_.random); }

Result<> DeliveryQueue::Add(std::vector<Delivery> deliveries, std::vector<documents::Write> with) {
  const Instant now = with_.clock.Now();
  std::vector<documents::Write> writes = std::move(with);
  const std::size_t first = writes.size();
  for (Delivery& delivery : deliveries) {
    if (delivery.created_at == Instant()) delivery.created_at = now;
    if (delivery.next_try == Instant()) delivery.next_try = delivery.created_at;
    documents::Item item = ToItem(delivery);
    writes.push_back(
        {.table = kTable,
         .key = KeyOf(delivery.id),
         .mutation = [item](const documents::Item* present) -> Result<documents::Change> {
           if (present != nullptr) return documents::Change{};
           return documents::Change{.kind = documents::Change::Kind::kPut, .item = item};
         }});
  }
  if (writes.empty()) return {};
  SB_TRY(const std::vector<documents::WriteResult> results,
         with_.documents.Transact(options_.home, std::move(writes)));
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!results[first + i].before) Enter(std::move(deliveries[i]));
  }
  wake_.notify_all();
  return {};
}

void DeliveryQueue::Enter(Delivery delivery) {
  const std::string name = LaneOf(delivery);
  std::unique_ptr<Lane>& lane = lanes_[name];
  if (lane == nullptr) lane = std::make_unique<Lane>();
  lane->ids.push_back(delivery.id);
  const Instant at = delivery.next_try;
  pending_.emplace(delivery.id, std::move(delivery));
  if (lane->ids.size() == 1) Schedule(name, at);
}

// A lane is scheduled at most once.
void DeliveryQueue::Schedule(const std::string& name, Instant at) {
  Lane& lane = *lanes_.at(name);
  if (lane.scheduled) schedule_.erase({*lane.scheduled, name});
  lane.scheduled = at;
  schedule_.insert({at, name});
}

std::optional<Delivery> DeliveryQueue::TakeDue(Instant now) {
  const std::lock_guard lock(mutex_);
  // Lanes that are due and cannot go now come back later; each is looked at once a call.
  std::vector<std::pair<std::string, Instant>> later;
  std::optional<Delivery> taken;
  while (!taken && !schedule_.empty() && schedule_.begin()->at <= now) {
    const std::string name = schedule_.begin()->lane;
    schedule_.erase(schedule_.begin());
    Lane& lane = *lanes_.at(name);
    lane.scheduled.reset();
    Delivery& delivery = pending_.at(lane.ids.front());
    std::unique_ptr<Target>& target = targets_[delivery.target];
    if (target == nullptr) target = std::make_unique<Target>();
    if (target->not_before > now) {
      later.emplace_back(name, target->not_before);
    } else if (target->busy ||
               busy_of_channel_[delivery.channel] >= options_.channel_attempts_max) {
      later.emplace_back(name, now);  // Release wakes the threads
    } else {
      target->busy = true;
      ++busy_of_channel_[delivery.channel];
      taken = delivery;
    }
  }
  for (const auto& [name, at] : later) Schedule(name, at);
  return taken;
}

void DeliveryQueue::Try(Delivery delivery) {
  const Instant started = with_.clock.Now();
  const auto monotonic = with_.clock.Monotonic();
  const auto channel = channels_.find(delivery.channel);
  Outcome outcome = channel == channels_.end()
                        ? Outcome{.kind = Outcome::Kind::kPermanent,
                                  .detail = "there is no channel \"" + delivery.channel + "\""}
                        : channel->second->Deliver(delivery, with_.transport, started);
  outcome.detail = Excerpt(outcome.detail);
  const Instant now = with_.clock.Now();
  ++delivery.attempt_count;
  delivery.attempts.push_back(
      {.number = delivery.attempt_count,
       .started_at = started,
       .took = std::chrono::duration_cast<Duration>(with_.clock.Monotonic() - monotonic),
       .status = outcome.status,
       .outcome = std::string(ToText(outcome.kind)),
       .detail = outcome.detail});
  if (delivery.attempts.size() > kAttemptsKept) delivery.attempts.erase(delivery.attempts.begin());
  Apply(delivery, outcome, now);
  if (const Result<> stored = Store(delivery); !stored.ok()) {
    Log(LogLevel::kError, "cannot store what a delivery came to; it is made again",
        {{"delivery", delivery.id}, {"error", stored.error().message()}});
    delivery.state = DeliveryState::kPending;
    delivery.ended_at.reset();
    delivery.next_try = now + kStoreDelay;
  } else {
    Publish(delivery, outcome, now);
  }
  Release(delivery, outcome, now);
}

void DeliveryQueue::Apply(Delivery& delivery, const Outcome& outcome, Instant now) {
  auto end = [&](DeliveryState state) {
    delivery.state = state;
    delivery.ended_at = now;
  };
  switch (outcome.kind) {
    case Outcome::Kind::kDelivered:
      return end(DeliveryState::kDelivered);
    case Outcome::Kind::kPermanent:
      return end(DeliveryState::kFailed);
    case Outcome::Kind::kConfiguration:
      if (now - delivery.created_at > PlanOf(delivery.channel).give_up_after) {
        return end(DeliveryState::kExpired);
      }
      delivery.next_try = now + kConfigurationDelay;
      return;
    case Outcome::Kind::kRetry: {
      RetryPlan plan = PlanOf(delivery.channel);
      plan.fixed = delivery.delays;
      if (delivery.attempts_max > 0) plan.attempts_max = delivery.attempts_max;
      const auto delay = NextDelay(plan, delivery.attempt_count, now - delivery.created_at,
                                   outcome.retry_after, with_.random);
      if (!delay) return end(DeliveryState::kFailed);
      delivery.next_try = now + *delay;
      return;
    }
  }
}

void DeliveryQueue::Release(const Delivery& delivery, const Outcome& outcome, Instant now) {
  const bool ended = delivery.state != DeliveryState::kPending;
  {
    const std::lock_guard lock(mutex_);
    Target& target = *targets_.at(delivery.target);
    target.busy = false;
    --busy_of_channel_[delivery.channel];
    const auto channel = channels_.find(delivery.channel);
    if (channel != channels_.end()) {
      target.not_before = std::max(target.not_before, now + channel->second->spacing());
    }
    target.failures = outcome.kind == Outcome::Kind::kDelivered ? 0 : target.failures + 1;
    if (outcome.retry_after) {
      target.not_before = std::max(target.not_before, now + *outcome.retry_after);
    }
    // PagerDuty's never opens: a page must get through.
    if (target.failures >= options_.circuit_failures && delivery.channel != "pagerduty") {
      target.not_before = std::max(target.not_before, now + options_.circuit_probe);
    }
    const std::string name = LaneOf(delivery);
    Lane& lane = *lanes_.at(name);
    if (ended) {
      lane.ids.pop_front();
      pending_.erase(delivery.id);
      if (lane.ids.empty()) {
        if (lane.scheduled) schedule_.erase({*lane.scheduled, name});
        lanes_.erase(name);
      } else {
        Schedule(name, pending_.at(lane.ids.front()).next_try);
      }
    } else {
      pending_.insert_or_assign(delivery.id, delivery);
      Schedule(name, delivery.next_try);
    }
    wake_.notify_all();
  }
  if (ended && on_end_) on_end_(delivery);
}

Result<> DeliveryQueue::Store(const Delivery& delivery) {
  return with_.documents.Put(options_.home, kTable, ToItem(delivery));
}

void DeliveryQueue::Publish(const Delivery& delivery, const Outcome& outcome, Instant now) {
  auto publish = [&](std::string_view name, std::string_view unit, double value) {
    with_.telemetry.PublishTwice(
        {"SecureBase/Analytics", name, unit, value, {{"Channel", delivery.channel}}});
  };
  publish("NotificationAttempts", "Count", 1);
  if (delivery.state == DeliveryState::kPending) return;
  const bool delivered = outcome.kind == Outcome::Kind::kDelivered;
  publish(delivered ? "NotificationDelivered" : "NotificationFailed", "Count", 1);
  if (delivered) {
    publish("NotificationLatency", "Milliseconds",
            static_cast<double>((now - delivery.created_at).count()));
  }
}

std::size_t DeliveryQueue::RunDue() {
  std::size_t attempts = 0;
  while (std::optional<Delivery> delivery = TakeDue(with_.clock.Now())) {
    Try(*std::move(delivery));
    ++attempts;
  }
  return attempts;
}

void DeliveryQueue::Start(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

void DeliveryQueue::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

void DeliveryQueue::Loop() {
  // The clock may be shifted (serve --clock) or jump: it is looked at this often at least.
  constexpr Duration kLook = std::chrono::seconds(1);
  constexpr Duration kBusyLook = std::chrono::milliseconds(50);
  while (true) {
    if (std::optional<Delivery> delivery = TakeDue(with_.clock.Now())) {
      Try(*std::move(delivery));
      continue;
    }
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    Duration wait = kLook;
    if (!schedule_.empty()) {
      wait = std::clamp(schedule_.begin()->at - with_.clock.Now(), kBusyLook, kLook);
    }
    wake_.wait_for(lock, wait);
    if (stopping_) return;
  }
}

std::optional<Instant> DeliveryQueue::NextDue() const {
  const std::lock_guard lock(mutex_);
  if (schedule_.empty()) return std::nullopt;
  return schedule_.begin()->at;
}

Result<Delivery> DeliveryQueue::Get(const Account& account, const std::string& id) const {
  SB_TRY(const auto found, with_.documents.Get(options_.home, kTable, KeyOf(id)));
  if (found) {
    SB_TRY(Delivery delivery, DeliveryFromItem(found->item));
    if (delivery.account == account) return delivery;
  }
  return NotFound("there is no delivery " + id);
}

Result<DeliveryQueue::Page> DeliveryQueue::List(const Account& account,
                                                std::optional<DeliveryState> state,
                                                const std::string& source, const std::string& after,
                                                std::size_t max) const {
  SB_TRY(const std::vector<documents::Item> items, with_.documents.All(options_.home, kTable));
  std::vector<Delivery> matching;
  for (const documents::Item& item : items) {
    SB_TRY(Delivery delivery, DeliveryFromItem(item));
    if (!(delivery.account == account) || (state && delivery.state != *state)) continue;
    if (!source.empty() && delivery.source != source) continue;
    matching.push_back(std::move(delivery));
  }
  std::sort(matching.begin(), matching.end(), [](const Delivery& a, const Delivery& b) {
    return std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
  });
  auto first = matching.begin();
  if (!after.empty()) {
    first = std::find_if(first, matching.end(), [&](const Delivery& d) { return d.id == after; });
    if (first == matching.end()) return InvalidArgument("after", "is no delivery of this list");
    ++first;
  }
  Page page;
  for (; first != matching.end() && page.deliveries.size() < max; ++first) {
    page.deliveries.push_back(std::move(*first));
  }
  if (first != matching.end() && !page.deliveries.empty()) page.next = page.deliveries.back().id;
  return page;
}

Result<> DeliveryQueue::Resend(const Account& account, const std::string& id) {
  SB_TRY(Delivery delivery, Get(account, id));
  if (delivery.state != DeliveryState::kFailed && delivery.state != DeliveryState::kExpired) {
    return Conflict("the delivery is " + std::string(ToText(delivery.state)) +
                    ": only failed and expired ones are sent again");
  }
  // A second resend of the same one must not enter it twice.
  SB_TRY(const std::vector<documents::WriteResult> results,
         with_.documents.Transact(
             options_.home,
             {{.table = kTable,
               .key = KeyOf(id),
               .mutation = [&](const documents::Item* present) -> Result<documents::Change> {
                 if (present == nullptr ||
                     documents::StringAttribute(*present, "state") == "pending") {
                   return documents::Change{};
                 }
                 delivery.state = DeliveryState::kPending;
                 delivery.ended_at.reset();
                 delivery.attempt_count = 0;
                 delivery.created_at = delivery.next_try = with_.clock.Now();
                 return documents::Change{.kind = documents::Change::Kind::kPut,
                                          .item = ToItem(delivery)};
               }}}));
  if (delivery.state != DeliveryState::kPending) return {};
  const std::lock_guard lock(mutex_);
  // Who resends has mended something: the circuit closes.
  if (const auto target = targets_.find(delivery.target); target != targets_.end()) {
    target->second->failures = 0;
    target->second->not_before = Instant();
  }
  Enter(std::move(delivery));
  wake_.notify_all();
  return {};
}

Result<> DeliveryQueue::MarkBounced(const Account& account, const std::string& id,
                                    const std::string& reason) {
  SB_TRY(Delivery delivery, Get(account, id));
  if (delivery.state != DeliveryState::kDelivered) return {};
  delivery.state = DeliveryState::kBounced;
  delivery.attempts.push_back({.number = delivery.attempt_count,
                               .started_at = with_.clock.Now(),
                               .outcome = "bounced",
                               .detail = Excerpt(reason)});
  SB_TRY_OK(Store(delivery));
  if (on_end_) on_end_(delivery);
  return {};
}

Result<> DeliveryQueue::Sweep() {
  const Instant before = with_.clock.Now() - options_.kept_after_end;
  SB_TRY(const std::vector<documents::Item> items, with_.documents.All(options_.home, kTable));
  for (const documents::Item& item : items) {
    SB_TRY(const Delivery delivery, DeliveryFromItem(item));
    if (!delivery.ended_at || *delivery.ended_at >= before) continue;
    SB_TRY_OK(with_.documents.Delete(options_.home, kTable, KeyOf(delivery.id)));
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(targets_, [&](const auto& entry) {
    const Target& target = *entry.second;
    return !target.busy && target.failures == 0 && target.not_before < before;
  });
  return {};
}

QueueStatistics DeliveryQueue::statistics() const {
  const std::lock_guard lock(mutex_);
  QueueStatistics statistics{.pending = pending_.size()};
  const Instant now = with_.clock.Now();
  for (const auto& [id, delivery] : pending_) {
    statistics.oldest =
        std::max(statistics.oldest.value_or(Duration(0)), Duration(now - delivery.created_at));
  }
  return statistics;
}

}  // namespace securebase::notify

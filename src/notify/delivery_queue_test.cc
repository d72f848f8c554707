#include "notify/delivery_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "notify/retry.h"
#include "notify/testing/world.h"

namespace securebase::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class QueueTest : public ::testing::Test {
 protected:
  QueueTest() {
    setenv("SB_TEST_SLACK", "https://hooks.slack.example/T/B/X", 1);
    setenv("SB_TEST_PD", "R0UTINGKEY", 1);
    world.Targets(R"(
targets:
  hook: {type: webhook, url: "https://hook.example/in"}
  slack: {type: slack, webhook_url: env:SB_TEST_SLACK}
  pd: {type: pagerduty, routing_key: env:SB_TEST_PD}
)");
  }

  Event EventOf(const std::string& id, EventState state = EventState::kFiring) {
    return {.id = id,
            .type = "alarm.firing",
            .severity = Severity::kHigh,
            .state = state,
            .title = id,
            .time = world.clock.Now(),
            .source_arn = "arn:alarm",
            .source_name = "alarm",
            .account = "123456789012",
            .region = "us-east-1",
            .incident = "inc-1"};
  }
  std::string Send(const std::string& target, const Event& event) {
    auto deliveries = DeliveriesTo(*world.targets.Get()->Find(target), event, world.account);
    EXPECT_EQ(deliveries.size(), 1u);
    const std::string id = deliveries[0].id;
    const auto added = world.queue().Add(std::move(deliveries));
    EXPECT_TRUE(added.ok()) << (added.ok() ? "" : added.error().message());
    return id;
  }
  DeliveryState StateOf(const std::string& id) {
    const auto delivery = world.queue().Get(world.account, id);
    EXPECT_TRUE(delivery.ok());
    return delivery->state;
  }

  World world;
};

TEST_F(QueueTest, DeliversOnceAndKeepsTheAttempt) {
  const std::string id = Send("hook", EventOf("evt-1"));
  EXPECT_EQ(world.queue().statistics().pending, 1u);
  EXPECT_EQ(world.queue().RunDue(), 1u);
  EXPECT_EQ(world.transport.requests.size(), 1u);
  EXPECT_EQ(world.queue().statistics().pending, 0u);
  EXPECT_FALSE(world.queue().NextDue());
  const Delivery delivery = *world.queue().Get(world.account, id);
  EXPECT_EQ(delivery.state, DeliveryState::kDelivered);
  ASSERT_EQ(delivery.attempts.size(), 1u);
  EXPECT_EQ(delivery.attempts[0].status, 200);
  EXPECT_EQ(world.queue().RunDue(), 0u);
}

TEST_F(QueueTest, AddingTheSameEventAgainIsOneMessage) {
  Send("hook", EventOf("evt-1"));
  Send("hook", EventOf("evt-1"));
  world.RunFor(1h);
  Send("hook", EventOf("evt-1"));
  world.RunFor(1h);
  EXPECT_EQ(world.transport.requests.size(), 1u);
}

TEST_F(QueueTest, RetriesWithGrowingDelaysUntilItWorks) {
  world.transport.Answer(503);
  world.transport.http_answers.push_back(Unavailable("connection refused"));
  world.transport.Answer(204);
  const std::string id = Send("hook", EventOf("evt-1"));
  EXPECT_EQ(world.queue().RunDue(), 1u);
  EXPECT_GE(*world.queue().NextDue(), world.clock.Now() + 1s);
  world.RunFor(1h);
  EXPECT_EQ(world.transport.requests.size(), 3u);
  EXPECT_EQ(StateOf(id), DeliveryState::kDelivered);
  // The same id at every attempt: a receiver drops a repeat.
  for (const auto& request : world.transport.requests) {
    EXPECT_THAT(request.headers, ::testing::Contains(::testing::Pair("webhook-id", "evt-1")));
  }
}

TEST_F(QueueTest, RetryAfterIsHonouredForTheWholeTarget) {
  world.transport.Answer(429, "", {{"retry-after", "30"}});
  Send("hook", EventOf("evt-1"));
  world.queue().RunDue();
  Event other = EventOf("evt-2");
  other.incident = "inc-2";
  Send("hook", other);
  world.RunFor(29s);
  EXPECT_EQ(world.transport.requests.size(), 1u);
  world.RunFor(1min);
  EXPECT_EQ(world.transport.requests.size(), 3u);
}

TEST_F(QueueTest, PermanentRefusalsAreDeadLettersThatCanBeResent) {
  world.transport.Answer(400, "bad");
  const std::string id = Send("hook", EventOf("evt-1"));
  world.RunFor(1h);
  EXPECT_EQ(StateOf(id), DeliveryState::kFailed);
  EXPECT_EQ(world.transport.requests.size(), 1u);
  const auto failed = world.queue().List(world.account, DeliveryState::kFailed, "", "", 10);
  ASSERT_EQ(failed->deliveries.size(), 1u);
  EXPECT_EQ(failed->deliveries[0].attempts[0].detail, "bad");

  ASSERT_TRUE(world.queue().Resend(world.account, id).ok());
  EXPECT_EQ(StateOf(id), DeliveryState::kPending);
  world.RunFor(1h);
  EXPECT_EQ(StateOf(id), DeliveryState::kDelivered);
  EXPECT_EQ(world.queue().Resend(world.account, id).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(world.queue().Resend(world.account, "dlv-x").error().code(), ErrorCode::kNotFound);
  Account stranger;
  stranger.id = "000000000000";
  EXPECT_FALSE(world.queue().Get(stranger, id).ok());
}

TEST_F(QueueTest, ResolveNeverOvertakesTrigger) {
  world.transport.Answer(500);
  world.transport.Answer(500);
  Send("pd", EventOf("evt-1"));
  Send("pd", EventOf("evt-2", EventState::kResolved));
  world.RunFor(1h);
  ASSERT_EQ(world.transport.requests.size(), 4u);
  EXPECT_THAT(world.transport.requests[2].body, HasSubstr("\"trigger\""));
  EXPECT_THAT(world.transport.requests[3].body, HasSubstr("\"resolve\""));
}

TEST_F(QueueTest, ARestartGoesOnWhereItStood) {
  world.transport.Answer(500);
  const std::string first = Send("hook", EventOf("evt-1"));
  const std::string second = Send("hook", EventOf("evt-2"));
  world.queue().RunDue();
  world.Close();
  world.Open();
  EXPECT_EQ(world.queue().statistics().pending, 2u);
  EXPECT_EQ(world.queue().Get(world.account, first)->attempt_count, 1);
  world.RunFor(1h);
  EXPECT_EQ(StateOf(first), DeliveryState::kDelivered);
  EXPECT_EQ(StateOf(second), DeliveryState::kDelivered);
  ASSERT_EQ(world.transport.requests.size(), 3u);
  EXPECT_THAT(world.transport.requests[1].body, HasSubstr("evt-1"));
  EXPECT_THAT(world.transport.requests[2].body, HasSubstr("evt-2"));
}

TEST_F(QueueTest, SlackGetsOneMessageASecond) {
  for (int i = 0; i < 3; ++i) {
    Event event = EventOf("evt-" + std::to_string(i));
    event.incident = "inc-" + std::to_string(i);
    Send("slack", event);
  }
  world.queue().RunDue();
  EXPECT_EQ(world.transport.requests.size(), 1u);
  world.RunFor(1s);
  EXPECT_EQ(world.transport.requests.size(), 2u);
  world.RunFor(2s);
  EXPECT_EQ(world.transport.requests.size(), 3u);
}

TEST_F(QueueTest, ACircuitOpensAfterManyFailures) {
  for (int i = 0; i < 100; ++i) world.transport.Answer(500);
  for (int i = 0; i < 3; ++i) {
    Event event = EventOf("evt-" + std::to_string(i));
    event.incident = "inc-" + std::to_string(i);
    Send("hook", event);
  }
  world.RunFor(5h);
  // 20 failures, then one probe each five minutes, until each was tried 15 times.
  EXPECT_LE(world.transport.requests.size(), 45u);
  EXPECT_EQ(world.queue().statistics().pending, 0u);
  EXPECT_EQ(
      world.queue().List(world.account, DeliveryState::kFailed, "", "", 10)->deliveries.size(), 3u);
}

TEST_F(QueueTest, AMissingSecretWaitsForItsMending) {
  unsetenv("SB_TEST_SLACK");
  const std::string id = Send("slack", EventOf("evt-1"));
  world.RunFor(10min);
  EXPECT_EQ(world.transport.requests.size(), 0u);
  EXPECT_EQ(StateOf(id), DeliveryState::kPending);
  setenv("SB_TEST_SLACK", "https://hooks.slack.example/T/B/X", 1);
  world.RunFor(10min);
  EXPECT_EQ(StateOf(id), DeliveryState::kDelivered);
}

TEST_F(QueueTest, BouncesComeLaterAndOldOnesAreForgotten) {
  const std::string id = Send("hook", EventOf("evt-1"));
  world.queue().RunDue();
  ASSERT_TRUE(world.queue().MarkBounced(world.account, id, "550 5.1.1 no such user").ok());
  EXPECT_EQ(StateOf(id), DeliveryState::kBounced);
  world.clock.Advance(24h * 31);
  ASSERT_TRUE(world.queue().Sweep().ok());
  EXPECT_FALSE(world.queue().Get(world.account, id).ok());
}

TEST_F(QueueTest, ListsPageNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    Send("hook", EventOf("evt-" + std::to_string(i)));
    world.clock.Advance(1s);
  }
  const auto first = *world.queue().List(world.account, std::nullopt, "arn:alarm", "", 2);
  ASSERT_EQ(first.deliveries.size(), 2u);
  EXPECT_THAT(first.deliveries[0].id, HasSubstr("evt-4"));
  const auto second = *world.queue().List(world.account, std::nullopt, "", *first.next, 10);
  EXPECT_EQ(second.deliveries.size(), 3u);
  EXPECT_FALSE(second.next);
  EXPECT_TRUE(world.queue().List(world.account, std::nullopt, "other", "", 2)->deliveries.empty());
  EXPECT_FALSE(world.queue().List(world.account, std::nullopt, "", "nowhere", 2).ok());
}

TEST_F(QueueTest, ThreadsDeliverWithoutBeingAsked) {
  world.queue().Start(2);
  std::string last;
  for (int i = 0; i < 20; ++i) {
    Event event = EventOf("evt-" + std::to_string(i));
    event.incident = std::to_string(i);
    last = Send("hook", event);
  }
  while (world.queue().statistics().pending > 0) std::this_thread::yield();
  world.queue().Stop();
  EXPECT_EQ(world.transport.requests.size(), 20u);
}

TEST(RetryTest, DelaysStayBetweenASecondAndTheCap) {
  SeededRandom random(7);
  const RetryPlan& plan = PlanOf("webhook");
  for (int attempts = 1; attempts < 15; ++attempts) {
    const auto delay = NextDelay(plan, attempts, 0s, std::nullopt, random);
    ASSERT_TRUE(delay);
    EXPECT_GE(*delay, 1s);
    EXPECT_LE(*delay, plan.cap);
  }
  EXPECT_FALSE(NextDelay(plan, 15, 0s, std::nullopt, random));
  EXPECT_FALSE(NextDelay(plan, 1, 7h, std::nullopt, random));
  EXPECT_EQ(NextDelay(plan, 1, 0s, Duration(90s), random), Duration(90s));
  const RetryPlan fixed{.fixed = {1s, 2s}};
  EXPECT_EQ(NextDelay(fixed, 2, 0s, std::nullopt, random), Duration(2s));
  EXPECT_FALSE(NextDelay(fixed, 3, 0s, std::nullopt, random));
}

TEST(RetryTest, RetryAfterIsSecondsOrADate) {
  const Instant now = FromUnixSeconds(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), Duration(120s));
  EXPECT_EQ(ParseRetryAfter("999999", now), Duration(1h));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now), Duration(60s));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), Duration(0s));
  EXPECT_FALSE(ParseRetryAfter("soon", now));
  EXPECT_FALSE(ParseRetryAfter("-1", now));
  EXPECT_FALSE(ParseRetryAfter("", now));
}

}  // namespace
}  // namespace securebase::notify

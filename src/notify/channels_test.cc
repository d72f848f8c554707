// What each channel sends, and what it makes of the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/hash.h"
#include "base/text.h"
#include "notify/channels/mail_message.h"
#include "notify/testing/world.h"

namespace securebase::notify {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using namespace std::chrono_literals;

constexpr const char* kTargets = R"(
transports:
  main: {type: smtp, host: mail.example, mode: starttls, user: env:SB_SMTP_USER, password: env:SB_SMTP_PASS, from: "Säcure Base <alerts@sb.example>"}
  aws: {type: ses, region: us-east-1, from: alerts@sb.example, access_key_id: env:SB_SMTP_USER, secret_access_key: env:SB_SMTP_PASS, endpoint: "https://ses.example"}
targets:
  slack: {type: slack, webhook_url: env:SB_SLACK, mention: {critical: "<!here>"}}
  pd: {type: pagerduty, routing_key: env:SB_PD, region: eu}
  teams: {type: teams, workflow_url: env:SB_TEAMS}
  hook: {type: webhook, url: "https://hook.example/in", secret: env:SB_HOOK, headers: {X-Team: ops}, send: [alarm.firing]}
  mail: {type: email, to: [a@x.example, b@x.example], transport: main}
  ses: {type: email, to: [c@x.example], transport: aws}
)";

class ChannelsTest : public ::testing::Test {
 protected:
  ChannelsTest() {
    setenv("SB_SLACK", "https://hooks.slack.example/services/T/B/SECRET", 1);
    setenv("SB_PD", "ROUTINGKEY0123456789", 1);
    setenv("SB_TEAMS", "https://prod.logic.example/workflows/1?sig=SECRET%2F", 1);
    setenv("SB_HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1);
    setenv("SB_SMTP_USER", "user", 1);
    setenv("SB_SMTP_PASS", "hunter22", 1);
    world.Targets(kTargets);
  }

  Event Firing() {
    return {.id = "evt-1",
            .type = "alarm.firing",
            .severity = Severity::kCritical,
            .state = EventState::kFiring,
            .title = "Slow <Queries> & more",
            .reason = "Threshold Crossed: <!channel> 7.42 > 5",
            .time = FromUnixSeconds(1'764'000'000),
            .source_kind = "alarm",
            .source_arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:Slow",
            .source_name = "Slow",
            .account = "123456789012",
            .region = "us-east-1",
            .value = 7.42,
            .threshold = 5.0,
            .metric = EventMetric{.namespace_name = "SecureBase/Analytics",
                                  .name = "QueryExecutionTime",
                                  .dimensions = {{"Stage", "prod"}},
                                  .statistic = "p95",
                                  .period_s = 300,
                                  .comparison = "GreaterThanThreshold"},
            .labels = {{"team", "analytics"}},
            .links = {{"console", "https://sb.example/alarms/Slow"},
                      {"acknowledge", "https://sb.example/ack"}},
            .incident = "inc-1",
            .footnote = "policy default step 1"};
  }
  std::vector<Delivery> Send(const std::string& target, const Event& event) {
    auto deliveries = DeliveriesTo(*world.targets.Get()->Find(target), event, world.account);
    EXPECT_TRUE(world.queue().Add(deliveries).ok());
    world.queue().RunDue();
    for (Delivery& delivery : deliveries) delivery = *world.queue().Get(world.account, delivery.id);
    return deliveries;
  }
  json::Value Body(std::size_t i = 0) { return *json::Parse(world.transport.requests.at(i).body); }

  World world;
};

TEST_F(ChannelsTest, EventsSurviveTheirStorage) {
  Event event = Firing();
  event.members = {{"one", EventState::kFiring}, {"two", EventState::kResolved}};
  event.members_omitted = 3;
  event.group_key = "g";
  const auto again = EventFromJson(ToJson(event));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(json::Write(ToJson(*again)), json::Write(ToJson(event)));
  EXPECT_FALSE(EventFromJson(json::Value("x")).ok());
}

TEST_F(ChannelsTest, SlackEscapesAndMentionsOnlyFromConfiguration) {
  EXPECT_EQ(Send("slack", Firing())[0].state, DeliveryState::kDelivered);
  const std::string& body = world.transport.requests[0].body;
  EXPECT_THAT(body, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(body, HasSubstr("&lt;!channel&gt;"));
  EXPECT_TRUE(
      Body().Find("text")->AsString().starts_with("<!here> CRITICAL: Slow &lt;Queries&gt;"));
  EXPECT_THAT(body, HasSubstr("#d13212"));
  EXPECT_THAT(body, HasSubstr("\"Acknowledge\""));
  EXPECT_THAT(body, HasSubstr("SecureBase/Analytics QueryExecutionTime p95, Stage=prod"));
}

TEST_F(ChannelsTest, SlackFallsBackToTextAndTakesOnlyOkForAnAnswer) {
  world.transport.Answer(400, "invalid_blocks");
  world.transport.Answer(200, "ok");
  EXPECT_EQ(Send("slack", Firing())[0].state, DeliveryState::kDelivered);
  ASSERT_EQ(world.transport.requests.size(), 2u);
  EXPECT_EQ(Body(1).Find("attachments"), nullptr);

  Event other = Firing();
  other.id = "evt-2";
  world.clock.Advance(1h);
  world.transport.Answer(200, "<html>proxy</html>");
  EXPECT_EQ(Send("slack", other)[0].state, DeliveryState::kPending);
}

TEST_F(ChannelsTest, SlackStaysWithinItsLimits) {
  Event event = Firing();
  event.title = std::string(10'000, 'x');
  event.reason = std::string(50'000, '&');
  for (int i = 0; i < 200; ++i)
    event.members.push_back({std::string(500, 'm'), EventState::kFiring});
  Send("slack", event);
  const json::Value body = Body();
  EXPECT_LE(body.Find("text")->AsString().size(), 4'000u);
  const json::Value& blocks = *body.Find("attachments")->AsArray()[0].Find("blocks");
  EXPECT_LE(json::Write(blocks).size(), 13'000u);
  EXPECT_LE(blocks.AsArray()[0].Find("text")->Find("text")->AsString().size(), 150u);
}

TEST_F(ChannelsTest, SecretsAreCutOutOfWhatIsKept) {
  world.transport.Answer(403, "no access with https://hooks.slack.example/services/T/B/SECRET");
  const Delivery delivery = Send("slack", Firing())[0];
  EXPECT_EQ(delivery.state, DeliveryState::kFailed);
  EXPECT_EQ(delivery.attempts[0].detail, "no access with ***");
}

TEST_F(ChannelsTest, PagerDutyKeepsOneKeyOverTheLifeOfAnAlarm) {
  world.transport.Answer(202, R"({"status":"success"})");
  world.transport.Answer(202, R"({"status":"success"})");
  Send("pd", Firing());
  Event resolved = Firing();
  resolved.id = "evt-2";
  resolved.state = EventState::kResolved;
  Send("pd", resolved);
  ASSERT_EQ(world.transport.requests.size(), 2u);
  EXPECT_EQ(world.transport.requests[0].url, "https://events.eu.pagerduty.com/v2/enqueue");
  EXPECT_EQ(Body(0).Find("event_action")->AsString(), "trigger");
  EXPECT_EQ(Body(1).Find("event_action")->AsString(), "resolve");
  EXPECT_EQ(Body(0).Find("dedup_key")->AsString(), "securebase/123456789012/us-east-1/Slow");
  EXPECT_EQ(*Body(0).Find("dedup_key"), *Body(1).Find("dedup_key"));
  EXPECT_EQ(Body(1).Find("payload"), nullptr);
  const json::Value payload = *Body(0).Find("payload");
  EXPECT_EQ(payload.Find("severity")->AsString(), "critical");
  EXPECT_EQ(payload.Find("timestamp")->AsString(), "2025-11-24T16:00:00.000+0000");
  EXPECT_EQ(payload.Find("custom_details")->Find("value")->AsNumber(), 7.42);

  Event longer = Firing();
  longer.id = "evt-3";
  longer.source_name = std::string(300, 'n');
  longer.title = std::string(3'000, 't');
  Send("pd", longer);
  EXPECT_LE(Body(2).Find("dedup_key")->AsString().size(), 255u);
  EXPECT_LE(Body(2).Find("payload")->Find("summary")->AsString().size(), 1'024u);
}

TEST_F(ChannelsTest, WebhooksAreSignedAsStandardWebhooksSay) {
  EXPECT_EQ(Send("hook", Firing())[0].state, DeliveryState::kDelivered);
  const auto& request = world.transport.requests[0];
  EXPECT_THAT(request.headers, Contains(Pair("X-Team", "ops")));
  EXPECT_THAT(request.headers, Contains(Pair("webhook-id", "evt-1")));
  EXPECT_THAT(request.headers, Contains(Pair("Idempotency-Key", "evt-1")));
  std::string timestamp, signature;
  for (const auto& [name, value] : request.headers) {
    if (name == "webhook-timestamp") timestamp = value;
    if (name == "webhook-signature") signature = value;
  }
  const std::string key = *Base64Decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_EQ(signature,
            "v1," + Base64Encode(HmacSha256(key, "evt-1." + timestamp + "." + request.body)));
  EXPECT_EQ(Body().Find("type")->AsString(), "alarm.firing");
  EXPECT_EQ(Body().Find("metric")->Find("threshold")->AsNumber(), 5);
  EXPECT_EQ(Body().Find("labels")->Find("team")->AsString(), "analytics");

  Event unwanted = Firing();
  unwanted.type = "alarm.resolved";
  EXPECT_TRUE(DeliveriesTo(*world.targets.Get()->Find("hook"), unwanted, world.account).empty());
  Event large = Firing();
  large.id = "evt-2";
  for (int i = 0; i < 5'000; ++i)
    large.members.push_back({std::string(100, 'm'), EventState::kFiring});
  Send("hook", large);
  EXPECT_LE(world.transport.requests[1].body.size(), 256u << 10);
  EXPECT_GT(Body(1).Find("group")->Find("omitted")->AsInt(), 0);
}

TEST_F(ChannelsTest, TeamsGetsACardThatFits) {
  world.transport.Answer(202);
  EXPECT_EQ(Send("teams", Firing())[0].state, DeliveryState::kDelivered);
  EXPECT_EQ(world.transport.requests[0].url,
            "https://prod.logic.example/workflows/1?sig=SECRET%2F");
  EXPECT_THAT(world.transport.requests[0].body, HasSubstr("Attention"));
  Event large = Firing();
  large.id = "evt-2";
  for (int i = 0; i < 500; ++i)
    large.members.push_back({std::string(100, 'm'), EventState::kFiring});
  large.reason = std::string(30'000, 'r');
  world.clock.Advance(1h);
  world.transport.Answer(413);
  world.transport.Answer(202);
  EXPECT_EQ(Send("teams", large)[0].state, DeliveryState::kDelivered);
  for (const auto& request : world.transport.requests) EXPECT_LE(request.body.size(), 20'000u);
}

TEST_F(ChannelsTest, MailGoesToEachRecipientAlone) {
  const auto deliveries = Send("mail", Firing());
  ASSERT_EQ(deliveries.size(), 2u);
  ASSERT_EQ(world.transport.mails.size(), 2u);
  const net::Mail& mail = world.transport.mails[0];
  EXPECT_EQ(mail.recipient, "a@x.example");
  EXPECT_EQ(mail.envelope_from, "alerts@sb.example");
  EXPECT_THAT(mail.headers, Contains(Pair("Subject", "CRITICAL: Slow <Queries> & more")));
  EXPECT_THAT(mail.headers,
              Contains(Pair("From", "=?UTF-8?B?U8OkY3VyZSBCYXNl?= <alerts@sb.example>")));
  EXPECT_THAT(mail.headers, Contains(Pair("Message-ID", "<" + deliveries[0].id + "@sb.example>")));
  EXPECT_THAT(mail.headers, Contains(Pair("References", "<inc-1@sb.example>")));
  EXPECT_THAT(mail.headers, Contains(Pair("X-Priority", "1")));
  EXPECT_THAT(mail.headers, Contains(Pair("Date", "Mon, 01 Jun 2026 12:00:30 +0000")));
  EXPECT_THAT(mail.text, HasSubstr("https://sb.example/ack"));
  EXPECT_THAT(mail.html, HasSubstr("Slow &lt;Queries&gt; &amp; more"));
  EXPECT_EQ(world.transport.servers[0].password, "hunter22");
  EXPECT_EQ(world.transport.servers[0].port, 587);
}

TEST_F(ChannelsTest, SmtpRepliesDecide) {
  auto kind = [](int code) { return JudgeSmtp(net::SmtpReply{code, "x"}).kind; };
  using Kind = Outcome::Kind;
  EXPECT_EQ(kind(250), Kind::kDelivered);
  EXPECT_EQ(kind(421), Kind::kRetry);
  EXPECT_EQ(kind(550), Kind::kPermanent);
  EXPECT_EQ(kind(554), Kind::kPermanent);
  EXPECT_EQ(kind(535), Kind::kConfiguration);
  EXPECT_EQ(JudgeSmtp(net::SmtpReply{450, "greylisted"}).retry_after, Duration(5min));
  EXPECT_EQ(JudgeSmtp(Unavailable("refused")).kind, Kind::kRetry);
  EXPECT_EQ(JudgeSmtp(Forbidden("loopback")).kind, Kind::kPermanent);
}

TEST_F(ChannelsTest, SesGetsASignedRequest) {
  world.transport.Answer(200, R"({"MessageId":"1"})");
  EXPECT_EQ(Send("ses", Firing())[0].state, DeliveryState::kDelivered);
  const auto& request = world.transport.requests[0];
  EXPECT_EQ(request.url, "https://ses.example/v2/email/outbound-emails");
  bool authorization = false;
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization")
      authorization = value.find("/us-east-1/ses/aws4_request") != value.npos;
  }
  EXPECT_TRUE(authorization);
  EXPECT_EQ(Body().Find("Destination")->Find("ToAddresses")->AsArray()[0].AsString(),
            "c@x.example");
  Event other = Firing();
  other.id = "evt-2";
  world.transport.Answer(403, "SignatureDoesNotMatch");
  EXPECT_EQ(Send("ses", other)[0].state, DeliveryState::kPending);
}

TEST_F(ChannelsTest, ATargetThatIsGoneIsAFailureThatSaysSo) {
  auto deliveries = DeliveriesTo(*world.targets.Get()->Find("hook"), Firing(), world.account);
  ASSERT_TRUE(world.queue().Add(deliveries).ok());
  world.Targets("targets: {}");
  world.queue().RunDue();
  const Delivery delivery = *world.queue().Get(world.account, deliveries[0].id);
  EXPECT_EQ(delivery.state, DeliveryState::kFailed);
  EXPECT_THAT(delivery.attempts[0].detail, HasSubstr("no target \"hook\""));
}

TEST_F(ChannelsTest, HttpAnswersAreJudgedAlike) {
  const Instant now;
  auto kind = [&](int status) {
    return JudgeHttp(net::HttpClientResponse{.status = status}, now).kind;
  };
  using Kind = Outcome::Kind;
  for (const int status : {200, 202, 204, 299}) EXPECT_EQ(kind(status), Kind::kDelivered);
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 507})
    EXPECT_EQ(kind(status), Kind::kRetry);
  for (const int status : {301, 307, 400, 401, 403, 404, 410, 413, 422, 501, 505}) {
    EXPECT_EQ(kind(status), Kind::kPermanent);
  }
  EXPECT_EQ(JudgeHttp(Forbidden("private"), now).kind, Kind::kPermanent);
  EXPECT_EQ(JudgeHttp(Error(ErrorCode::kDeadlineExceeded, "slow"), now).kind, Kind::kRetry);
  EXPECT_EQ(Excerpt(std::string("a\nb\x01") + "\xff").substr(0, 4), "a b ");
  EXPECT_LE(Excerpt(std::string(5'000, 'x')).size(), 1'024u);
}

TEST(TargetsTest, FaultsNameThePathAndTheNearestKey) {
  auto fault = [](const char* yaml) {
    const auto book = ParseTargets(yaml);
    return book.ok() ? std::string("fine") : book.error().field() + ": " + book.error().message();
  };
  EXPECT_EQ(fault("targets: {s: {type: slack, webhook_ur: env:X, webhook_url: env:X}}"),
            "targets.s.webhook_ur: is no known key; did you mean webhook_url?");
  EXPECT_THAT(fault("targets: {s: {type: slack, webhook_url: 'https://hooks.example/secret'}}"),
              HasSubstr("targets.s.webhook_url: must be a reference"));
  EXPECT_THAT(fault("targets: {s: {type: opsgenie}}"), HasSubstr("targets.s.type: must be one of"));
  EXPECT_THAT(fault("targets: {m: {type: email, to: [a@b]}}"), HasSubstr("targets.m.transport"));
  EXPECT_THAT(fault("targets: {m: {type: email, to: [nobody]}}"), HasSubstr("no mail address"));
  EXPECT_THAT(fault("targets: {m: 3}"), HasSubstr("targets.m: must be a mapping"));
  EXPECT_THAT(fault("targets: [1]"), HasSubstr("targets: must be a mapping"));
  EXPECT_THAT(fault("targets: {p: {type: pagerduty, routing_key: env:X, region: mars}}"),
              HasSubstr("us or eu"));
  EXPECT_THAT(fault("targets: {w: {type: webhook, url: 'https://x', headers: {Host: evil}}}"),
              HasSubstr("targets.w.headers.Host: cannot be set"));
  EXPECT_THAT(fault("transports: {t: {type: smtp, host: h, from: a@b, mode: plain, user: env:U}}"),
              HasSubstr("over TLS only"));
  EXPECT_THAT(fault("transports: {t: {type: smtp, host: h, from: a@b, port: 0}}"),
              HasSubstr("port"));
  EXPECT_THAT(fault("transports: {t: {type: smtp, host: h, from: a@b, mode: ssl}}"),
              HasSubstr("starttls, tls, opportunistic, plain"));
  EXPECT_THAT(fault("transports: {t: {type: fax, from: a@b}}"), HasSubstr("smtp or ses"));
  EXPECT_THAT(fault("a: ["), Not(HasSubstr("fine")));
  EXPECT_EQ(fault(""), "fine");
}

}  // namespace
}  // namespace securebase::notify

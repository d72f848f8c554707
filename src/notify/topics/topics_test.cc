#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "notify/testing/world.h"
#include "notify/topics/attributes.h"
#include "notify/topics/sns_message.h"

namespace securebase::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using namespace std::chrono_literals;

class TopicsTest : public ::testing::Test {
 protected:
  std::string MakeTopic(const std::string& name = "alerts") {
    return *world.topics().CreateTopic(world.account, name, {}, {});
  }
  /// A confirmed https subscription.
  Subscription Confirmed(const std::string& topic, const std::string& endpoint,
                         const std::map<std::string, std::string>& attributes = {}) {
    const auto pending =
        world.topics().Subscribe(world.account, topic, "https", endpoint, attributes);
    EXPECT_TRUE(pending.ok()) << (pending.ok() ? "" : pending.error().message());
    world.queue().RunDue();
    const auto confirmed = world.topics().Confirm(topic, pending->token, false);
    EXPECT_TRUE(confirmed.ok());
    world.transport.requests.clear();
    return *confirmed;
  }
  std::string FaultOf(const Error& error) { return error.wire_code() + ": " + error.message(); }

  World world;
};

TEST_F(TopicsTest, CreatingAgainIsTheSameTopic) {
  const std::string arn = MakeTopic();
  EXPECT_EQ(arn, "arn:aws:sns:us-east-1:123456789012:alerts");
  EXPECT_EQ(MakeTopic(), arn);
  const auto other =
      world.topics().CreateTopic(world.account, "alerts", {{"DisplayName", "x"}}, {});
  EXPECT_EQ(FaultOf(other.error()),
            "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with "
            "different attributes");
  for (const char* name : {"", "a b", "x.fifo", "\xc3\xa4"}) {
    EXPECT_FALSE(world.topics().CreateTopic(world.account, name, {}, {}).ok()) << name;
  }
  EXPECT_EQ(FaultOf(world.topics().TopicAttributes(world.account, "x").error()),
            "InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
            "elements, not 1");
  EXPECT_EQ(FaultOf(world.topics()
                        .TopicAttributes(world.account, "arn:aws:sns:us-east-1:123456789012:no")
                        .error()),
            "NotFound: Topic does not exist");
  ASSERT_TRUE(world.topics().DeleteTopic(world.account, arn).ok());
  ASSERT_TRUE(world.topics().DeleteTopic(world.account, arn).ok());
  EXPECT_TRUE(world.topics().Topics(world.account)->empty());
}

TEST_F(TopicsTest, NothingIsToldBeforeTheEndpointConfirms) {
  const std::string arn = MakeTopic();
  const auto pending =
      world.topics().Subscribe(world.account, arn, "https", "https://x.example/in", {});
  ASSERT_TRUE(pending.ok());
  EXPECT_EQ(pending->shown_arn(), "PendingConfirmation");
  ASSERT_TRUE(world.topics().Publish(world.account, {.topic_arn = arn, .message = "m"}).ok());
  world.queue().RunDue();
  ASSERT_EQ(world.transport.requests.size(), 1u);  // the confirmation alone
  const auto& request = world.transport.requests[0];
  EXPECT_THAT(request.headers,
              ::testing::Contains(Pair("x-amz-sns-message-type", "SubscriptionConfirmation")));
  const json::Value body = *json::Parse(request.body);
  EXPECT_THAT(body.Find("SubscribeURL")->AsString(), HasSubstr(pending->token));
  EXPECT_FALSE(world.topics().Confirm(arn, "wrong", false).ok());
  EXPECT_EQ(world.topics().Confirm("x", pending->token, false).error().message(),
            "Invalid parameter: Topic");
  const auto confirmed = world.topics().Confirm(arn, pending->token, false);
  ASSERT_TRUE(confirmed.ok());
  EXPECT_EQ(world.topics().Confirm(arn, pending->token, false)->arn(), confirmed->arn());
  ASSERT_TRUE(world.topics().Publish(world.account, {.topic_arn = arn, .message = "m"}).ok());
  world.queue().RunDue();
  EXPECT_EQ(world.transport.requests.size(), 2u);
}

TEST_F(TopicsTest, UnconfirmedSubscriptionsEnd) {
  const std::string arn = MakeTopic();
  const auto pending =
      world.topics().Subscribe(world.account, arn, "https", "https://x.example/in", {});
  world.clock.Advance(73h);
  EXPECT_FALSE(world.topics().Confirm(arn, pending->token, false).ok());
  EXPECT_TRUE(world.topics().Subscriptions(world.account, arn)->empty());
}

TEST_F(TopicsTest, MessagesAreSignedSoThatOthersCanCheck) {
  const std::string arn = MakeTopic();
  const Subscription subscription = Confirmed(arn, "https://x.example/in");
  ASSERT_TRUE(world.topics()
                  .Publish(world.account, {.topic_arn = arn,
                                           .subject = "S",
                                           .message = "m",
                                           .attributes = {{"a", {"String", "1"}}}})
                  .ok());
  world.queue().RunDue();
  const json::Value body = *json::Parse(world.transport.requests.at(0).body);
  auto text = [&](const char* name) { return body.Find(name)->AsString(); };
  EXPECT_EQ(text("Type"), "Notification");
  EXPECT_EQ(text("SignatureVersion"), "2");
  EXPECT_EQ(text("SigningCertURL"), "https://sb.example" + world.signer().certificate_path());
  EXPECT_EQ(body.Find("MessageAttributes")->Find("a")->Find("Value")->AsString(), "1");
  const std::string to_sign = "Message\nm\nMessageId\n" + text("MessageId") +
                              "\nSubject\nS\nTimestamp\n" + text("Timestamp") + "\nTopicArn\n" +
                              arn + "\nType\nNotification\n";
  const std::string signature = *Base64Decode(text("Signature"));
  const std::string pem = world.signer().certificate_pem();
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_PKEY* key = X509_get_pubkey(certificate);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key);
  EXPECT_EQ(EVP_DigestVerify(
                context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                reinterpret_cast<const unsigned char*>(to_sign.data()), to_sign.size()),
            1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  X509_free(certificate);
  BIO_free(bio);
  // The same key after a restart.
  world.Close();
  world.Open();
  EXPECT_EQ(world.signer().certificate_pem(), pem);
}

TEST_F(TopicsTest, RawDeliveryAndStructuredMessages) {
  const std::string arn = MakeTopic();
  Confirmed(arn, "https://x.example/raw", {{"RawMessageDelivery", "true"}});
  ASSERT_TRUE(world.topics()
                  .Publish(world.account, {.topic_arn = arn,
                                           .message = R"({"default":"d","https":"for https"})",
                                           .json_structure = true})
                  .ok());
  world.queue().RunDue();
  EXPECT_EQ(world.transport.requests.at(0).body, "for https");
  auto publish = [&](const char* message) {
    return world.topics()
        .Publish(world.account, {.topic_arn = arn, .message = message, .json_structure = true})
        .error()
        .message();
  };
  EXPECT_THAT(publish("x"), HasSubstr("JSON message body failed to parse"));
  EXPECT_THAT(publish("{}"), HasSubstr("No default entry"));
}

TEST_F(TopicsTest, FilterPoliciesChoose) {
  const std::string arn = MakeTopic();
  Confirmed(arn, "https://x.example/critical", {{"FilterPolicy", R"({"severity":["critical"]})"}});
  Confirmed(arn, "https://x.example/body",
            {{"FilterPolicy", R"({"a":{"b":[{"numeric":[">",5]}]}})"},
             {"FilterPolicyScope", "MessageBody"}});
  auto publish = [&](const std::string& message, const MessageAttributes& attributes) {
    world.transport.requests.clear();
    EXPECT_TRUE(world.topics()
                    .Publish(world.account,
                             {.topic_arn = arn, .message = message, .attributes = attributes})
                    .ok());
    world.queue().RunDue();
    std::vector<std::string> urls;
    for (const auto& request : world.transport.requests) urls.push_back(request.url);
    return urls;
  };
  EXPECT_TRUE(publish("m", {}).empty());
  EXPECT_THAT(publish("m", {{"severity", {"String", "critical"}}}),
              ElementsAre("https://x.example/critical"));
  EXPECT_THAT(publish(R"({"a":{"b":6}})", {}), ElementsAre("https://x.example/body"));
  EXPECT_TRUE(publish(R"({"a":{"b":5}})", {}).empty());
}

TEST_F(TopicsTest, PublishingTwiceUnderOneKeyTellsOnce) {
  const std::string arn = MakeTopic();
  Confirmed(arn, "https://x.example/in");
  const PublishRequest request{.topic_arn = arn, .message = "m", .idempotency_key = "alarm/1"};
  const auto first = world.topics().Publish(world.account, request);
  world.queue().RunDue();
  const auto second = world.topics().Publish(world.account, request);
  world.queue().RunDue();
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(world.transport.requests.size(), 1u);
}

TEST_F(TopicsTest, TheDeliveryPolicySaysHowOftenAndWhen) {
  const std::string arn = MakeTopic();
  Confirmed(arn, "https://x.example/in",
            {{"DeliveryPolicy",
              R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":4,"numRetries":2}})"}});
  for (int i = 0; i < 5; ++i) world.transport.Answer(500);
  const auto id = world.topics().Publish(world.account, {.topic_arn = arn, .message = "m"});
  ASSERT_TRUE(id.ok());
  const Instant start = world.clock.Now();
  world.RunFor(1h);
  EXPECT_EQ(world.transport.requests.size(), 3u);
  const auto failed = world.queue().List(world.account, DeliveryState::kFailed, arn, "", 10);
  ASSERT_EQ(failed->deliveries.size(), 1u);
  EXPECT_EQ(failed->deliveries[0].attempts[1].started_at - start, Duration(1s));
  EXPECT_EQ(failed->deliveries[0].attempts[2].started_at - start, Duration(5s));
  for (
      const char* policy :
      {R"({"healthyRetryPolicy":{"minDelayTarget":0}})",
       R"({"healthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}})",
       R"({"healthyRetryPolicy":{"numRetries":101}})",
       R"({"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}})",
       R"({"healthyRetryPolicy":{"backoffFunction":"wild"}})", R"({"x":1})", "x",
       R"({"healthyRetryPolicy":{"numRetries":100,"minDelayTarget":3600,"maxDelayTarget":3600}})"}) {
    EXPECT_FALSE(DeliveryPolicy().WithSubscription(policy).ok()) << policy;
  }
  for (const char* backoff : {"linear", "arithmetic", "geometric", "exponential"}) {
    const auto policy = DeliveryPolicy::ParseOfTopic(
        std::string(
            R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":60,"numRetries":6,"backoffFunction":")") +
        backoff + R"("}}})");
    ASSERT_TRUE(policy.ok()) << backoff;
    const std::vector<Duration> delays = policy->Delays();
    ASSERT_EQ(delays.size(), 6u);
    EXPECT_TRUE(std::is_sorted(delays.begin(), delays.end())) << backoff;
    EXPECT_GE(delays.front(), 1s);
    EXPECT_LE(delays.back(), 60s);
  }
}

TEST_F(TopicsTest, AttributesAreShownAndChecked) {
  const std::string arn = MakeTopic();
  const Subscription subscription = Confirmed(arn, "https://x.example/in");
  const auto attributes = world.topics().SubscriptionAttributes(world.account, subscription.arn());
  ASSERT_TRUE(attributes.ok());
  EXPECT_THAT(*attributes, ::testing::Contains(Pair("PendingConfirmation", "false")));
  EXPECT_THAT(*attributes, ::testing::Contains(Pair("RawMessageDelivery", "false")));
  auto set = [&](const char* name, const char* value) {
    const auto result =
        world.topics().SetSubscriptionAttribute(world.account, subscription.arn(), name, value);
    return result.ok() ? std::string() : result.error().message();
  };
  EXPECT_EQ(set("RawMessageDelivery", "maybe"),
            "Invalid parameter: RawMessageDelivery: Invalid value [maybe]. Must be true or false.");
  EXPECT_EQ(set("Nonsense", "x"), "Invalid parameter: AttributeName");
  EXPECT_THAT(set("RedrivePolicy", "{}"), HasSubstr("not supported"));
  EXPECT_EQ(set("FilterPolicy", R"({"a":["x"]})"), "");
  EXPECT_EQ(set("FilterPolicy", ""), "");
  EXPECT_EQ(set("FilterPolicyScope", "Everything").substr(0, 35),
            "Invalid parameter: FilterPolicyScop");
  EXPECT_TRUE(world.topics().SetTopicAttribute(world.account, arn, "DisplayName", "D").ok());
  EXPECT_TRUE(world.topics().SetTopicAttribute(world.account, arn, "SignatureVersion", "1").ok());
  EXPECT_FALSE(world.topics().SetTopicAttribute(world.account, arn, "SignatureVersion", "3").ok());
  EXPECT_FALSE(world.topics().SetTopicAttribute(world.account, arn, "FifoTopic", "true").ok());
  const auto topic = world.topics().TopicAttributes(world.account, arn);
  EXPECT_THAT(*topic, ::testing::Contains(Pair("DisplayName", "D")));
  EXPECT_THAT(*topic, ::testing::Contains(Pair("SubscriptionsConfirmed", "1")));
}

TEST_F(TopicsTest, UnsubscribingTellsTheEndpoint) {
  const std::string arn = MakeTopic();
  const Subscription subscription = Confirmed(arn, "https://x.example/in");
  EXPECT_EQ(
      world.topics().Unsubscribe("x", true).error().message(),
      "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1");
  ASSERT_TRUE(world.topics().Unsubscribe(subscription.arn(), false).ok());
  ASSERT_TRUE(world.topics().Unsubscribe(subscription.arn(), false).ok());
  world.queue().RunDue();
  ASSERT_EQ(world.transport.requests.size(), 1u);
  EXPECT_THAT(world.transport.requests[0].body, HasSubstr("UnsubscribeConfirmation"));
  EXPECT_THAT(*world.topics().TopicAttributes(world.account, arn),
              ::testing::Contains(Pair("SubscriptionsDeleted", "1")));
}

TEST_F(TopicsTest, SubscribeRefusesWhatItCannotDo) {
  const std::string arn = MakeTopic();
  auto fault = [&](const char* protocol, const char* endpoint,
                   const std::map<std::string, std::string>& attributes = {}) {
    const auto result =
        world.topics().Subscribe(world.account, arn, protocol, endpoint, attributes);
    return result.ok() ? std::string() : result.error().message();
  };
  EXPECT_EQ(fault("sqs", "arn"),
            "Invalid parameter: Protocol Reason: sqs is not supported by this server");
  EXPECT_EQ(fault("fax", "1"),
            "Invalid parameter: Amazon SNS does not support this protocol string: fax");
  EXPECT_EQ(fault("https", "http://x"),
            "Invalid parameter: Endpoint must match the specified protocol");
  EXPECT_EQ(fault("email", "nobody"), "Invalid parameter: Email address");
  EXPECT_THAT(
      fault("https", "https://x", {{"FilterPolicy", "{"}}),
      HasSubstr("Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON"));
  EXPECT_EQ(fault("https", "https://x", {{"FilterPolicy", R"({"a":{"b":["c"]}})"}}),
            "Invalid parameter: Attributes Reason: Filter policy scope MessageAttributes does not "
            "support nested filter policy");
}

TEST_F(TopicsTest, MailSubscriptionsGoByTheTransport) {
  world.Targets("transports: {main: {type: smtp, host: h, mode: plain, from: a@sb.example}}");
  const std::string arn = MakeTopic();
  for (const char* protocol : {"email", "email-json"}) {
    const auto pending =
        world.topics().Subscribe(world.account, arn, protocol, "ops@x.example", {});
    ASSERT_TRUE(pending.ok());
    world.queue().RunDue();
    ASSERT_TRUE(world.topics().Confirm(arn, pending->token, true).ok());
  }
  EXPECT_THAT(world.transport.mails.at(0).headers,
              ::testing::Contains(Pair("Subject", "AWS Notification - Subscription Confirmation")));
  world.transport.mails.clear();
  ASSERT_TRUE(world.topics()
                  .Publish(world.account, {.topic_arn = arn, .subject = "S", .message = "hello"})
                  .ok());
  world.RunFor(1s);
  ASSERT_EQ(world.transport.mails.size(), 2u);
  for (const net::Mail& mail : world.transport.mails) EXPECT_THAT(mail.text, HasSubstr("hello"));
  // It was confirmed with AuthenticateOnUnsubscribe: a bare link does not end it.
  const auto all = world.topics().Subscriptions(world.account, "");
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(world.topics().Unsubscribe((*all)[0].arn(), false).error().wire_code(),
            "AuthorizationError");
}

TEST_F(TopicsTest, MessagesAreChecked) {
  const std::string arn = MakeTopic();
  auto fault = [&](PublishRequest request) {
    request.topic_arn = arn;
    const auto result = world.topics().Publish(world.account, request);
    return result.ok() ? std::string() : result.error().message();
  };
  EXPECT_EQ(fault({.message = ""}), "Invalid parameter: Empty message");
  EXPECT_EQ(fault({.message = std::string(262'145, 'x')}), "Invalid parameter: Message too long");
  EXPECT_EQ(fault({.message = std::string(262'144, 'x')}), "");
  for (const char* subject : {"", "a\nb", "\xc3\xa4", " x"}) {
    EXPECT_EQ(fault({.subject = subject, .message = "m"}), "Invalid parameter: Subject") << subject;
  }
  EXPECT_EQ(fault({.message = "m", .attributes = {{"a", {"String", ""}}}}),
            "The message attribute 'a' must contain non-empty message attribute value for message "
            "attribute type 'String'.");
  EXPECT_NE(fault({.message = "m", .attributes = {{"a", {"Float", "1"}}}}), "");
  EXPECT_NE(fault({.message = "m", .attributes = {{"a", {"Number", "x"}}}}), "");
  EXPECT_NE(fault({.message = "m", .attributes = {{"a..b", {"String", "x"}}}}), "");
}

TEST_F(TopicsTest, TagsAreKept) {
  const std::string arn = *world.topics().CreateTopic(world.account, "t", {}, {{"team", "a"}});
  ASSERT_TRUE(world.topics().SetTags(world.account, arn, {{"team", "b"}, {"env", "dev"}}, {}).ok());
  ASSERT_TRUE(world.topics().SetTags(world.account, arn, {}, {"env"}).ok());
  EXPECT_THAT(world.topics().GetTopic(world.account, arn)->tags, ElementsAre(Pair("team", "b")));
  EXPECT_FALSE(world.topics().CreateTopic(world.account, "u", {}, {{"a", "1"}, {"a", "2"}}).ok());
  EXPECT_EQ(world.topics().SetTags(world.account, arn + "x", {}, {}).error().wire_code(),
            "ResourceNotFound");
}

TEST(FilterPolicyTest, ConditionsMatch) {
  auto matches = [](const char* policy, const MessageAttributes& attributes) {
    const auto filter = FilterPolicy::Parse(policy, false);
    EXPECT_TRUE(filter.ok()) << policy;
    return filter.ok() && filter->MatchesAttributes(attributes);
  };
  const MessageAttributes a{{"s", {"String", "rugby"}},
                            {"n", {"Number", "7"}},
                            {"l", {"String.Array", R"(["x","y"])"}},
                            {"ip", {"String", "10.1.2.3"}}};
  EXPECT_TRUE(matches(R"({"s":["rugby","football"]})", a));
  EXPECT_FALSE(matches(R"({"s":["Rugby"]})", a));
  EXPECT_TRUE(matches(R"({"s":[{"prefix":"rug"}]})", a));
  EXPECT_TRUE(matches(R"({"s":[{"suffix":"gby"}]})", a));
  EXPECT_TRUE(matches(R"({"s":[{"equals-ignore-case":"RUGBY"}]})", a));
  EXPECT_FALSE(matches(R"({"s":[{"anything-but":"rugby"}]})", a));
  EXPECT_FALSE(matches(R"({"s":[{"anything-but":["rugby","x"]}]})", a));
  EXPECT_TRUE(matches(R"({"s":[{"anything-but":{"prefix":"foo"}}]})", a));
  EXPECT_TRUE(matches(R"({"n":[7]})", a));
  EXPECT_TRUE(matches(R"({"n":[{"numeric":[">",0,"<=",7]}]})", a));
  EXPECT_FALSE(matches(R"({"n":[{"numeric":["=",8]}]})", a));
  EXPECT_TRUE(matches(R"({"l":["y"]})", a));
  EXPECT_TRUE(matches(R"({"ip":[{"cidr":"10.0.0.0/8"}]})", a));
  EXPECT_TRUE(matches(R"({"none":[{"exists":false}]})", a));
  EXPECT_FALSE(matches(R"({"none":[{"exists":true}]})", a));
  EXPECT_TRUE(matches(R"({"s":[{"exists":true}],"n":[7]})", a));
  EXPECT_FALSE(matches(R"({"s":["rugby"],"n":[8]})", a));
  EXPECT_TRUE(matches(R"({"$or":[{"n":[8]},{"s":["rugby"]}]})", a));
}

TEST(FilterPolicyTest, BodiesMatchNested) {
  const auto filter = FilterPolicy::Parse(R"({"a":{"b":["x"]},"c":[{"exists":false}]})", true);
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->MatchesBody(R"({"a":{"b":"x"}})"));
  EXPECT_TRUE(filter->MatchesBody(R"({"a":[{"b":"y"},{"b":["x"]}]})"));
  EXPECT_FALSE(filter->MatchesBody(R"({"a":{"b":"x"},"c":1})"));
  EXPECT_FALSE(filter->MatchesBody("text"));
}

TEST(FilterPolicyTest, FaultsHaveSnsWords) {
  auto fault = [](const std::string& policy) {
    const auto filter = FilterPolicy::Parse(policy, false);
    return filter.ok() ? std::string() : filter.error().message();
  };
  EXPECT_THAT(fault("{"), HasSubstr("failed to parse JSON"));
  EXPECT_EQ(fault(R"({"a":[]})"), "Empty arrays are not allowed");
  EXPECT_EQ(fault(R"({"a":[{"like":"x"}]})"), "Unrecognized match type like");
  EXPECT_EQ(fault(R"({"a":[{"prefix":"x","suffix":"y"}]})"),
            "Only one key allowed in match expression");
  EXPECT_EQ(fault(R"({"a":[{"prefix":1}]})"), "prefix match pattern must be a string");
  EXPECT_EQ(fault(R"({"a":[{"exists":1}]})"), "exists match pattern must be either true or false.");
  EXPECT_EQ(fault(R"({"a":[{"anything-but":{"numeric":1}}]})"),
            "Unsupported anything-but pattern: numeric");
  EXPECT_EQ(fault(R"({"a":[{"numeric":[">",5,">",6]}]})"), "Bad numeric range operator: >");
  EXPECT_EQ(fault(R"({"a":[{"numeric":[">",5,"<",5]}]})"), "Bottom must be less than top");
  EXPECT_EQ(fault(R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})"),
            "Filter policy can not have more than 5 keys");
  std::string many = R"({"a":["0")";
  for (int i = 1; i < 151; ++i) many += ",\"" + std::to_string(i) + "\"";
  EXPECT_EQ(fault(many + "]}"), "Filter policy is too complex");
}

}  // namespace
}  // namespace securebase::notify

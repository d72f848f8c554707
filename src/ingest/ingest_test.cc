// What is promised: data come in only with a key that may write, become the data of the account
// that the key speaks for, and a refusal says so in the protocol's own words.
#include "ingest/ingest.h"

#include <gtest/gtest.h>

#include "api/testing/api_fixture.h"
#include "base/compression.h"
#include "base/text.h"

namespace securebase::ingest {
namespace {

using api::Role;

class IngestTest : public ::testing::Test {
 protected:
  IngestTest() : world_({.authentication_required = true}), ingest_(Make(true)) {
    AddRoute(*ingest_);
  }

  std::unique_ptr<Ingest> Make(bool authentication_required) {
    return std::make_unique<Ingest>(
        IngestOptions{.authentication_required = authentication_required},
        IngestDependencies{*world_.api, *world_.keys, world_.workers, world_.stores.clock});
  }

  void AddRoute(Ingest& ingest) {
    ingest.Add({{.path = "/in",
                 .body_max = 1000,
                 .handler = [this](Delivery delivery, http::Respond respond) {
                   account_ = delivery.account;
                   if (delivery.body == "throw") throw std::runtime_error("library");
                   respond(http::Response::Text(200, delivery.body));
                 }}});
  }

  http::Response Send(Ingest& ingest, http::Request request) {
    std::promise<http::Response> answer;
    ingest.Handle(std::move(request), [&](http::Response r) { answer.set_value(std::move(r)); });
    return answer.get_future().get();
  }

  http::Request Post(std::string authorization, std::string body = "x") {
    http::Request request;
    request.method = "POST";
    request.path = request.target = "/in";
    request.body = std::move(body);
    if (!authorization.empty()) request.headers.Add("Authorization", std::move(authorization));
    return request;
  }

  std::string Key(Role role) {
    api::Caller caller{.customer = {.id = "acme"}, .role = role};
    return *world_.keys->CreateApiKey(caller);
  }

  api::ApiFixture world_;
  Account account_;
  std::unique_ptr<Ingest> ingest_;
};

TEST_F(IngestTest, WithoutAKeyNothingComesIn) {
  const http::Response none = Send(*ingest_, Post(""));
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.headers.Get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Send(*ingest_, Post("Bearer sbk_wrong")).status, 401);
  EXPECT_EQ(Send(*ingest_, Post("Bearer " + Key(Role::kViewer))).status, 403);
  EXPECT_EQ(Send(*ingest_, Post("AWS4-HMAC-SHA256 Credential=x/20260601/r/monitoring/aws4_request, "
                                "SignedHeaders=host, Signature=00"))
                .status,
            401);
}

TEST_F(IngestTest, ACustomersKeyHasDataOfItsOwn) {
  EXPECT_EQ(Send(*ingest_, Post("Bearer " + Key(Role::kAnalyst))).status, 200);
  EXPECT_EQ(account_.id, Account().id + "/acme");
  EXPECT_EQ(Send(*ingest_, Post("Basic " + Base64Encode("me:" + Key(Role::kManager)))).status, 200);
  EXPECT_EQ(account_.id, Account().id + "/acme");
  EXPECT_EQ(Send(*ingest_, Post("Bearer " + Key(Role::kAdmin))).status, 200);
  EXPECT_EQ(account_.id, Account().id);
}

TEST_F(IngestTest, AnAwsKeySigns) {
  api::Caller caller{.role = Role::kAnalyst};
  caller.whole_account = true;
  const auto pair = *world_.keys->CreateAwsKey(caller);
  http::Request request = Post("");
  request.headers.Add("Host", "here");
  net::Sign(request, pair.access_key_id, pair.secret_access_key, "eu-west-1", "aps",
            world_.stores.clock.Now());
  const http::Response response = Send(*ingest_, std::move(request));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(account_, (Account{Account().id, "eu-west-1"}));
}

TEST_F(IngestTest, WithoutAuthenticationEverythingIsTheHomeAccounts) {
  const auto open = Make(false);
  AddRoute(*open);
  EXPECT_EQ(Send(*open, Post("")).body, "x");
  EXPECT_EQ(account_, Account());
}

TEST_F(IngestTest, BodiesAreDecompressedAndLimited) {
  const auto open = Make(false);
  AddRoute(*open);
  http::Request packed = Post("", Gzip("hello"));
  packed.headers.Add("Content-Encoding", "gzip");
  EXPECT_EQ(Send(*open, packed).body, "hello");
  packed.body = "no gzip";
  EXPECT_EQ(Send(*open, packed).status, 400);
  packed.body = Gzip(std::string(2000, 'x'));
  EXPECT_EQ(Send(*open, packed).status, 413);
  EXPECT_EQ(Send(*open, Post("", std::string(2000, 'x'))).status, 413);
  http::Request odd = Post("");
  odd.headers.Add("Content-Encoding", "br");
  EXPECT_EQ(Send(*open, odd).status, 415);
}

TEST_F(IngestTest, OtherMethodsAndExceptionsAreAnswered) {
  const auto open = Make(false);
  AddRoute(*open);
  EXPECT_TRUE(open->Claims("/in"));
  EXPECT_FALSE(open->Claims("/in/"));
  http::Request get = Post("");
  get.method = "GET";
  const http::Response refused = Send(*open, get);
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("Allow"), "POST");
  EXPECT_EQ(Send(*open, Post("", "throw")).status, 500);
}

TEST_F(IngestTest, AFullQueueAsksToComeAgain) {
  const auto open = Make(false);
  AddRoute(*open);
  world_.workers.Stop();
  const http::Response busy = Send(*open, Post(""));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.headers.Get("Retry-After"), "1");
}

}  // namespace
}  // namespace securebase::ingest

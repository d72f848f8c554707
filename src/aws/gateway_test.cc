// What is promised: requests are told apart by what they carry, errors have the form and status of
// their protocol, signatures and roles decide, bodies are bounded.
#include "aws/gateway.h"

#include <gtest/gtest.h>

#include "aws/fault.h"
#include "aws/page_token.h"
#include "aws/service.h"
#include "aws/testing/aws_world.h"
#include "base/compression.h"
#include "net/sigv4.h"

namespace securebase::aws {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kListMetrics = "Action=ListMetrics&Version=2010-08-01";

TEST(GatewayTest, ClaimsWhatIsForAws) {
  auto claims = [](http::Request request) { return Gateway::Claims(request); };
  EXPECT_TRUE(claims(MakeRequest("POST", "/", {{"Content-Type", kForm}})));
  EXPECT_TRUE(claims(MakeRequest("GET", "/?Action=Unsubscribe", {})));
  EXPECT_TRUE(claims(MakeRequest(
      "POST", "/",
      {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "Logs_20140328.X"}})));
  EXPECT_TRUE(claims(
      MakeRequest("POST", "/any/service/S/operation/O", {{"smithy-protocol", "rpc-v2-cbor"}})));
  EXPECT_FALSE(claims(MakeRequest("GET", "/", {})));
  EXPECT_FALSE(claims(MakeRequest("GET", "/?xAction=1", {})));
  EXPECT_FALSE(claims(MakeRequest("POST", "/v1/reports", {{"Content-Type", kForm}})));
  EXPECT_FALSE(claims(MakeRequest("POST", "/", {{"Content-Type", "application/json"}})));
  EXPECT_FALSE(claims(MakeRequest("POST", "/", {{"Content-Type", "application/x-amz-json-1.0"}})));
}

TEST(GatewayTest, NamesTheOperation) {
  auto name = [](http::Request request) { return Gateway::OperationOf(request); };
  EXPECT_EQ(name(MakeRequest("POST", "/", {{"Content-Type", kForm}}, kListMetrics)),
            "monitoring.ListMetrics");
  EXPECT_EQ(name(MakeRequest("POST", "/",
                             {{"Content-Type", "application/x-amz-json-1.0"},
                              {"X-Amz-Target", "DynamoDB_20120810.Scan"}})),
            "dynamodb.Scan");
  EXPECT_EQ(
      name(MakeRequest("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                       {{"smithy-protocol", "rpc-v2-cbor"}})),
      "monitoring.PutMetricData");
  EXPECT_EQ(name(MakeRequest("POST", "/", {{"Content-Type", kForm}}, "Action=Nope&Version=x")),
            "unknown");
  EXPECT_EQ(
      name(MakeRequest("POST", "/", {{"Content-Type", kForm}}, "Action=<x>&Version=2010-08-01")),
      "unknown");
  EXPECT_EQ(name(MakeRequest("GET", "/", {})), "unknown");
}

TEST(GatewayTest, AnswersQueryInXml) {
  AwsWorld world;
  const auto response = world.SendForm(kListMetrics);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "text/xml");
  EXPECT_EQ(response.headers.Get("x-amzn-RequestId"), "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(response.body,
            "<ListMetricsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
            "<ListMetricsResult><Metrics/></ListMetricsResult><ResponseMetadata><RequestId>"
            "11111111-2222-4333-8444-555555555555</RequestId></ResponseMetadata>"
            "</ListMetricsResponse>\n");
  const auto put = world.SendForm(
      "Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=m&"
      "MetricData.member.1.Value=1");
  EXPECT_EQ(put.body,
            "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
            "<ResponseMetadata><RequestId>11111111-2222-4333-8444-555555555555</RequestId>"
            "</ResponseMetadata></PutMetricDataResponse>\n");
  const auto by_get = world.Send(MakeRequest("GET", std::string("/?") + kListMetrics, {}));
  EXPECT_EQ(by_get.status, 200);
}

TEST(GatewayTest, RefusesInTheFormOfQuery) {
  AwsWorld world;
  const auto response = world.SendForm("Action=ListMetrics&Version=2010-08-01&Foo=1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error>"
            "<Type>Sender</Type><Code>ValidationError</Code><Message>The parameter Foo is unknown."
            "</Message></Error><RequestId>11111111-2222-4333-8444-555555555555</RequestId>"
            "</ErrorResponse>\n");
  auto code = [&](std::string body, int status, std::string_view code) {
    const auto answer = world.SendForm(std::move(body));
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_NE(answer.body.find("<Code>" + std::string(code) + "</Code>"), std::string::npos)
        << answer.body;
  };
  code("Action=Nonsense&Version=2010-08-01", 400, "InvalidAction");
  code("Action=Bad%3Cx%3E&Version=2010-08-01", 400, "InvalidAction");
  code("Version=2010-08-01", 400, "MissingAction");
  code("Action=PutMetricStream&Version=2010-08-01", 501, "NotImplemented");
  code("Action=OptInPhoneNumber&Version=2010-03-31", 501, "NotImplemented");
  code("Action=GetCallerIdentity&Version=2011-06-15", 501, "NotImplemented");
  code("Action=ListMetrics", 400, "InvalidAction");
  code("Action=ListMetrics&Version=%G", 400, "MalformedInput");
  code("Action=PutMetricData&Version=2010-08-01&Action=ListMetrics", 400, "MalformedInput");
  code("Action=ListMetrics&Version=2010-08-01&Version=2010-08-01", 400, "MalformedInput");
}

TEST(GatewayTest, RefusesInTheFormOfJson) {
  AwsWorld world;
  auto response = world.SendJson("GraniteServiceVersion20100801.ListMetrics", R"({"Foo": 1})");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("x-amzn-query-error"), "ValidationError;Sender");
  EXPECT_EQ(response.body, R"({"__type":"com.amazon.coral.validate#ValidationException",)"
                           R"("message":"The parameter Foo is unknown."})");
  response = world.SendJson("GraniteServiceVersion20100801.PutMetricStream", "{}");
  EXPECT_EQ(response.status, 501);
  EXPECT_NE(response.body.find("cloudwatch:PutMetricStream"), std::string::npos);
  EXPECT_EQ(world.CloudWatchError("Nonsense", "{}"),
            "UnknownOperationException: Could not find operation Nonsense");
  EXPECT_TRUE(world.DynamoDbError("Scan", "{").starts_with("SerializationException: "));
  EXPECT_EQ(
      world.SendJson("Logs_20140328.DescribeLogGroups", "{}", "1.1").headers.Get("Content-Type"),
      "application/x-amz-json-1.1");
  response = world.SendJson("Logs_20140328.CreateExportTask", "{}", "1.1");
  EXPECT_EQ(response.status, 501);
  EXPECT_TRUE(response.headers.Get("x-amzn-query-error").empty());
  EXPECT_EQ(world.SendJson("AWSOrganizations.ListAccounts", "{}").status, 501);
  EXPECT_EQ(world.SendJson("NoDot", "{}").status, 400);
}

TEST(GatewayTest, RefusesInTheFormOfCbor) {
  AwsWorld world;
  auto response = world.SendCbor("ListMetrics", "");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("smithy-protocol"), "rpc-v2-cbor");
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/cbor");
  EXPECT_EQ(response.body,
            "\xa1"
            "gMetrics\x80");
  response = world.SendCbor("Nonsense", "");
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.body.find("UnknownOperationException"), std::string::npos);
  response = world.Send(MakeRequest("POST", "/nothing", {{"smithy-protocol", "rpc-v2-cbor"}}));
  EXPECT_EQ(response.status, 404);
  response = world.SendCbor("ListMetrics", "\x01");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("x-amzn-query-error"), "MalformedInput;Sender");
}

TEST(GatewayTest, DecodesGzipAndBoundsBodies) {
  AwsWorld world;
  auto send = [&](std::string body, std::string encoding, std::string target) {
    return world
        .Send(MakeRequest("POST", "/",
                          {{"Content-Type", "application/x-amz-json-1.0"},
                           {"X-Amz-Target", std::move(target)},
                           {"Content-Encoding", std::move(encoding)}},
                          std::move(body)))
        .status;
  };
  const std::string list = "DynamoDB_20120810.ListTables";
  EXPECT_EQ(send(Gzip("{\"Limit\": 1}"), "gzip", list), 200);
  EXPECT_EQ(send("not gzip", "gzip", list), 400);
  EXPECT_EQ(send("{}", "br", list), 415);
  EXPECT_EQ(send(Gzip(std::string(17u << 20, ' ')), "gzip", list), 413);
  EXPECT_EQ(send(std::string(17u << 20, ' '), "identity", list), 413);
  EXPECT_EQ(send(std::string((1u << 20) + 1, ' '), "identity",
                 "GraniteServiceVersion20100801.ListMetrics"),
            413);
}

TEST(GatewayTest, WithoutAuthenticationTheKeyNamesTheAccount) {
  AwsWorld world;
  auto put_as = [&](std::string key, std::string region) {
    http::Request request = MakeRequest(
        "POST", "/", {{"Host", "h"}, {"Content-Type", kForm}},
        "Action=PutMetricData&Version=2010-08-01&Namespace=AWS/X&MetricData.member.1.MetricName=" +
            key + "&MetricData.member.1.Value=1");
    net::Sign(request, key, "any", region, "monitoring", world.clock().Now());
    return world.Send(std::move(request)).status;
  };
  EXPECT_EQ(put_as("111111111111", "eu-west-1"), 200);
  EXPECT_EQ(put_as("AKIDANY", "us-east-1"), 200);
  EXPECT_EQ(put_as("AKIDANY", "Mars!"), 403);
  auto names = [&](Account account) {
    std::vector<std::string> out;
    const auto page = world.metrics().List(account, {});
    for (const auto& metric : page->metrics) out.push_back(metric.name);
    return out;
  };
  EXPECT_EQ(names({"111111111111", "eu-west-1"}), std::vector<std::string>{"111111111111"});
  EXPECT_EQ(names({}), std::vector<std::string>{"AKIDANY"});
  EXPECT_TRUE(names({"111111111111", "us-east-1"}).empty());
}

api::KeyStore::AwsKey Key(api::Role role, bool whole_account = true) {
  api::KeyStore::AwsKey key;
  key.caller.role = role;
  key.caller.whole_account = whole_account;
  key.caller.customer.id = "acme";
  key.caller.key_id = "KEY";
  key.secret = "secret";
  return key;
}

class AuthenticationTest : public ::testing::Test {
 protected:
  AuthenticationTest() : world_(true) {
    world_.keys().Add("VIEWER", Key(api::Role::kViewer));
    world_.keys().Add("ANALYST", Key(api::Role::kAnalyst));
    world_.keys().Add("ADMIN", Key(api::Role::kAdmin));
    world_.keys().Add("ACME", Key(api::Role::kAdmin, false));
  }

  http::Response Signed(http::Request request, std::string_view key, std::string_view service,
                        std::string_view secret = "secret") {
    request.headers.Add("Host", "localhost");
    net::Sign(request, key, secret, "us-east-1", service, world_.clock().Now());
    return world_.Send(std::move(request));
  }
  http::Response Form(std::string body, std::string_view key,
                      std::string_view service = "monitoring") {
    return Signed(MakeRequest("POST", "/", {{"Content-Type", kForm}}, std::move(body)), key,
                  service);
  }
  http::Response DynamoDb(std::string operation, std::string body, std::string_view key) {
    return Signed(MakeRequest("POST", "/",
                              {{"Content-Type", "application/x-amz-json-1.0"},
                               {"X-Amz-Target", "DynamoDB_20120810." + operation}},
                              std::move(body)),
                  key, "dynamodb");
  }

  static std::string Put(std::string_view name_space) {
    return "Action=PutMetricData&Version=2010-08-01&Namespace=" + std::string(name_space) +
           "&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1";
  }

  AwsWorld world_;
};

TEST_F(AuthenticationTest, AGoodSignatureIsNeeded) {
  EXPECT_EQ(Form(kListMetrics, "VIEWER").status, 200);
  auto response = world_.SendForm(kListMetrics);
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("<Code>MissingAuthenticationToken</Code>"), std::string::npos);
  response = Form(kListMetrics, "NOBODY");
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("<Code>InvalidClientTokenId</Code>"), std::string::npos);
  response = DynamoDb("ListTables", "{}", "NOBODY");
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("#UnrecognizedClientException"), std::string::npos);
  response = Form(kListMetrics, "VIEWER", "dynamodb");
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("scoped to correct service: 'monitoring'"), std::string::npos);
}

TEST_F(AuthenticationTest, QueryModeChoosesTheStatus) {
  auto status = [&](std::vector<std::pair<std::string, std::string>> headers) {
    headers.emplace_back("Content-Type", "application/x-amz-json-1.0");
    headers.emplace_back("X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics");
    return world_.Send(MakeRequest("POST", "/", std::move(headers), "{}")).status;
  };
  EXPECT_EQ(status({}), 400);
  EXPECT_EQ(status({{"x-amzn-query-mode", "true"}}), 403);
}

TEST_F(AuthenticationTest, RolesDecide) {
  auto response = Form(Put("N"), "VIEWER");
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.body.find("is not authorized to perform: cloudwatch:PutMetricData"),
            std::string::npos);
  EXPECT_EQ(Form(Put("N"), "ANALYST").status, 200);
  response = Form(Put("AWS/Lambda"), "ANALYST");
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("The value AWS/ for parameter Namespace is invalid."),
            std::string::npos);
  EXPECT_EQ(Form(Put("AWS/Lambda"), "ADMIN").status, 200);
}

TEST_F(AuthenticationTest, ACustomersKeySeesItsCustomerAlone) {
  for (const char* customer : {"acme", "other"}) {
    ASSERT_TRUE(world_.documents()
                    .Put(Account(), world_.tables().customers,
                         {{"customer_id", customer}, {"status", "active"}})
                    .ok());
  }
  const std::string table = R"({"TableName": "securebase-dev-customers")";
  auto body = [](http::Response response) { return response.body; };
  EXPECT_EQ(body(DynamoDb("Scan", table + R"(, "Select": "COUNT"})", "ACME")),
            R"({"Count":1,"ScannedCount":1})");
  EXPECT_EQ(body(DynamoDb("Scan", table + R"(, "Select": "COUNT"})", "VIEWER")),
            R"({"Count":2,"ScannedCount":2})");
  EXPECT_EQ(
      body(DynamoDb("GetItem", table + R"(, "Key": {"customer_id": {"S": "other"}}})", "ACME")),
      "{}");
  const auto denied =
      DynamoDb("PutItem", table + R"(, "Item": {"customer_id": {"S": "other"}}})", "ACME");
  EXPECT_EQ(denied.status, 400);
  EXPECT_NE(denied.body.find("AccessDeniedException"), std::string::npos);
  EXPECT_EQ(
      DynamoDb("PutItem", table + R"(, "Item": {"customer_id": {"S": "acme"}}})", "ACME").status,
      200);
  EXPECT_EQ(DynamoDb("Scan", R"({"TableName": "securebase-dev-report-cache"})", "ACME").status,
            400);
  // Its metrics are its own, apart from the account's.
  EXPECT_EQ(Form(Put("OfAcme"), "ACME").status, 200);
  EXPECT_NE(Form(kListMetrics, "ACME").body.find("OfAcme"), std::string::npos);
  EXPECT_EQ(Form(kListMetrics, "VIEWER").body.find("OfAcme"), std::string::npos);
}

TEST(GatewayTest, AFullQueueThrottles) {
  AwsWorld world;
  world.workers().Stop();
  const auto response = world.SendForm(kListMetrics);
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("<Code>Throttling</Code><Message>Rate exceeded"), std::string::npos);
}

TEST(GatewayTest, AnswersWhatIsNotForAws) {
  AwsWorld world;
  EXPECT_EQ(world.Send(MakeRequest("GET", "/", {})).status, 404);
}

TEST(FaultTest, NamesErrorsAsEachServiceDoes) {
  auto fault = [](Service service, Error error) { return FaultOf(service, error); };
  EXPECT_EQ(fault(Service::kCloudWatch, NotFound("x")).code, "ResourceNotFound");
  EXPECT_EQ(fault(Service::kCloudWatch, NotFound("x")).status, 404);
  EXPECT_EQ(fault(Service::kDynamoDb, NotFound("x")).shape, "ResourceNotFoundException");
  EXPECT_EQ(fault(Service::kLogs, InvalidArgument("f", "x")).shape, "InvalidParameterException");
  EXPECT_EQ(fault(Service::kDynamoDb, InvalidArgument("f", "x")).shape, "ValidationException");
  EXPECT_EQ(fault(Service::kCloudWatch, InvalidArgument("f", "x")).shape,
            "InvalidParameterValueException");
  EXPECT_EQ(fault(Service::kDynamoDb, Conflict("x")).shape, "ResourceInUseException");
  EXPECT_EQ(fault(Service::kLogs, Conflict("x")).shape, "OperationAbortedException");
  EXPECT_EQ(fault(Service::kCloudWatch, Conflict("x")).status, 409);
  EXPECT_EQ(fault(Service::kCloudWatch, LimitExceeded("f", "x")).code, "LimitExceeded");
  EXPECT_EQ(fault(Service::kLogs, LimitExceeded("f", "x")).shape, "LimitExceededException");
  EXPECT_EQ(fault(Service::kSns, Forbidden("x")).code, "AccessDenied");
  EXPECT_EQ(fault(Service::kSns, Unauthenticated("x")).code, "MissingAuthenticationToken");
  EXPECT_EQ(fault(Service::kSns, Unimplemented("x")).status, 501);
  EXPECT_EQ(fault(Service::kLogs, Unavailable("disk full")).status, 503);
  EXPECT_EQ(fault(Service::kLogs, Unavailable("disk full")).shape, "ServiceUnavailableException");
  const Fault internal = fault(Service::kCloudWatch, Internal("segment 7 is damaged"));
  EXPECT_EQ(internal.status, 500);
  EXPECT_EQ(internal.code, "InternalServiceError");
  EXPECT_EQ(internal.message.find("segment"), std::string::npos);
  EXPECT_FALSE(internal.sender());
  EXPECT_EQ(fault(Service::kDynamoDb, Internal("x")).shape, "InternalServerError");
  EXPECT_EQ(fault(Service::kLogs, Internal("x")).shape, "InternalFailure");
  EXPECT_EQ(ShapeId(Describe(Service::kCloudWatch), internal),
            "com.amazonaws.cloudwatch.v2010_08_01#InternalServiceFault");
}

TEST(ServiceTest, KnowsEveryOperation) {
  EXPECT_TRUE(IsKnownOperation(Service::kCloudWatch, "PutMetricData"));
  EXPECT_TRUE(IsKnownOperation(Service::kCloudWatch, "PutAlarmMuteRule"));
  EXPECT_TRUE(IsKnownOperation(Service::kSns, "Publish"));
  EXPECT_TRUE(IsKnownOperation(Service::kLogs, "StartLiveTail"));
  EXPECT_TRUE(IsKnownOperation(Service::kDynamoDb, "TransactWriteItems"));
  EXPECT_FALSE(IsKnownOperation(Service::kDynamoDb, "Publish"));
  EXPECT_EQ(FindByTarget(""), nullptr);
  EXPECT_EQ(FindByQueryVersion(""), nullptr);
}

TEST(PageTokensTest, OpenWhatTheySealed) {
  const PageTokens tokens("key"), others("another");
  const Instant now = FromUnixSeconds(1000);
  const std::string token = tokens.Seal("q", "position", now);
  EXPECT_EQ(*tokens.Open("q", token, now), "position");
  EXPECT_EQ(*tokens.Open("q", token, now + std::chrono::hours(24)), "position");
  EXPECT_FALSE(tokens.Open("q", token, now + std::chrono::hours(25)).ok());
  EXPECT_FALSE(tokens.Open("other", token, now).ok());
  EXPECT_FALSE(others.Open("q", token, now).ok());
  EXPECT_FALSE(tokens.Open("q", token + "A", now).ok());
  EXPECT_FALSE(tokens.Open("q", "", now).ok());
  EXPECT_FALSE(tokens.Open("q", "***", now).ok());
}

}  // namespace
}  // namespace securebase::aws

// What is promised: requests signed by AWS's own clients verify (values made with botocore, the
// first one published by AWS); any change of what is signed, a wrong time or a missing part is
// refused with AWS's code; what Sign makes, Verify takes.
#include "net/sigv4.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace securebase::net {
namespace {

constexpr const char* kKey = "AKIDEXAMPLE";
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const Instant kNow = *ParseIso("2015-08-30T12:36:00Z");

std::optional<std::string> SecretOf(std::string_view key) {
  return key == kKey ? std::optional<std::string>(kSecret) : std::nullopt;
}

http::Request Make(std::string method, std::string target,
                   std::vector<std::pair<std::string, std::string>> headers,
                   std::string body = "") {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark != std::string::npos) request.query = request.target.substr(mark + 1);
  for (auto& [name, value] : headers) request.headers.Add(name, value);
  request.body = std::move(body);
  return request;
}

std::string Authorization(std::string_view service, std::string_view headers,
                          std::string_view signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + std::string(service) +
         "/aws4_request, SignedHeaders=" + std::string(headers) +
         ", Signature=" + std::string(signature);
}

http::Request Vanilla() {
  return Make(
      "GET", "/",
      {{"Host", "example.amazonaws.com"},
       {"X-Amz-Date", "20150830T123600Z"},
       {"Authorization",
        Authorization("service", "host;x-amz-date",
                      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")}});
}

http::Request ListTables() {
  return Make("POST", "/",
              {{"host", "127.0.0.1:8080"},
               {"Content-Type", "application/x-amz-json-1.0"},
               {"X-Amz-Target", "DynamoDB_20120810.ListTables"},
               {"X-Amz-Date", "20150830T123600Z"},
               {"Authorization",
                Authorization("dynamodb", "content-type;host;x-amz-date;x-amz-target",
                              "f691b04bf8401832ef815784421bb60e47dc092626bde08c5161a8da766d3c11")}},
              "{\"Limit\": 3}");
}

http::Request Presigned() {
  return Make("GET",
              "/?Action=ListMetrics&Version=2010-08-01&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
              "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fmonitoring%2Faws4_request&"
              "X-Amz-Date=20150830T123600Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&"
              "X-Amz-Signature=e3e6b9c1f5f02ba26dd2fec4e2f135fed1f25ecfbac665f63c5986e44bace713",
              {{"Host", "127.0.0.1:8080"}});
}

Result<SigV4Scope> Verify(const http::Request& request, Instant now = kNow,
                          const SigV4Verifier::Options& options = {}) {
  static const SigV4Verifier verifier;
  return verifier.Verify(request, now, SecretOf, options);
}

void ExpectFault(const http::Request& request, std::string_view wire_code,
                 std::string_view part_of_message, Instant now = kNow) {
  const auto result = Verify(request, now);
  ASSERT_FALSE(result.ok()) << part_of_message;
  EXPECT_EQ(result.error().wire_code(), wire_code) << result.error().message();
  EXPECT_NE(result.error().message().find(part_of_message), std::string::npos)
      << result.error().message();
}

void Replace(http::Request& request, const std::string& name, std::string_view from,
             std::string_view to) {
  std::string value(request.headers.Get(name));
  const std::size_t at = value.find(from);
  ASSERT_NE(at, std::string::npos);
  request.headers.Set(name, value.replace(at, from.size(), to));
}

TEST(SigV4Test, AcceptsWhatAwsClientsSign) {
  auto ok = [](const http::Request& request, std::string_view service) {
    const auto scope = Verify(request);
    ASSERT_TRUE(scope.ok()) << scope.error().message();
    EXPECT_EQ(scope->access_key_id, kKey);
    EXPECT_EQ(scope->date, "20150830");
    EXPECT_EQ(scope->region, "us-east-1");
    EXPECT_EQ(scope->service, service);
  };
  ok(Vanilla(), "service");
  ok(ListTables(), "dynamodb");
  ok(Presigned(), "monitoring");
  // Parameters are sorted before they are signed.
  ok(Make("GET", "/?Param2=value2&Param1=value1",
          {{"Host", "example.amazonaws.com"},
           {"X-Amz-Date", "20150830T123600Z"},
           {"Authorization",
            Authorization("service", "host;x-amz-date",
                          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")}}),
     "service");
  // Dot segments, doubled slashes, escapes; blanks in header values.
  ok(Make("GET", "/a/../b//c%20d/",
          {{"Host", "example.amazonaws.com"},
           {"My-Header", "  a   b  "},
           {"X-Amz-Date", "20150830T123600Z"},
           {"Authorization",
            Authorization("service", "host;my-header;x-amz-date",
                          "847264783f251b431072aab942c9d2a30695fe42827b1558e612296a909cb6ef")}}),
     "service");
  ok(Make("POST", "/",
          {{"Host", "127.0.0.1:8080"},
           {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
           {"X-Amz-Date", "20150830T123600Z"},
           {"Authorization",
            Authorization("monitoring", "content-type;host;x-amz-date",
                          "75bba7d18c47e3c1533661593b76edf92caaa1892e1b09dffa3aab0560d9147f")}},
          "Action=ListMetrics&Version=2010-08-01"),
     "monitoring");
  ok(Make("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
          {{"Host", "127.0.0.1:8080"},
           {"Content-Type", "application/cbor"},
           {"smithy-protocol", "rpc-v2-cbor"},
           {"X-Amz-Date", "20150830T123600Z"},
           {"Authorization",
            Authorization("monitoring", "content-type;host;smithy-protocol;x-amz-date",
                          "dbd900e455456b2e333ae0d5e91dbbc7b4f85a2586d59b246796411ee468c4c4")}},
          "\xa0"),
     "monitoring");
}

TEST(SigV4Test, AcceptsBlanksAndNoBlanksAfterTheCommas) {
  http::Request request = Vanilla();
  Replace(request, "Authorization", ", SignedHeaders", ",SignedHeaders");
  Replace(request, "Authorization", ", Signature", ",   Signature");
  EXPECT_TRUE(Verify(request).ok());
}

TEST(SigV4Test, RefusesAnyChangeOfWhatIsSigned) {
  auto bad = [](http::Request request, auto change) {
    change(request);
    ExpectFault(request, "SignatureDoesNotMatch", "signature we calculated does not match");
  };
  bad(ListTables(), [](auto& r) { r.body += " "; });
  bad(ListTables(), [](auto& r) { r.headers.Set("X-Amz-Target", "DynamoDB_20120810.Scan"); });
  bad(ListTables(), [](auto& r) { r.headers.Set("Host", "other:8080"); });
  bad(ListTables(), [](auto& r) { r.headers.Add("Content-Type", "text/plain"); });
  bad(ListTables(), [](auto& r) { r.method = "GET"; });
  bad(ListTables(), [](auto& r) { r.target = "/x"; });
  bad(ListTables(), [](auto& r) { r.query = "a=b"; });
  bad(ListTables(), [](auto& r) { Replace(r, "Authorization", "us-east-1", "us-west-2"); });
  bad(ListTables(), [](auto& r) { Replace(r, "Authorization", "f691", "f692"); });
  bad(Presigned(), [](auto& r) { r.query += "&x=y"; });
}

TEST(SigV4Test, ChecksTheTime) {
  using std::chrono::minutes;
  EXPECT_TRUE(Verify(Vanilla(), kNow + minutes(5)).ok());
  EXPECT_TRUE(Verify(Vanilla(), kNow - minutes(5)).ok());
  ExpectFault(Vanilla(), "SignatureDoesNotMatch",
              "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z "
              "(20150830T124200Z - 5 min.)",
              kNow + minutes(6));
  ExpectFault(Vanilla(), "SignatureDoesNotMatch",
              "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z "
              "(20150830T123000Z + 5 min.)",
              kNow - minutes(6));
  EXPECT_TRUE(Verify(Presigned(), kNow + minutes(10)).ok());
  ExpectFault(Presigned(), "SignatureDoesNotMatch", "Signature expired", kNow + minutes(11));

  http::Request request = Vanilla();
  request.headers.Set("X-Amz-Date", "20150831T123600Z");
  ExpectFault(request, "SignatureDoesNotMatch", "'20150830' != '20150831'");
  request.headers.Set("X-Amz-Date", "20151330T123600Z");
  ExpectFault(request, "IncompleteSignature", "ISO-8601 'basic format'");
  request.headers.Set("X-Amz-Date", "2015-08-30T12:36");
  ExpectFault(request, "IncompleteSignature", "ISO-8601 'basic format'");
}

TEST(SigV4Test, TakesTheDateHeaderWhereThereIsNoOther) {
  auto with_date = [](std::string date) {
    return Make("GET", "/",
                {{"Host", "example.amazonaws.com"},
                 {"Date", std::move(date)},
                 {"Authorization", Authorization("service", "date;host", std::string(64, '0'))}});
  };
  ExpectFault(with_date("Sun, 30 Aug 2015 12:36:00 GMT"), "SignatureDoesNotMatch", "we calculated");
  ExpectFault(with_date("20150830T123600Z"), "SignatureDoesNotMatch", "we calculated");
  ExpectFault(with_date("Sun, 30 Abc 2015 12:36:00 GMT"), "IncompleteSignature", "Date must");
  ExpectFault(with_date("yesterday"), "IncompleteSignature", "Date must");
  http::Request none =
      Make("GET", "/", {{"Host", "h"}, {"Authorization", Authorization("s", "host", "0")}});
  ExpectFault(none, "IncompleteSignature", "'X-Amz-Date' or a 'Date'");
}

TEST(SigV4Test, RefusesWhatIsMissingOrMalformed) {
  ExpectFault(Make("GET", "/", {{"Host", "h"}}), "MissingAuthenticationToken",
              "missing Authentication Token");
  ExpectFault(Make("GET", "/", {{"Authorization", "Bearer x"}}), "MissingAuthenticationToken", "");
  auto bad = [](std::string authorization, std::string_view message) {
    ExpectFault(Make("GET", "/", {{"Host", "h"}, {"Authorization", std::move(authorization)}}),
                "IncompleteSignature", message);
  };
  bad("AWS4-ECDSA-P256-SHA256 Credential=a", "AWS4-ECDSA-P256-SHA256");
  bad("AWS4-HMAC-SHA256", "not a valid key=value pair");
  bad("AWS4-HMAC-SHA256 Signature=a",
      "'Credential' parameter. Authorization header requires "
      "'SignedHeaders'");
  bad("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "5 slash-delimited");
  bad("AWS4-HMAC-SHA256 Credential=a//b/c/aws4_request, SignedHeaders=host, Signature=0",
      "empty elements");
  bad("AWS4-HMAC-SHA256 Credential=a/today/b/c/aws4_request, SignedHeaders=host, Signature=0",
      "yyyymmdd");
  bad("AWS4-HMAC-SHA256 Credential=a/20150830/b/c/aws4_request, SignedHeaders=host;;a, "
      "Signature=0",
      "SignedHeaders");
  auto bad_query = [](std::string from, std::string to, std::string_view message) {
    http::Request request = Presigned();
    const std::size_t at = request.query.find(from);
    ASSERT_NE(at, std::string::npos);
    request.query.replace(at, from.size(), to);
    ExpectFault(request, "IncompleteSignature", message);
  };
  bad_query("AWS4-HMAC-SHA256", "AWS4-X", "AWS4-X");
  bad_query("X-Amz-Expires=600", "X-Amz-Expires=604801", "604800");
  bad_query("X-Amz-Expires=600", "Expires=600", "'X-Amz-Expires'");
  bad_query("Action=", "Action=%G", "cannot be decoded");
}

TEST(SigV4Test, RequiresThatHostAndTargetAreSigned) {
  http::Request request = Vanilla();
  request.headers.Add("X-Amz-Target", "DynamoDB_20120810.DeleteTable");
  ExpectFault(request, "SignatureDoesNotMatch", "X-Amz-Target");
  request = Vanilla();
  Replace(request, "Authorization", "host;", "");
  ExpectFault(request, "SignatureDoesNotMatch", "'Host'");
}

TEST(SigV4Test, KnowsNoOtherKeysAndNoSessionTokens) {
  http::Request request = Vanilla();
  Replace(request, "Authorization", "AKIDEXAMPLE", "AKIDOTHER");
  ExpectFault(request, "InvalidClientTokenId", "security token");
  request = Vanilla();
  request.headers.Add("X-Amz-Security-Token", "abc");
  ExpectFault(request, "InvalidClientTokenId", "security token");
}

TEST(SigV4Test, SignedRequestsVerifyAndTheirPayloadIsChecked) {
  http::Request request = Make("POST", "/v1?b=2&a=1",
                               {{"Host", "localhost:1"}, {"Content-Type", "text/plain"}}, "hello");
  Sign(request, kKey, kSecret, "eu-west-1", "monitoring", kNow);
  EXPECT_EQ(request.headers.Get("x-amz-content-sha256"), Sha256Hex("hello"));
  const auto scope = Verify(request);
  ASSERT_TRUE(scope.ok()) << scope.error().message();
  EXPECT_EQ(scope->region, "eu-west-1");
  request.body = "hullo";
  ExpectFault(request, "SignatureDoesNotMatch", "x-amz-content-sha256");
  request.headers.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  ExpectFault(request, "SignatureDoesNotMatch", "over TLS only");
}

TEST(SigV4Test, TakesUnsignedPayloadOverTls) {
  http::Request request = Make("POST", "/", {{"Host", "localhost:1"}}, "hello");
  Sign(request, kKey, kSecret, "eu-west-1", "monitoring", kNow);
  request.headers.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  request.tls = true;
  // The signature was made over the real hash, so it gets as far as the comparison.
  ExpectFault(request, "SignatureDoesNotMatch", "we calculated");
}

TEST(SigV4Test, AReplacedSecretDoesNotVerifyWithTheOldKey) {
  const SigV4Verifier verifier;
  auto with = [&](std::string secret) {
    return verifier.Verify(Vanilla(), kNow, [&](std::string_view) { return std::optional(secret); },
                           {});
  };
  EXPECT_TRUE(with(kSecret).ok());
  EXPECT_FALSE(with("another").ok());
  EXPECT_TRUE(with(kSecret).ok());
}

TEST(SigV4Test, FindsTheScopeWithoutChecking) {
  const auto scope = FindSignature(Presigned());
  ASSERT_TRUE(scope.ok());
  ASSERT_TRUE(scope->has_value());
  EXPECT_EQ((*scope)->service, "monitoring");
  const auto none = FindSignature(Make("GET", "/?xX-Amz-Algorithm=1", {}));
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace securebase::net

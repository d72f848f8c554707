// What is promised: a body is kept as it was sent, or refused with all its faults in AWS's words;
// dashboards belong to an account, not to a region; deletion is all or nothing.
#include <gtest/gtest.h>

#include "aws/testing/aws_world.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

const std::string kGood =
    R"({"widgets": [{"type": "text", "properties": {"markdown": "größe \"x\""}}]})";

std::string Quoted(std::string_view text) {
  std::string out;
  json::AppendQuoted(out, text);
  return out;
}

class DashboardsTest : public ::testing::Test {
 protected:
  json::Value Put(const std::string& name, const std::string& body) {
    return world_.CloudWatch("PutDashboard", R"({"DashboardName": )" + Quoted(name) +
                                                 R"(, "DashboardBody": )" + Quoted(body) + "}");
  }
  std::string PutError(const std::string& name, const std::string& body) {
    return world_.CloudWatchError(
        "PutDashboard",
        R"({"DashboardName": )" + Quoted(name) + R"(, "DashboardBody": )" + Quoted(body) + "}");
  }
  std::string Names(const std::string& request = "{}") {
    std::string names;
    const json::Value answer = world_.CloudWatch("ListDashboards", request);
    for (const json::Value& entry : answer.Find("DashboardEntries")->AsArray()) {
      names += entry.Find("DashboardName")->AsString() + " ";
    }
    return names;
  }

  AwsWorld world_;
};

TEST_F(DashboardsTest, KeepsTheBodyByteForByte) {
  const json::Value put = Put("Main-1", kGood);
  EXPECT_EQ(json::Write(put), R"({"DashboardValidationMessages":[]})");
  const json::Value got = world_.CloudWatch("GetDashboard", R"({"DashboardName": "Main-1"})");
  EXPECT_EQ(got.Find("DashboardBody")->AsString(), kGood);
  EXPECT_EQ(got.Find("DashboardArn")->AsString(),
            "arn:aws:cloudwatch::123456789012:dashboard/Main-1");
  const json::Value list = world_.CloudWatch("ListDashboards", "{}");
  const json::Value& entry = list.Find("DashboardEntries")->AsArray().at(0);
  EXPECT_EQ(entry.Find("Size")->AsInt(), static_cast<std::int64_t>(kGood.size()));
  EXPECT_GT(entry.Find("LastModified")->AsNumber(), 0);
}

TEST_F(DashboardsTest, TellsWarningsAndErrors) {
  const std::string metric =
      R"({"widgets": [{"type": "metric", "properties": {"metrics": [["N", "m"]]}}]})";
  EXPECT_EQ(json::Write(Put("w", metric)),
            R"({"DashboardValidationMessages":[{"DataPath":"/widgets/0/properties",)"
            R"("Message":"Should have required property 'region': region is missing; us-east-1 is )"
            R"(used"}]})");
  const std::string bad = R"({"widgets": [{"type": "text", "properties": {}}, {"x": 24, "y": 0}]})";
  const http::Response response =
      world_.SendJson("GraniteServiceVersion20100801.PutDashboard",
                      R"({"DashboardName": "b", "DashboardBody": )" + Quoted(bad) + "}");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.Get("x-amzn-query-error"), "InvalidParameterInput;Sender");
  const json::Value body = *json::Parse(response.body);
  EXPECT_EQ(body.Find("__type")->AsString(),
            "com.amazonaws.cloudwatch.v2010_08_01#DashboardInvalidInputError");
  EXPECT_EQ(body.Find("message")->AsString(),
            "The dashboard body is invalid, there are 4 validation errors:\n[\n  {\n"
            "    \"dataPath\": \"/widgets/0/properties\",\n"
            "    \"message\": \"Should have required property 'markdown'\"\n  },\n  {\n"
            "    \"dataPath\": \"/widgets/1\",\n"
            "    \"message\": \"Should have required property 'type'\"\n  },\n  {\n"
            "    \"dataPath\": \"/widgets/1/x\",\n    \"message\": \"Should be <= 23\"\n  },\n  {\n"
            "    \"dataPath\": \"/widgets/1\",\n"
            "    \"message\": \"Should have required property 'properties'\"\n  }\n]");
  EXPECT_EQ(body.Find("dashboardValidationMessages")->AsArray().size(), 4u);
  EXPECT_EQ(Names(), "w ");
}

TEST_F(DashboardsTest, RefusesBadNamesAndBodies) {
  EXPECT_EQ(PutError("a b", kGood),
            "InvalidParameterValueException: The value for field DashboardName contains invalid "
            "characters. It can only contain alphanumerics, dash (-) and underscore (_).\n");
  EXPECT_NE(PutError(std::string(256, 'x'), kGood).find("at most 255"), std::string::npos);
  for (const char* body : {"", "[]", "{", "3"}) {
    EXPECT_EQ(PutError("x", body),
              "DashboardInvalidInputError: The field DashboardBody must be a valid JSON object")
        << body;
  }
  EXPECT_NE(world_.CloudWatchError("PutDashboard", R"({"DashboardName": "x"})")
                .find("Value null at 'dashboardBody'"),
            std::string::npos);
}

TEST_F(DashboardsTest, AMissingOneIsNotFound) {
  const http::Response response =
      world_.SendJson("GraniteServiceVersion20100801.GetDashboard", R"({"DashboardName": "none"})");
  EXPECT_EQ(response.headers.Get("x-amzn-query-error"), "ResourceNotFound;Sender");
  EXPECT_NE(response.body.find("#DashboardNotFoundError"), std::string::npos);
  EXPECT_NE(response.body.find("Dashboard none does not exist"), std::string::npos);
  const http::Response xml =
      world_.SendForm("Action=GetDashboard&Version=2010-08-01&DashboardName=none");
  EXPECT_EQ(xml.status, 404);
  EXPECT_NE(xml.body.find("<Code>ResourceNotFound</Code>"), std::string::npos);
  EXPECT_TRUE(world_.CloudWatchError("GetDashboard", "{}").starts_with("InvalidParameterValue"));
}

TEST_F(DashboardsTest, ListsByPrefixAndPages) {
  EXPECT_EQ(Names(), "");
  for (const char* name : {"b", "a2", "a1", "A"}) Put(name, kGood);
  EXPECT_EQ(Names(), "A a1 a2 b ");
  EXPECT_EQ(Names(R"({"DashboardNamePrefix": "a"})"), "a1 a2 ");
  EXPECT_EQ(Names(R"({"DashboardNamePrefix": "z"})"), "");
  EXPECT_NE(world_.CloudWatchError("ListDashboards", R"({"NextToken": "x"})")
                .find("NextToken is invalid"),
            std::string::npos);
}

TEST_F(DashboardsTest, DeletesAllOrNone) {
  for (const char* name : {"a", "b", "c"}) Put(name, kGood);
  EXPECT_EQ(world_.CloudWatchError("DeleteDashboards", R"({"DashboardNames": ["a", "x", "y"]})"),
            "DashboardNotFoundError: The specified dashboard does not exist. [x, y]");
  EXPECT_EQ(Names(), "a b c ");
  world_.CloudWatch("DeleteDashboards", R"({"DashboardNames": ["a", "a", "c"]})");
  EXPECT_EQ(Names(), "b ");
  EXPECT_TRUE(world_.CloudWatchError("DeleteDashboards", R"({"DashboardNames": []})")
                  .starts_with("InvalidParameterValue"));
  EXPECT_TRUE(
      world_.CloudWatchError("DeleteDashboards", "{}").starts_with("InvalidParameterValue"));
}

TEST_F(DashboardsTest, TheQueryProtocolAnswersAnEmptyList) {
  const http::Response put =
      world_.SendForm("Action=PutDashboard&Version=2010-08-01&DashboardName=q&DashboardBody=" +
                      PercentEncode(kGood));
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_NE(
      put.body.find("<PutDashboardResult><DashboardValidationMessages/></PutDashboardResult>"),
      std::string::npos)
      << put.body;
  const http::Response list = world_.SendForm("Action=ListDashboards&Version=2010-08-01");
  EXPECT_NE(list.body.find("<DashboardEntries><member><DashboardName>q</DashboardName>"),
            std::string::npos)
      << list.body;
}

}  // namespace
}  // namespace securebase::aws::cloudwatch

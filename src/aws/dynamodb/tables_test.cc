// What is promised: tables with their settings as DynamoDB describes them, expiry, tags,
// provisioned limits, and the users' own sample.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

const std::string kKey =
    "'AttributeDefinitions': [{'AttributeName': 'id', 'AttributeType': 'S'}], "
    "'KeySchema': [{'AttributeName': 'id', 'KeyType': 'HASH'}]";

class TablesTest : public DynamoDbTest {
 protected:
  std::string Create(const std::string& name, const std::string& rest = "") {
    return Answer("CreateTable", J("{'TableName': '" + name + "', " + kKey + rest + "}"));
  }
  void RefusesCreate(const std::string& rest, const std::string& message) {
    Refuses("CreateTable", J("{'TableName': 'bad', " + rest + "}"),
            "ValidationException: One or more parameter values were invalid: " + message);
  }
};

// The users' call, as the JavaScript low-level client sends it.
TEST_F(TablesTest, TheUsersSampleRunsOnATableOfTheirOwn) {
  Answer("CreateTable", J(R"({'TableName': 'report-schedules',
      'AttributeDefinitions': [{'AttributeName': 'scheduleId', 'AttributeType': 'S'}],
      'KeySchema': [{'AttributeName': 'scheduleId', 'KeyType': 'HASH'}]})"));
  Answer("UpdateItem", J(R"({'TableName': 'report-schedules', 'Key': {'scheduleId': 'sch-1'},
      'UpdateExpression': 'SET #s = :status, lastDeliveryTime = :time',
      'ExpressionAttributeNames': {'#s': 'deliveryStatus'},
      'ExpressionAttributeValues': {':status': 'success', ':time': '2026-06-01T12:00:00.000Z'}})"));
  EXPECT_EQ(Answer("Scan", J("{'TableName': 'report-schedules'}")),
            R"({"Items":[{"deliveryStatus":{"S":"success"},)"
            R"("lastDeliveryTime":{"S":"2026-06-01T12:00:00.000Z"},"scheduleId":{"S":"sch-1"}}],)"
            R"("Count":1,"ScannedCount":1})");
}

TEST_F(TablesTest, RefusesWhatNoTableCanBe) {
  RefusesCreate(
      kKey + ", 'BillingMode': 'PROVISIONED'",
      "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
      "PROVISIONED");
  RefusesCreate(
      kKey +
          ", 'BillingMode': 'PAY_PER_REQUEST', 'ProvisionedThroughput': "
          "{'ReadCapacityUnits': 1, 'WriteCapacityUnits': 1}",
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
      "is PAY_PER_REQUEST");
  auto index = [](const std::string& name, const std::string& key, const std::string& projection) {
    return "{'IndexName': '" + name + "', 'KeySchema': [" + key + "], 'Projection': {" +
           projection + "}}";
  };
  const std::string id = "{'AttributeName': 'id', 'KeyType': 'HASH'}";
  const std::string all = "'ProjectionType': 'ALL'";
  RefusesCreate(kKey + ", 'LocalSecondaryIndexes': [" + index("abc", id, all) + "]",
                "Table KeySchema does not have a range key, which is required when specifying a "
                "LocalSecondaryIndex");
  RefusesCreate(kKey + ", 'GlobalSecondaryIndexes': [" + index("abc", id, all) + ", " +
                    index("abc", id, all) + "]",
                "Duplicate index name: abc");
  RefusesCreate(kKey + ", 'GlobalSecondaryIndexes': [" +
                    index("abc", "{'AttributeName': 'x', 'KeyType': 'HASH'}", all) + "]",
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], "
                "AttributeDefinitions: [id]");
  RefusesCreate(kKey + ", 'GlobalSecondaryIndexes': [" +
                    index("abc", id, all + ", 'NonKeyAttributes': ['a']") + "]",
                "ProjectionType is ALL, but NonKeyAttributes is specified");
  RefusesCreate(kKey + ", 'GlobalSecondaryIndexes': [" +
                    index("abc", id, "'ProjectionType': 'INCLUDE'") + "]",
                "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  Refuses("CreateTable", J("{'TableName': 'bad', " + kKey + ", 'StreamSpecification': {}}"),
          "ValidationException: The parameter StreamSpecification is not supported by SecureBase "
          "yet.");
}

TEST_F(TablesTest, SettingsCanBeChanged) {
  Create("own", ", 'DeletionProtectionEnabled': true, 'Tags': [{'Key': 'k', 'Value': 'v'}]");
  Refuses("DeleteTable", J("{'TableName': 'own'}"),
          "ValidationException: Resource cannot be deleted as it is currently protected against "
          "deletion. Disable deletion protection first.");
  const json::Value changed = world_.DynamoDb(
      "UpdateTable",
      J("{'TableName': 'own', 'BillingMode': 'PROVISIONED', "
        "'ProvisionedThroughput': {'ReadCapacityUnits': 5, 'WriteCapacityUnits': 6}, "
        "'DeletionProtectionEnabled': false}"));
  const json::Value& table = *changed.Find("TableDescription");
  EXPECT_EQ(json::Write(*table.Find("BillingModeSummary")), R"({"BillingMode":"PROVISIONED"})");
  EXPECT_EQ(table.Find("ProvisionedThroughput")->Find("WriteCapacityUnits")->AsInt(), 6);
  EXPECT_TRUE(
      world_
          .DynamoDbError("UpdateTable", J("{'TableName': 'own', 'ProvisionedThroughput': "
                                          "{'ReadCapacityUnits': 5, 'WriteCapacityUnits': 6}}"))
          .starts_with("ValidationException: The provisioned throughput for the table will "
                       "not change."));
  Refuses("UpdateTable", J("{'TableName': 'own'}"),
          "ValidationException: At least one of ProvisionedThroughput, BillingMode, "
          "UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates "
          "is required");
  Refuses(
      "UpdateTable",
      J("{'TableName': 'securebase-dev-metrics', 'BillingMode': "
        "'PAY_PER_REQUEST'}"),
      "AccessDeniedException: Table securebase-dev-metrics belongs to the product and cannot be "
      "changed");

  const std::string arn = "'ResourceArn': 'arn:aws:dynamodb:us-east-1:123456789012:table/own'";
  Answer("TagResource", J("{" + arn + ", 'Tags': [{'Key': 'a', 'Value': ''}]}"));
  Answer("UntagResource", J("{" + arn + ", 'TagKeys': ['k']}"));
  EXPECT_EQ(Answer("ListTagsOfResource", J("{" + arn + "}")),
            R"({"Tags":[{"Key":"a","Value":""}]})");
  Refuses("ListTagsOfResource", J("{'ResourceArn': 'own'}"),
          "ValidationException: Invalid TableArn: Invalid ResourceArn provided as input own");
  Answer("DeleteTable", J("{'TableName': 'own'}"));
}

TEST_F(TablesTest, ItemsExpire) {
  Create("own");
  const std::string enable =
      J("{'TableName': 'own', 'TimeToLiveSpecification': {'Enabled': true, 'AttributeName': "
        "'ttl'}}");
  EXPECT_EQ(Answer("UpdateTimeToLive", enable),
            R"({"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}})");
  Refuses("UpdateTimeToLive", enable, "ValidationException: TimeToLive is already enabled");
  const std::int64_t now = ToUnixMillis(world_.clock().Now()) / 1000;
  for (int i = 0; i < 3; ++i) {
    Answer("PutItem", J("{'TableName': 'own', 'Item': {'id': {'S': '" + std::to_string(i) +
                        "'}, 'ttl': {'N': '" + std::to_string(now + 60 * (i + 1)) + "'}}}"));
  }
  // Not a number, and too long ago: they stay.
  Answer("PutItem", J("{'TableName': 'own', 'Item': {'id': {'S': 's'}, 'ttl': {'S': '1'}}}"));
  Answer("PutItem", J("{'TableName': 'own', 'Item': {'id': {'S': 'o'}, 'ttl': {'N': '1'}}}"));
  const std::string scan = J("{'TableName': 'own', 'Select': 'COUNT'}");
  EXPECT_EQ(Answer("Scan", scan), R"({"Count":5,"ScannedCount":5})");
  world_.clock().Advance(std::chrono::seconds(121));
  EXPECT_EQ(Answer("Scan", scan), R"({"Count":3,"ScannedCount":3})");
  EXPECT_EQ(Answer("GetItem", J("{'TableName': 'own', 'Key': {'id': {'S': '0'}}}")), "{}");
  // It is not there for a condition either, and may be written anew.
  Answer("PutItem", J("{'TableName': 'own', 'Item': {'id': {'S': '0'}}, 'ConditionExpression': "
                      "'attribute_not_exists(id)'}"));
  EXPECT_EQ(Answer("Scan", scan), R"({"Count":4,"ScannedCount":4})");
}

TEST_F(TablesTest, AProvisionedTableRefusesWhatIsTooMuch) {
  Create("small", ", 'ProvisionedThroughput': {'ReadCapacityUnits': 1, 'WriteCapacityUnits': 1}");
  const std::string put = J("{'TableName': 'small', 'Item': {'id': {'S': 'a'}, 'v': {'S': '" +
                            std::string(200 << 10, 'x') + "'}}}");
  // A burst of 300 units, which the second item overdraws.
  Answer("PutItem", put);
  Answer("PutItem", put);
  EXPECT_TRUE(world_.DynamoDbError("PutItem", put)
                  .starts_with("ProvisionedThroughputExceededException: The level of configured "
                               "provisioned throughput for the table was exceeded."));
  // Reads have units of their own.
  Answer("GetItem", J("{'TableName': 'small', 'Key': {'id': {'S': 'a'}}}"));
  world_.clock().Advance(std::chrono::seconds(120));
  Answer("PutItem", put);
}

}  // namespace
}  // namespace securebase::aws::dynamodb

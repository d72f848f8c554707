// What is promised: the users' calls as they send them, DynamoDB's answers and its sentences for
// what it refuses. The stores are real; expressions have their own tests in documents/.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

TEST_F(DynamoDbTest, TheUsersScansWork) {
  for (const char* item : {R"({"customer_id": {"S": "a"}, "status": {"S": "active"}})",
                           R"({"customer_id": {"S": "b"}, "status": {"S": "suspended"}})"}) {
    Answer("PutItem", Call(kCustomers, R"("Item": )" + std::string(item)));
  }
  EXPECT_EQ(Answer("Scan", Call(kCustomers, R"("Select": "COUNT")")),
            R"({"Count":2,"ScannedCount":2})");
  // `id` stands for customer_id on this table.
  EXPECT_EQ(Answer("Scan", Call(kCustomers, R"("FilterExpression":
      "attribute_exists(id) AND #status = :active",
      "ExpressionAttributeNames": {"#status": "status"},
      "ExpressionAttributeValues": {":active": {"S": "active"}}, "ProjectionExpression": "id")")),
            R"({"Items":[{"id":{"S":"a"}}],"Count":1,"ScannedCount":2})");
  Answer("PutItem", Call(kSchedules, R"("Item": {"customer_id": {"S": "a"},
      "schedule_id": {"S": "s1"}, "lastDeliveryStatus": {"S": "success"}})"));
  Answer("PutItem", Call(kSchedules, R"("Item": {"customer_id": {"S": "a"},
      "schedule_id": {"S": "s2"}})"));
  EXPECT_EQ(Answer("Scan", Call(kSchedules, R"j("FilterExpression":
      "attribute_exists(lastDeliveryStatus)", "ProjectionExpression": "lastDeliveryStatus")j")),
            R"({"Items":[{"lastDeliveryStatus":{"S":"success"}}],"Count":1,"ScannedCount":2})");
}

TEST_F(DynamoDbTest, AScheduleIsFoundByItsIdAlone) {
  for (const char* item : {R"({"customer_id": {"S": "a"}, "schedule_id": {"S": "s1"}})",
                           R"({"customer_id": {"S": "a"}, "schedule_id": {"S": "s2"}})",
                           R"({"customer_id": {"S": "b"}, "schedule_id": {"S": "s2"}})"}) {
    Answer("PutItem", Call(kSchedules, R"("Item": )" + std::string(item)));
  }
  // The users' own call, with bare strings for attribute values.
  EXPECT_EQ(Answer("UpdateItem", Call(kSchedules, R"("Key": {"scheduleId": "s1"},
      "UpdateExpression": "SET #s = :status, lastDeliveryTime = :time",
      "ExpressionAttributeNames": {"#s": "deliveryStatus"},
      "ExpressionAttributeValues": {":status": "success", ":time": "2026-06-01T12:00:00Z"},
      "ReturnValues": "UPDATED_NEW")")),
            R"({"Attributes":{"deliveryStatus":{"S":"success"},)"
            R"("lastDeliveryTime":{"S":"2026-06-01T12:00:00Z"}}})");
  EXPECT_EQ(Answer("GetItem", Call(kSchedules, R"("Key": {"schedule_id": {"S": "s1"}},
      "ProjectionExpression": "deliveryStatus")")),
            R"({"Item":{"deliveryStatus":{"S":"success"}}})");
  Refuses("GetItem", Call(kSchedules, R"("Key": {"scheduleId": {"S": "s2"}})"),
          "ValidationException: The schedule_id is not unique: the Key must also have customer_id");
  Refuses("GetItem", Call(kSchedules, R"("Key": {"scheduleId": {"S": "s3"}})"),
          "ValidationException: The provided key element does not match the schema");
  EXPECT_EQ(
      Answer("GetItem",
             Call(kSchedules, R"("Key": {"customer_id": {"S": "b"}, "scheduleId": {"S": "s2"}})")),
      R"({"Item":{"customer_id":{"S":"b"},"schedule_id":{"S":"s2"}}})");
}

TEST_F(DynamoDbTest, ProductTablesAreWrittenWhereTheyMayBe) {
  const std::string reports = R"("TableName": "securebase-dev-reports")";
  Refuses("PutItem", Call(reports, R"("Item": {"customer_id": {"S": "a"}, "id": {"S": "r"}})"),
          "AccessDeniedException: Table securebase-dev-reports is read-only through this API");
  Refuses("UpdateItem", Call(kCustomers, R"("Key": {"customer_id": {"S": "a"}})"),
          "AccessDeniedException: Table securebase-dev-customers is read-only through this API");
  Refuses("DeleteItem", Call(kCustomers, R"("Key": {"customer_id": {"S": "a"}})"),
          "AccessDeniedException: Table securebase-dev-customers is read-only through this API");
  Refuses("DeleteTable", "{" + std::string(kCustomers) + "}",
          "AccessDeniedException: Table securebase-dev-customers belongs to the product and cannot "
          "be deleted");
  Refuses("CreateTable", Call(kCustomers, R"("AttributeDefinitions": [{"AttributeName": "x",
      "AttributeType": "S"}], "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}])"),
          "ResourceInUseException: Table already exists: securebase-dev-customers");
  EXPECT_TRUE(world_
                  .DynamoDbError("PutItem", Call(kCustomers, R"("Item":
      {"customer_id": {"S": "a"}, "status": {"S": "odd"}})"))
                  .starts_with("ValidationException: 1 validation error detected: One or more"));
}

TEST_F(DynamoDbTest, DescribesAndListsTables) {
  EXPECT_EQ(Answer("ListTables", "{}"),
            R"({"TableNames":["securebase-dev-customers","securebase-dev-metrics",)"
            R"("securebase-dev-report-cache","securebase-dev-report-schedules",)"
            R"("securebase-dev-reports","things"]})");
  EXPECT_EQ(Answer("ListTables", R"({"Limit": 1, "ExclusiveStartTableName":
      "securebase-dev-metrics"})"),
            R"({"TableNames":["securebase-dev-report-cache"],)"
            R"("LastEvaluatedTableName":"securebase-dev-report-cache"})");
  PutThing("a", 1);
  const json::Value answer = world_.DynamoDb(
      "DescribeTable", R"({"TableName": "arn:aws:dynamodb:us-east-1:123456789012:table/things"})");
  const json::Value& table = *answer.Find("Table");
  EXPECT_EQ(table.Find("TableStatus")->AsString(), "ACTIVE");
  EXPECT_EQ(table.Find("ItemCount")->AsInt(), 1);
  EXPECT_EQ(json::Write(*table.Find("BillingModeSummary")), R"({"BillingMode":"PAY_PER_REQUEST"})");
  EXPECT_EQ(
      json::Write(*table.Find("KeySchema")),
      R"([{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}])");
  EXPECT_EQ(table.Find("TableArn")->AsString(),
            "arn:aws:dynamodb:us-east-1:123456789012:table/things");
  Refuses("DescribeTable", R"({"TableName": "nope"})",
          "ResourceNotFoundException: Requested resource not found: Table: nope not found");
  Refuses("Scan", R"({"TableName": "nope"})",
          "ResourceNotFoundException: Requested resource not found");
  Refuses("DescribeTable", "{}",
          "ValidationException: 1 validation error detected: Value null at 'tableName' failed to "
          "satisfy constraint: Member must not be null");
}

TEST_F(DynamoDbTest, CreatesAndDeletesTables) {
  auto create = [](std::string_view rest) {
    return R"({"TableName": "more", )" + std::string(rest) + "}";
  };
  const std::string x =
      R"("AttributeDefinitions": [{"AttributeName": "x", "AttributeType": "S"}], )";
  Refuses(
      "CreateTable", create(x + R"("KeySchema": [{"AttributeName": "y", "KeyType": "HASH"}])"),
      "ValidationException: One or more parameter values were invalid: Some index key "
      "attributes are not defined in AttributeDefinitions. Keys: [y], AttributeDefinitions: [x]");
  Refuses("CreateTable", create(x + R"("KeySchema": [{"AttributeName": "x", "KeyType": "RANGE"}])"),
          "ValidationException: Invalid KeySchema: The first KeySchemaElement is not a HASH key "
          "type");
  Refuses("CreateTable", create(x + R"("KeySchema": [{"AttributeName": "x", "KeyType": "HASH"},
                                      {"AttributeName": "x", "KeyType": "HASH"}])"),
          "ValidationException: Invalid KeySchema: The second KeySchemaElement is not a RANGE key "
          "type");
  Refuses("CreateTable",
          create(R"("AttributeDefinitions": [{"AttributeName": "x", "AttributeType": "S"},
                    {"AttributeName": "y", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}])"),
          "ValidationException: One or more parameter values were invalid: Number of attributes in "
          "KeySchema does not exactly match number of attributes defined in AttributeDefinitions");
  const std::string good = x + R"("KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}])";
  EXPECT_NE(world_.DynamoDbError("CreateTable", R"({"TableName": "a b c", )" + good + "}")
                .find("regular expression pattern: [a-zA-Z0-9_.-]+"),
            std::string::npos);
  Refuses("CreateTable", create(good + R"(, "GlobalSecondaryIndexes": [])"),
          "ValidationException: One or more parameter values were invalid: List of "
          "GlobalSecondaryIndexes is empty");
  EXPECT_NE(Answer("CreateTable", create(good)).find("\"TableStatus\":\"ACTIVE\""),
            std::string::npos);
  EXPECT_NE(Answer("DeleteTable", R"({"TableName": "more"})").find("DELETING"), std::string::npos);
  Refuses("DeleteTable", R"({"TableName": "more"})",
          "ResourceNotFoundException: Requested resource not found: Table: more not found");
}

TEST_F(DynamoDbTest, AnswersWhatToolsAskFor) {
  EXPECT_EQ(Answer("DescribeEndpoints", "{}"),
            R"({"Endpoints":[{"Address":"localhost:8080","CachePeriodInMinutes":1440}]})");
  EXPECT_NE(Answer("DescribeLimits", "{}").find("\"AccountMaxReadCapacityUnits\":80000"),
            std::string::npos);
  EXPECT_EQ(Answer("DescribeTimeToLive", R"({"TableName": "things"})"),
            R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})");
  EXPECT_EQ(Answer("DescribeTimeToLive", R"({"TableName": "securebase-dev-report-cache"})"),
            R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}})");
  EXPECT_EQ(Answer("ListTagsOfResource", R"({"ResourceArn":
      "arn:aws:dynamodb:us-east-1:123456789012:table/things"})"),
            R"({"Tags":[]})");
  EXPECT_NE(Answer("DescribeContinuousBackups", R"({"TableName": "things"})").find("DISABLED"),
            std::string::npos);
  Refuses("DescribeContinuousBackups", R"({"TableName": "nope"})",
          "TableNotFoundException: Table not found: nope");
}

TEST_F(DynamoDbTest, PutsGetsAndDeletesItems) {
  PutThing("a", 1, R"(, "v": {"L": [{"N": "1.50"}, {"NULL": true}]})");
  EXPECT_EQ(Answer("GetItem", Call(kThings, Key("a", 1))),
            R"({"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"L":[{"N":"1.5"},{"NULL":true}]}}})");
  EXPECT_EQ(Answer("GetItem", Call(kThings, Key("a", 2))), "{}");
  EXPECT_EQ(Answer("GetItem", Call(kThings, Key("a", 1) + R"(, "ProjectionExpression": "v[0]",
      "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES")")),
            R"({"Item":{"v":{"L":[{"N":"1.5"}]}},"ConsumedCapacity":{"TableName":"things",)"
            R"("CapacityUnits":1,"Table":{"CapacityUnits":1}}})");
  EXPECT_EQ(
      Answer("PutItem", Call(kThings, R"("Item": {"pk": {"S": "a"}, "sk": {"N": "1"}},
      "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL")")),
      R"({"Attributes":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"L":[{"N":"1.5"},{"NULL":true}]}},)"
      R"("ConsumedCapacity":{"TableName":"things","CapacityUnits":1}})");
  EXPECT_EQ(Answer("DeleteItem", Call(kThings, Key("a", 1) + R"(, "ReturnValues": "ALL_OLD")")),
            R"({"Attributes":{"pk":{"S":"a"},"sk":{"N":"1"}}})");
  EXPECT_EQ(Answer("DeleteItem", Call(kThings, Key("a", 1))), "{}");
}

TEST_F(DynamoDbTest, RefusesWrongKeys) {
  const std::string wrong = "The provided key element does not match the schema";
  Refuses("GetItem", Call(kThings, R"("Key": {"pk": {"S": "a"}})"),
          "ValidationException: " + wrong);
  Refuses("GetItem", Call(kThings, R"("Key": {"pk": {"S": "a"}, "sk": {"S": "1"}})"),
          "ValidationException: " + wrong);
  Refuses("DeleteItem", Call(kThings, R"("Key": {"pk": {"S": "a"}})"),
          "ValidationException: 1 validation error detected: " + wrong);
  Refuses("PutItem", Call(kThings, R"("Item": {"pk": {"S": "a"}})"),
          "ValidationException: 1 validation error detected: One or more parameter values were "
          "invalid: Missing the key sk in the item");
  Refuses("PutItem", Call(kThings, R"("Item": {"pk": {"N": "1"}, "sk": {"N": "1"}})"),
          "ValidationException: 1 validation error detected: One or more parameter values were "
          "invalid: Type mismatch for key pk expected: S actual: N");
  Refuses("PutItem", Call(kThings, R"("Item": {"pk": {"S": 1}, "sk": {"N": "1"}})"),
          "SerializationException: NUMBER_VALUE cannot be converted to String");
  Refuses(
      "PutItem", Call(kThings, R"("Item": {"pk": {}, "sk": {"N": "1"}})"),
      "ValidationException: 1 validation error detected: Supplied AttributeValue is empty, must "
      "contain exactly one of the supported datatypes");
}

TEST_F(DynamoDbTest, ConditionsDecide) {
  PutThing("a", 1, R"(, "n": {"N": "5"})");
  const std::string put = R"j("Item": {"pk": {"S": "a"}, "sk": {"N": "1"}},
      "ConditionExpression": "attribute_not_exists(pk)")j";
  Refuses("PutItem", Call(kThings, put),
          "ConditionalCheckFailedException: The conditional request failed");
  const auto response =
      world_.SendJson("DynamoDB_20120810.PutItem",
                      Call(kThings, put + R"(, "ReturnValuesOnConditionCheckFailure": "ALL_OLD")"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",)"
            R"("message":"The conditional request failed",)"
            R"("Item":{"n":{"N":"5"},"pk":{"S":"a"},"sk":{"N":"1"}}})");
  const std::string n_is = R"(, "ConditionExpression": "n = :n",
      "ExpressionAttributeValues": {":n": {"N": ")";
  Refuses("DeleteItem", Call(kThings, Key("a", 1) + n_is + "6\"}}"),
          "ConditionalCheckFailedException: The conditional request failed");
  EXPECT_EQ(Answer("DeleteItem", Call(kThings, Key("a", 1) + n_is + "5\"}}")), "{}");
  Refuses("DeleteItem", Call(kThings, Key("a", 1) + n_is + "5\"}}"),
          "ConditionalCheckFailedException: The conditional request failed");
}

TEST_F(DynamoDbTest, Updates) {
  auto update = [&](std::string_view rest) {
    return Answer("UpdateItem", Call(kThings, Key("u", 1) + ", " + std::string(rest)));
  };
  const std::string add = R"("UpdateExpression": "ADD n :one SET s = :s",
      "ExpressionAttributeValues": {":one": {"N": "1"}, ":s": {"S": "x"}}, )";
  EXPECT_EQ(update(add + R"("ReturnValues": "UPDATED_OLD")"), "{}");
  EXPECT_EQ(update(add + R"("ReturnValues": "UPDATED_NEW")"),
            R"({"Attributes":{"n":{"N":"2"},"s":{"S":"x"}}})");
  EXPECT_EQ(update(add + R"("ReturnValues": "UPDATED_OLD")"),
            R"({"Attributes":{"n":{"N":"2"},"s":{"S":"x"}}})");
  EXPECT_EQ(update(R"("ReturnValues": "ALL_NEW")"),
            R"({"Attributes":{"n":{"N":"3"},"pk":{"S":"u"},"s":{"S":"x"},"sk":{"N":"1"}}})");
  EXPECT_EQ(update(R"("UpdateExpression": "REMOVE s", "ReturnValues": "ALL_OLD")"),
            R"({"Attributes":{"n":{"N":"3"},"pk":{"S":"u"},"s":{"S":"x"},"sk":{"N":"1"}}})");
  Refuses("UpdateItem", Call(kThings, Key("u", 1) + R"(, "UpdateExpression": "SET sk = :v",
      "ExpressionAttributeValues": {":v": {"N": "2"}})"),
          "ValidationException: 1 validation error detected: One or more parameter values were "
          "invalid: Cannot update attribute sk. This attribute is part of the key");
}

class RangeTest : public DynamoDbTest {
 protected:
  RangeTest() {
    for (int i = 1; i <= 4; ++i) PutThing("a", i, i % 2 == 0 ? R"(, "even": {"BOOL": true})" : "");
    PutThing("b", 1);
  }
  static std::string Query(std::string_view rest) {
    return Call(kThings, R"("KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "a"}}, )" +
                             std::string(rest));
  }
};

TEST_F(RangeTest, QueriesAPartitionInPages) {
  EXPECT_EQ(Answer("Query", Query(R"("ScanIndexForward": false, "Limit": 2,
      "ProjectionExpression": "sk")")),
            R"({"Items":[{"sk":{"N":"4"}},{"sk":{"N":"3"}}],"Count":2,"ScannedCount":2,)"
            R"("LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"N":"3"}}})");
  EXPECT_EQ(Answer("Query", Query(R"("ScanIndexForward": false, "ProjectionExpression": "sk",
      "ExclusiveStartKey": {"pk": {"S": "a"}, "sk": {"N": "3"}})")),
            R"({"Items":[{"sk":{"N":"2"}},{"sk":{"N":"1"}}],"Count":2,"ScannedCount":2})");
  EXPECT_EQ(Answer("Query", Query(R"j("FilterExpression": "attribute_exists(even)",
      "Select": "COUNT", "ReturnConsumedCapacity": "TOTAL")j")),
            R"({"Count":2,"ScannedCount":4,"ConsumedCapacity":{"TableName":"things",)"
            R"("CapacityUnits":0.5}})");
}

TEST_F(RangeTest, RefusesWhatAQueryCannotBe) {
  const std::string prefix = "ValidationException: 1 validation error detected: ";
  Refuses("Query", Call(kThings, R"("Limit": 1)"),
          prefix +
              "Either the KeyConditions or KeyConditionExpression parameter must be specified "
              "in the request.");
  Refuses("Query", Query(R"("FilterExpression": "sk > :p")"),
          prefix +
              "Filter Expression can only contain non-primary key attributes: Primary key "
              "attribute: sk");
  Refuses("Query", Query(R"("IndexName": "other")"),
          prefix + "The table does not have the specified index: other");
  Refuses("Query", Call(kThings, R"("KeyConditionExpression": "pk = :p",
      "ExpressionAttributeValues": {":p": {"S": "a"}, ":x": {"S": "a"}})"),
          "ValidationException: Value provided in ExpressionAttributeValues unused in expressions: "
          "keys: {:x}");
  Refuses("Query", Query(R"("Limit": 0)"),
          prefix +
              "Value '0' at 'limit' failed to satisfy constraint: Member must have value "
              "greater than or equal to 1");
}

TEST_F(RangeTest, ScansInSegments) {
  int count = 0;
  for (const char* segment : {"0", "1", "2"}) {
    const json::Value page = world_.DynamoDb(
        "Scan", Call(kThings, R"("TotalSegments": 3, "Segment": )" + std::string(segment)));
    count += static_cast<int>(page.Find("Count")->AsInt());
  }
  EXPECT_EQ(count, 5);
  const std::string head = "ValidationException: ";
  Refuses("Scan", Call(kThings, R"("Segment": 1)"),
          head +
              "The TotalSegments parameter is required but was not present in the request when "
              "Segment parameter is present");
  Refuses("Scan", Call(kThings, R"("TotalSegments": 1)"),
          head +
              "The Segment parameter is required but was not present in the request when "
              "parameter TotalSegments is present");
  Refuses("Scan", Call(kThings, R"("TotalSegments": 3, "Segment": 3)"),
          head +
              "The Segment parameter is zero-based and must be less than parameter "
              "TotalSegments: Segment: 3 is not less than TotalSegments: 3");
}

TEST_F(RangeTest, ChecksSelect) {
  auto refuses = [&](std::string_view rest, const std::string& message) {
    Refuses("Scan", Call(kThings, rest), "ValidationException: " + message);
  };
  refuses(R"("Select": "COUNT", "ProjectionExpression": "a")",
          "Cannot specify the ProjectionExpression when choosing to get only the Count");
  refuses(R"("Select": "ALL_ATTRIBUTES", "ProjectionExpression": "a")",
          "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES");
  refuses(R"("Select": "SPECIFIC_ATTRIBUTES")",
          "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
          "SPECIFIC_ATTRIBUTES");
  refuses(R"("Select": "ALL_PROJECTED_ATTRIBUTES")",
          "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  refuses(R"("Select": "count")",
          "1 validation error detected: Value 'count' at 'select' failed to satisfy constraint: "
          "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, "
          "ALL_PROJECTED_ATTRIBUTES]");
  refuses(R"("ExpressionAttributeValues": {":x": {"S": "a"}})",
          "ExpressionAttributeValues can only be specified when using expressions: "
          "FilterExpression is null");
}

TEST_F(RangeTest, GetsInBatches) {
  const json::Value answer = world_.DynamoDb("BatchGetItem", R"({"ReturnConsumedCapacity": "TOTAL",
      "RequestItems": {"things": {"ProjectionExpression": "sk", "Keys": [
      {"pk": {"S": "a"}, "sk": {"N": "1"}}, {"pk": {"S": "zz"}, "sk": {"N": "1"}}]}}})");
  EXPECT_EQ(json::Write(answer),
            R"({"Responses":{"things":[{"sk":{"N":"1"}}]},"UnprocessedKeys":{},)"
            R"("ConsumedCapacity":[{"TableName":"things","CapacityUnits":1}]})");
  const std::string key = R"({"pk": {"S": "a"}, "sk": {"N": "1"}})";
  Refuses("BatchGetItem", R"({"RequestItems": {"things": {"Keys": [)" + key + "," + key + "]}}}",
          "ValidationException: Provided list of item keys contains duplicates");
  Refuses("BatchGetItem", R"({"RequestItems": {}})",
          "ValidationException: 1 validation error detected: Value at 'requestItems' failed to "
          "satisfy constraint: Member must have length greater than or equal to 1");
  std::string many = key;
  for (int i = 0; i < 100; ++i) many += "," + key;
  Refuses("BatchGetItem", R"({"RequestItems": {"things": {"Keys": [)" + many + "]}}}",
          "ValidationException: 1 validation error detected: Value at 'requestItems.things.member."
          "keys' failed to satisfy constraint: Member must have length less than or equal to 100");
}

TEST_F(DynamoDbTest, WritesInBatches) {
  EXPECT_EQ(Answer("BatchWriteItem", R"({"ReturnConsumedCapacity": "TOTAL", "RequestItems": {
      "things": [{"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}},
                 {"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"N": "2"}}}}],
      "securebase-dev-metrics": [{"PutRequest": {"Item": {"customer_id": {"S": "a"},
        "timestamp": {"S": "2026-06-01"}, "cost": {"N": "1"}}}}]}})"),
            R"({"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"things",)"
            R"("CapacityUnits":2},{"TableName":"securebase-dev-metrics","CapacityUnits":1}]})");
  EXPECT_NE(Answer("GetItem", Call(kThings, Key("a", 1))), "{}");
  const std::string put = R"({"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}}})";
  Refuses("BatchWriteItem", R"({"RequestItems": {"things": [)" + put + "," + put + "]}}",
          "ValidationException: Provided list of item keys contains duplicates");
  Refuses("BatchWriteItem", R"({"RequestItems": {"things": [{}]}})",
          "ValidationException: Supplied AttributeValue has more than one datatypes set, must "
          "contain exactly one of PutRequest and DeleteRequest");
  Refuses("BatchWriteItem", R"({"RequestItems": {"things": []}})",
          "ValidationException: 1 validation error detected: Value at 'requestItems' failed to "
          "satisfy constraint: Member must have length greater than or equal to 1");
  std::string many = put;
  for (int i = 0; i < 25; ++i) many += "," + put;
  Refuses("BatchWriteItem", R"({"RequestItems": {"things": [)" + many + "]}}",
          "ValidationException: Too many items requested for the BatchWriteItem call");
  Refuses("BatchWriteItem", R"({"RequestItems": {"securebase-dev-reports": [{"PutRequest": {"Item":
      {"customer_id": {"S": "a"}, "id": {"S": "1"}}}}]}})",
          "AccessDeniedException: Table securebase-dev-reports is read-only through this API");
}

}  // namespace
}  // namespace securebase::aws::dynamodb

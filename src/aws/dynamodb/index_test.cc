// What is promised: secondary indexes hold what their projection says, follow every write, are
// filled when they are added, and are read as DynamoDB reads them.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr const char* kCreate = R"({'TableName': 'orders',
    'AttributeDefinitions': [{'AttributeName': 'id', 'AttributeType': 'S'},
                             {'AttributeName': 'at', 'AttributeType': 'N'},
                             {'AttributeName': 'who', 'AttributeType': 'S'},
                             {'AttributeName': 'tally', 'AttributeType': 'N'}],
    'KeySchema': [{'AttributeName': 'id', 'KeyType': 'HASH'},
                  {'AttributeName': 'at', 'KeyType': 'RANGE'}],
    'GlobalSecondaryIndexes': [
      {'IndexName': 'by-who', 'KeySchema': [{'AttributeName': 'who', 'KeyType': 'HASH'},
                                            {'AttributeName': 'tally', 'KeyType': 'RANGE'}],
       'Projection': {'ProjectionType': 'ALL'}},
      {'IndexName': 'who-keys', 'KeySchema': [{'AttributeName': 'who', 'KeyType': 'HASH'}],
       'Projection': {'ProjectionType': 'KEYS_ONLY'}}],
    'LocalSecondaryIndexes': [
      {'IndexName': 'local-tally', 'KeySchema': [{'AttributeName': 'id', 'KeyType': 'HASH'},
                                               {'AttributeName': 'tally', 'KeyType': 'RANGE'}],
       'Projection': {'ProjectionType': 'INCLUDE', 'NonKeyAttributes': ['note']}}],
    'BillingMode': 'PAY_PER_REQUEST'})";

class IndexTest : public DynamoDbTest {
 protected:
  IndexTest() { Answer("CreateTable", J(kCreate)); }

  void Put(const std::string& id, int at, const std::string& rest) {
    Answer("PutItem", J("{'TableName': 'orders', 'Item': {'id': {'S': '" + id +
                        "'}, 'at': {'N': '" + std::to_string(at) + "'}" + rest + "}}"));
  }
  static std::string Who(const std::string& who, int tally) {
    return ", 'who': {'S': '" + who + "'}, 'tally': {'N': '" + std::to_string(tally) + "'}";
  }
  std::string Query(const std::string& index, const std::string& who,
                    const std::string& rest = "") {
    return Answer("Query", QueryBody(index, who, rest));
  }
  static std::string QueryBody(const std::string& index, const std::string& who,
                               const std::string& rest) {
    return J(
        "{'TableName': 'orders', 'IndexName': '" + index +
        "', 'KeyConditionExpression': 'who = :w', 'ExpressionAttributeValues': {':w': {'S': '" +
        who + "'}}" + rest + "}");
  }
  std::int64_t Entries(const std::string& index) {
    const json::Value answer = world_.DynamoDb("DescribeTable", J("{'TableName': 'orders'}"));
    for (const char* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
      for (const json::Value& one : answer.Find("Table")->Find(kind)->AsArray()) {
        if (one.Find("IndexName")->AsString() == index) return one.Find("ItemCount")->AsInt();
      }
    }
    return -1;
  }
};

TEST_F(IndexTest, FollowsEveryWrite) {
  Put("a", 1, Who("ann", 5));
  Put("a", 2, Who("ann", 3) + ", 'note': {'S': 'n'}");
  Put("b", 1, Who("bob", 7));
  Put("b", 2, "");  // sparse: in no index
  EXPECT_EQ(Query("by-who", "ann", ", 'ProjectionExpression': 'id, tally'"),
            R"({"Items":[{"id":{"S":"a"},"tally":{"N":"3"}},{"id":{"S":"a"},"tally":{"N":"5"}}],)"
            R"("Count":2,"ScannedCount":2})");
  EXPECT_EQ(Entries("by-who"), 3);
  Put("a", 1, Who("bob", 5));  // moves
  EXPECT_EQ(Query("who-keys", "ann"),
            R"({"Items":[{"at":{"N":"2"},"id":{"S":"a"},"who":{"S":"ann"}}],)"
            R"("Count":1,"ScannedCount":1})");
  Answer("UpdateItem", J("{'TableName': 'orders', 'Key': {'id': {'S': 'b'}, 'at': {'N': '1'}}, "
                         "'UpdateExpression': 'REMOVE who'}"));
  EXPECT_EQ(Query("by-who", "bob", ", 'Select': 'COUNT'"), R"({"Count":1,"ScannedCount":1})");
  Answer("DeleteItem", J("{'TableName': 'orders', 'Key': {'id': {'S': 'a'}, 'at': {'N': '1'}}}"));
  EXPECT_EQ(Query("by-who", "bob", ", 'Select': 'COUNT'"), R"({"Count":0,"ScannedCount":0})");
  EXPECT_EQ(Entries("by-who"), 1);
  EXPECT_EQ(Entries("local-tally"), 2);
}

TEST_F(IndexTest, ConditionsOnTheSortKeyAndPagesWork) {
  for (int tally : {-20, -1, 0, 1, 2, 10, 100})
    Put("x" + std::to_string(tally), 1, Who("w", tally));
  Put("y", 1, Who("w", 2));  // the same index key twice
  auto count = [&](const std::string& condition, const std::string& values) {
    const json::Value answer = world_.DynamoDb(
        "Query",
        J("{'TableName': 'orders', 'IndexName': 'by-who', 'Select': 'COUNT', "
          "'KeyConditionExpression': 'who = :w AND " +
          condition + "', 'ExpressionAttributeValues': {':w': {'S': 'w'}" + values + "}}"));
    return answer.Find("Count")->AsInt();
  };
  const std::string two = ", ':a': {'N': '2'}";
  EXPECT_EQ(count("tally = :a", two), 2);
  EXPECT_EQ(count("tally < :a", two), 4);
  EXPECT_EQ(count("tally <= :a", two), 6);
  EXPECT_EQ(count("tally > :a", two), 2);
  EXPECT_EQ(count("tally >= :a", two), 4);
  EXPECT_EQ(count("tally BETWEEN :b AND :a", two + ", ':b': {'N': '-1'}"), 5);

  std::string start;
  std::vector<std::string> seen;
  while (true) {
    const json::Value page = world_.DynamoDb(
        "Query", QueryBody("by-who", "w", ", 'Limit': 3, 'ScanIndexForward': false" + start));
    for (const json::Value& item : page.Find("Items")->AsArray()) {
      seen.push_back(item.Find("id")->Find("S")->AsString());
    }
    const json::Value* last = page.Find("LastEvaluatedKey");
    if (last == nullptr) break;
    EXPECT_EQ(last->AsObject().size(), 4u);  // the keys of the index and of the table
    start = ", 'ExclusiveStartKey': " + json::Write(*last);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"x100", "x10", "y", "x2", "x1", "x0", "x-1", "x-20"}));
}

TEST_F(IndexTest, GivesWhatItHolds) {
  Put("a", 1, Who("ann", 5) + ", 'note': {'S': 'n'}, 'more': {'S': 'm'}");
  const std::string prefix = "ValidationException: 1 validation error detected: ";
  Refuses("Query", QueryBody("who-keys", "ann", ", 'Select': 'ALL_ATTRIBUTES'"),
          prefix +
              "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
              "supported for global secondary index who-keys because its projection type is "
              "not ALL");
  Refuses("Query", QueryBody("who-keys", "ann", ", 'ProjectionExpression': 'note'"),
          prefix +
              "One or more parameter values were invalid: Global secondary index who-keys does "
              "not project [note]");
  Refuses("Query", QueryBody("who-keys", "ann", ", 'ConsistentRead': true"),
          prefix + "Consistent reads are not supported on global secondary indexes");
  // A local index fetches from its table what it lacks, and charges for it.
  auto local = [&](const std::string& rest) {
    return Answer("Query", J("{'TableName': 'orders', 'IndexName': 'local-tally', "
                             "'KeyConditionExpression': 'id = :i', 'ConsistentRead': true, "
                             "'ExpressionAttributeValues': {':i': {'S': 'a'}}" +
                             rest + "}"));
  };
  EXPECT_EQ(local(""),
            R"({"Items":[{"at":{"N":"1"},"id":{"S":"a"},"note":{"S":"n"},"tally":{"N":"5"}}],)"
            R"("Count":1,"ScannedCount":1})");
  EXPECT_EQ(local(", 'ProjectionExpression': 'more', 'ReturnConsumedCapacity': 'INDEXES'"),
            R"({"Items":[{"more":{"S":"m"}}],"Count":1,"ScannedCount":1,)"
            R"("ConsumedCapacity":{"TableName":"orders","CapacityUnits":2,)"
            R"("Table":{"CapacityUnits":1},"LocalSecondaryIndexes":)"
            R"({"local-tally":{"CapacityUnits":1}}}})");
  EXPECT_EQ(Answer("Scan", J("{'TableName': 'orders', 'IndexName': 'who-keys'}")),
            R"({"Items":[{"at":{"N":"1"},"id":{"S":"a"},"who":{"S":"ann"}}],)"
            R"("Count":1,"ScannedCount":1})");
}

TEST_F(IndexTest, WritesSayWhatTheyCost) {
  const std::string item = "{'id': {'S': 'a'}, 'at': {'N': '1'}" + Who("ann", 5) + "}";
  EXPECT_EQ(Answer("PutItem", J("{'TableName': 'orders', 'Item': " + item +
                                ", 'ReturnConsumedCapacity': 'INDEXES', "
                                "'ReturnItemCollectionMetrics': 'SIZE'}")),
            R"({"ConsumedCapacity":{"TableName":"orders","CapacityUnits":4,)"
            R"("Table":{"CapacityUnits":1},"LocalSecondaryIndexes":)"
            R"({"local-tally":{"CapacityUnits":1}},"GlobalSecondaryIndexes":)"
            R"({"by-who":{"CapacityUnits":1},"who-keys":{"CapacityUnits":1}}},)"
            R"("ItemCollectionMetrics":{"ItemCollectionKey":{"id":{"S":"a"}},)"
            R"("SizeEstimateRangeGB":[0,1]}})");
}

TEST_F(IndexTest, RefusesKeysOfAWrongType) {
  const std::string prefix = "ValidationException: 1 validation error detected: ";
  auto refuses = [&](const std::string& attribute, const std::string& message) {
    Refuses("PutItem",
            J("{'TableName': 'orders', 'Item': {'id': {'S': 'a'}, 'at': {'N': '1'}, " + attribute +
              "}}"),
            prefix + message);
  };
  refuses("'who': {'N': '1'}",
          "One or more parameter values were invalid: Type mismatch for Index Key who Expected: S "
          "Actual: N IndexName: by-who");
  refuses("'who': {'S': ''}",
          "One or more parameter values are not valid. A value specified for a secondary index key "
          "is not supported. The AttributeValue for a key attribute cannot contain an empty string "
          "value. IndexName: by-who, IndexKey: who");
}

TEST_F(IndexTest, IsAddedFilledAndDropped) {
  for (int i = 0; i < 600; ++i) {
    Put("n" + std::to_string(i), 1,
        ", 'city': {'S': '" + std::string(i % 2 ? "Bern" : "Rome") + "'}");
  }
  Put("odd", 1, ", 'city': {'N': '5'}");  // cannot be in the index
  const std::string add = J(R"({'TableName': 'orders',
      'AttributeDefinitions': [{'AttributeName': 'city', 'AttributeType': 'S'}],
      'GlobalSecondaryIndexUpdates': [{'Create': {'IndexName': 'by-city',
        'KeySchema': [{'AttributeName': 'city', 'KeyType': 'HASH'}],
        'Projection': {'ProjectionType': 'KEYS_ONLY'}}}]})");
  const json::Value added = world_.DynamoDb("UpdateTable", add);
  EXPECT_EQ(added.Find("TableDescription")->Find("TableStatus")->AsString(), "UPDATING");
  // The worker may be at it still: filling again waits for it.
  ASSERT_TRUE(world_.documents().FillIndexes(Account(), "orders").ok());
  EXPECT_EQ(Entries("by-city"), 600);
  const json::Value answer = world_.DynamoDb(
      "Query", J("{'TableName': 'orders', 'IndexName': 'by-city', 'Select': 'COUNT', "
                 "'KeyConditionExpression': 'city = :c', "
                 "'ExpressionAttributeValues': {':c': {'S': 'Bern'}}}"));
  EXPECT_EQ(answer.Find("Count")->AsInt(), 300);
  Refuses("UpdateTable", add,
          "ValidationException: Attempting to create an index which already exists");
  const std::string drop =
      J("{'TableName': 'orders', 'GlobalSecondaryIndexUpdates': [{'Delete': {'IndexName': "
        "'by-city'}}]}");
  Answer("UpdateTable", drop);
  EXPECT_EQ(Entries("by-city"), -1);
  Refuses("UpdateTable", drop, "ResourceNotFoundException: Requested resource not found");
  Refuses("Scan", J("{'TableName': 'orders', 'IndexName': 'by-city'}"),
          "ValidationException: The table does not have the specified index: by-city");
}

}  // namespace
}  // namespace securebase::aws::dynamodb

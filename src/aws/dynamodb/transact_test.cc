// What is promised: a transaction is done whole or not at all, says why of each action, and is done
// once for a token.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

class TransactTest : public DynamoDbTest {
 protected:
  static std::string Put(const std::string& pk, const std::string& rest = "") {
    return "{'Put': {'TableName': 'things', 'Item': {'pk': {'S': '" + pk + "'}, 'sk': {'N': '1'}}" +
           rest + "}}";
  }
  static std::string Add(const std::string& pk) {
    return "{'Update': {'TableName': 'things', 'Key': {'pk': {'S': '" + pk +
           "'}, 'sk': {'N': '1'}}, 'UpdateExpression': 'ADD n :one', "
           "'ExpressionAttributeValues': {':one': {'N': '1'}}}}";
  }
  static std::string Items(const std::string& actions, const std::string& rest = "") {
    return J("{'TransactItems': [" + actions + "]" + rest + "}");
  }
};

TEST_F(TransactTest, WritesWholeOrNotAtAll) {
  PutThing("b", 1, R"(, "n": {"N": "5"})");
  EXPECT_EQ(Answer("TransactWriteItems",
                   Items(Put("a") + ", " + Add("b"), ", 'ReturnConsumedCapacity': 'TOTAL'")),
            R"({"ConsumedCapacity":[{"TableName":"things","CapacityUnits":4}]})");
  const std::string check =
      "{'ConditionCheck': {'TableName': 'things', 'Key': {'pk': {'S': 'b'}, 'sk': {'N': '1'}}, "
      "'ConditionExpression': 'n = :n', 'ExpressionAttributeValues': {':n': {'N': '7'}}, "
      "'ReturnValuesOnConditionCheckFailure': 'ALL_OLD'}}";
  const auto response =
      world_.SendJson("DynamoDB_20120810.TransactWriteItems", Items(Put("c") + ", " + check));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",)"
            R"("Message":"Transaction cancelled, please refer cancellation reasons for specific )"
            R"(reasons [None, ConditionalCheckFailed]","CancellationReasons":[{"Code":"None"},)"
            R"({"Code":"ConditionalCheckFailed","Message":"The conditional request failed",)"
            R"("Item":{"n":{"N":"6"},"pk":{"S":"b"},"sk":{"N":"1"}}}]})");
  EXPECT_EQ(Answer("GetItem", J("{'TableName': 'things', " + std::string(Key("c", 1)) + "}")),
            "{}");
}

TEST_F(TransactTest, SaysWhatIsWrongWithAnAction) {
  Refuses("TransactWriteItems", Items(Put("a") + ", " + Put("a")),
          "ValidationException: Transaction request cannot include multiple operations on one "
          "item");
  Refuses("TransactWriteItems", Items("{}"),
          "ValidationException: Invalid Request: TransactWriteRequest should contain Delete or Put "
          "or Update request");
  Refuses("TransactWriteItems", Items(""),
          "ValidationException: 1 validation error detected: Value at 'transactItems' failed to "
          "satisfy constraint: Member must have length greater than or equal to 1");
  PutThing("s", 1, R"(, "n": {"S": "text"})");
  Refuses("TransactWriteItems", Items(Add("s") + ", " + Put("d")),
          "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons "
          "for specific reasons [ValidationError, None]");
  EXPECT_EQ(Answer("GetItem", J("{'TableName': 'things', " + std::string(Key("d", 1)) + "}")),
            "{}");
}

TEST_F(TransactTest, IsDoneOnceForAToken) {
  const std::string token = ", 'ClientRequestToken': 'token-1'";
  Answer("TransactWriteItems", Items(Add("a"), token));
  Answer("TransactWriteItems", Items(Add("a"), token));
  const std::string get =
      J("{'TableName': 'things', 'ProjectionExpression': 'n', ") + Key("a", 1) + "}";
  EXPECT_EQ(Answer("GetItem", get), R"({"Item":{"n":{"N":"1"}}})");
  const std::string error = world_.DynamoDbError("TransactWriteItems", Items(Add("b"), token));
  EXPECT_TRUE(error.starts_with("IdempotentParameterMismatchException: ")) << error;
  // For ten minutes.
  world_.clock().Advance(std::chrono::minutes(11));
  Answer("TransactWriteItems", Items(Add("a"), token));
  EXPECT_EQ(Answer("GetItem", get), R"({"Item":{"n":{"N":"2"}}})");
  EXPECT_EQ(Answer("ListTables", "{}").find("tokens"), std::string::npos);
}

TEST_F(TransactTest, ReadsTogether) {
  PutThing("a", 1, R"(, "n": {"N": "5"})");
  auto get = [](const std::string& pk, const std::string& rest) {
    return "{'Get': {'TableName': 'things', 'Key': {'pk': {'S': '" + pk + "'}, 'sk': {'N': '1'}}" +
           rest + "}}";
  };
  EXPECT_EQ(Answer("TransactGetItems",
                   Items(get("a", ", 'ProjectionExpression': 'n'") + ", " + get("nope", ""),
                         ", 'ReturnConsumedCapacity': 'TOTAL'")),
            R"({"Responses":[{"Item":{"n":{"N":"5"}}},{}],)"
            R"("ConsumedCapacity":[{"TableName":"things","CapacityUnits":4}]})");
}

}  // namespace
}  // namespace securebase::aws::dynamodb

// What is promised: the parameters from before expressions mean what they meant, and do not mix
// with expressions.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

class LegacyTest : public DynamoDbTest {
 protected:
  LegacyTest() {
    for (int i = 1; i <= 4; ++i) {
      PutThing("a", i,
               R"(, "n": {"N": ")" + std::to_string(i * 10) + "\"}" +
                   (i % 2 == 0 ? R"(, "tag": {"SS": ["x", "y"]})" : ""));
    }
  }
  std::int64_t Count(const std::string& operation, const std::string& rest) {
    return world_.DynamoDb(operation, J("{'TableName': 'things', " + rest + "}"))
        .Find("Count")
        ->AsInt();
  }
};

TEST_F(LegacyTest, KeyConditionsAndFilters) {
  const std::string pk = "'pk': {'ComparisonOperator': 'EQ', 'AttributeValueList': [{'S': 'a'}]}";
  EXPECT_EQ(Count("Query", "'KeyConditions': {" + pk + "}"), 4);
  EXPECT_EQ(Count("Query", "'KeyConditions': {" + pk +
                               ", 'sk': {'ComparisonOperator': 'BETWEEN', 'AttributeValueList': "
                               "[{'N': '2'}, {'N': '3'}]}}"),
            2);
  EXPECT_EQ(Count("Query", "'KeyConditions': {" + pk +
                               "}, 'QueryFilter': {'n': {'ComparisonOperator': 'GT', "
                               "'AttributeValueList': [{'N': '10'}]}, 'tag': "
                               "{'ComparisonOperator': 'NOT_NULL'}}"),
            2);
  auto scan = [&](const std::string& filter) { return Count("Scan", "'ScanFilter': " + filter); };
  EXPECT_EQ(scan("{'tag': {'ComparisonOperator': 'CONTAINS', 'AttributeValueList': [{'S': 'x'}]}}"),
            2);
  EXPECT_EQ(scan("{'tag': {'ComparisonOperator': 'NULL'}}"), 2);
  EXPECT_EQ(scan("{'n': {'ComparisonOperator': 'IN', 'AttributeValueList': [{'N': '10'}, {'N': "
                 "'40'}]}}"),
            2);
  EXPECT_EQ(scan("{'n': {'ComparisonOperator': 'NE', 'AttributeValueList': [{'N': '10'}]}}"), 3);
  EXPECT_EQ(scan("{'n': {'ComparisonOperator': 'LE', 'AttributeValueList': [{'N': '10'}]}, 'tag': "
                 "{'ComparisonOperator': 'NOT_NULL'}}, 'ConditionalOperator': 'OR'"),
            3);
  EXPECT_EQ(Answer("Scan", J("{'TableName': 'things', 'AttributesToGet': ['n'], 'Limit': 1}")),
            R"({"Items":[{"n":{"N":"10"}}],"Count":1,"ScannedCount":1,)"
            R"("LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"N":"1"}}})");
}

TEST_F(LegacyTest, ExpectedAndAttributeUpdates) {
  const std::string key = J("{'TableName': 'things', ") + Key("a", 1) + ", ";
  EXPECT_EQ(Answer("UpdateItem", key + J("'AttributeUpdates': {'n': {'Action': 'ADD', 'Value': "
                                         "{'N': '1'}}, 's': {'Value': {'S': 'x'}}}, 'Expected': "
                                         "{'n': {'Value': {'N': '10'}}, 's': {'Exists': false}}, "
                                         "'ReturnValues': 'UPDATED_NEW'}")),
            R"({"Attributes":{"n":{"N":"11"},"s":{"S":"x"}}})");
  EXPECT_EQ(Answer("UpdateItem", key + J("'AttributeUpdates': {'s': {'Action': 'DELETE'}}, "
                                         "'ReturnValues': 'ALL_NEW'}")),
            R"({"Attributes":{"n":{"N":"11"},"pk":{"S":"a"},"sk":{"N":"1"}}})");
  Refuses("DeleteItem",
          key + J("'Expected': {'n': {'ComparisonOperator': 'LT', "
                  "'AttributeValueList': [{'N': '5'}]}}}"),
          "ConditionalCheckFailedException: The conditional request failed");
  Refuses("PutItem",
          J("{'TableName': 'things', 'Item': {'pk': {'S': 'a'}, 'sk': {'N': '1'}}, 'Expected': "
            "{'pk': {'Exists': false}}}"),
          "ConditionalCheckFailedException: The conditional request failed");
}

TEST_F(LegacyTest, RefusesWhatMakesNoSense) {
  const std::string prefix = "ValidationException: 1 validation error detected: ";
  Refuses(
      "Scan",
      J("{'TableName': 'things', 'FilterExpression': 'attribute_exists(n)', 'ScanFilter': {'n': "
        "{'ComparisonOperator': 'NULL'}}}"),
      "ValidationException: Can not use both expression and non-expression parameters in the "
      "same request: Non-expression parameters: {ScanFilter} Expression parameters: "
      "{FilterExpression}");
  Refuses("Scan", J("{'TableName': 'things', 'ScanFilter': {'n': {'ComparisonOperator': 'EQ'}}}"),
          "ValidationException: One or more parameter values were invalid: Invalid number of "
          "argument(s) for the EQ ComparisonOperator");
  Refuses(
      "Scan",
      J("{'TableName': 'things', 'ScanFilter': {'n': {'ComparisonOperator': 'LT', "
        "'AttributeValueList': [{'BOOL': true}]}}}"),
      "ValidationException: One or more parameter values were invalid: ComparisonOperator LT is "
      "not valid for BOOL AttributeValue type");
  Refuses("Query",
          J("{'TableName': 'things', 'KeyConditions': {'pk': {'ComparisonOperator': 'NE', "
            "'AttributeValueList': [{'S': 'a'}]}}}"),
          prefix + "Attempted conditional constraint is not an indexable operation");
  const std::string update = J("{'TableName': 'things', ") + Key("a", 1) + ", ";
  Refuses("UpdateItem", update + J("'AttributeUpdates': {'n': {'Action': 'PUT'}}}"),
          prefix +
              "One or more parameter values were invalid: Only DELETE action is allowed when no "
              "attribute value is specified");
  Refuses("UpdateItem",
          update + J("'AttributeUpdates': {'n': {'Action': 'ADD', 'Value': {'S': "
                     "'x'}}}}"),
          prefix +
              "One or more parameter values were invalid: ADD action is not supported for the "
              "type S");
  Refuses("UpdateItem", update + J("'AttributeUpdates': {'sk': {'Value': {'N': '2'}}}}"),
          prefix +
              "One or more parameter values were invalid: Cannot update attribute sk. This "
              "attribute is part of the key");
  Refuses("DeleteItem", update + J("'Expected': {'n': {'Exists': true}}}"),
          prefix +
              "One or more parameter values were invalid: Value must be provided when Exists "
              "is true for Attribute: n");
}

}  // namespace
}  // namespace securebase::aws::dynamodb

// What is promised: every row of the error table (spec: cloudwatch-api 8.3), with its exact type
// and text, through the wire. The rows are in the order of the table.
#include <gtest/gtest.h>

#include "aws/testing/dynamodb_fixture.h"

namespace securebase::aws::dynamodb {
namespace {

const std::string kPrefix = "ValidationException: 1 validation error detected: ";
const std::string kPlain = "ValidationException: ";

struct Case {
  const char* name;
  const char* operation;
  std::string body;  // with single quotes
  std::string error;
};

std::string Things(const std::string& rest) { return "{'TableName': 'things', " + rest + "}"; }
std::string Get(const std::string& rest) {
  return Things("'Key': {'pk': {'S': 'a'}, 'sk': {'N': '1'}}" + rest);
}
std::string Put(const std::string& more, const std::string& rest = "") {
  return Things("'Item': {'pk': {'S': 'a'}, 'sk': {'N': '1'}" + more + "}" + rest);
}
std::string Update(const std::string& expression, const std::string& values = "") {
  return Get(", 'UpdateExpression': '" + expression + "'" +
             (values.empty() ? "" : ", 'ExpressionAttributeValues': {" + values + "}"));
}
std::string Filter(const std::string& expression, const std::string& values = "") {
  return Things("'FilterExpression': '" + expression + "'" +
                (values.empty() ? "" : ", 'ExpressionAttributeValues': {" + values + "}"));
}
std::string Query(const std::string& key, const std::string& values, const std::string& rest = "") {
  return Things("'KeyConditionExpression': '" + key + "', 'ExpressionAttributeValues': {" + values +
                "}" + rest);
}

std::vector<Case> KeyCases() {
  return {
      {"table unknown", "GetItem", "{'TableName': 'nope', 'Key': {'a': {'S': 'b'}}}",
       "ResourceNotFoundException: Requested resource not found"},
      {"table unknown to DescribeTable", "DescribeTable", "{'TableName': 'nope'}",
       "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
      {"table unknown to DeleteTable", "DeleteTable", "{'TableName': 'nope'}",
       "ResourceNotFoundException: Requested resource not found: Table: nope not found"},
      {"key attributes wrong", "GetItem", Things("'Key': {'pk': {'S': 'a'}}"),
       kPlain + "The provided key element does not match the schema"},
      {"key type wrong", "PutItem", Things("'Item': {'pk': {'N': '1'}, 'sk': {'N': '1'}}"),
       kPrefix + "One or more parameter values were invalid: Type mismatch for key pk expected: S "
                 "actual: N"},
      {"item without key", "PutItem", Things("'Item': {'pk': {'S': 'a'}}"),
       kPrefix + "One or more parameter values were invalid: Missing the key sk in the item"},
      {"empty key string", "PutItem", Things("'Item': {'pk': {'S': ''}, 'sk': {'N': '1'}}"),
       kPrefix + "One or more parameter values are not valid. The AttributeValue for a key "
                 "attribute cannot contain an empty string value. Key: pk"},
      {"query without partition key", "Query", Query("sk = :s", "':s': {'N': '1'}"),
       kPrefix + "Query condition missed key schema element: pk"},
      {"filter on key", "Query",
       Query("pk = :p", "':p': {'S': 'a'}, ':s': {'N': '1'}", ", 'FilterExpression': 'sk > :s'"),
       kPrefix + "Filter Expression can only contain non-primary key attributes: Primary key "
                 "attribute: sk"},
      {"bad start key", "Scan", Things("'ExclusiveStartKey': {'pk': {'S': 'a'}}"),
       kPlain + "The provided starting key is invalid"},
      {"key in update", "UpdateItem", Update("SET sk = :v", "':v': {'N': '2'}"),
       kPrefix + "One or more parameter values were invalid: Cannot update attribute sk. This "
                 "attribute is part of the key"},
  };
}

std::vector<Case> ExpressionCases() {
  return {
      {"syntax", "Scan", Filter("a x b"),
       kPlain + "Invalid FilterExpression: Syntax error; token: \"x\", near: \"a x b\""},
      {"syntax of a key condition", "Query", Query("pk x :p", "':p': {'S': 'a'}"),
       kPrefix + "Invalid KeyConditionExpression: Syntax error; token: \"x\", near: \"pk x :p\""},
      {"syntax of a projection", "Scan", Things("'ProjectionExpression': 'a,,b'"),
       kPlain + "Invalid ProjectionExpression: Syntax error; token: \",\", near: \",,b\""},
      {"syntax of an update", "UpdateItem", Update("SAT a = :v", "':v': {'S': 'x'}"),
       kPrefix + "Invalid UpdateExpression: Syntax error; token: \"SAT\", near: \"SAT a\""},
      {"syntax of a condition", "PutItem", Put("", ", 'ConditionExpression': 'a ='"),
       kPrefix + "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \"=\""},
      {"reserved", "Scan", Filter("status = :x", "':x': {'S': 'a'}"),
       kPlain + "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: "
                "status"},
      {"alias undefined", "Scan", Filter("#x = :x", "':x': {'S': 'a'}"),
       kPlain + "Invalid FilterExpression: An expression attribute name used in the document path "
                "is not defined; attribute name: #x"},
      {"value undefined", "Scan", Filter("a = :x"),
       kPlain + "Invalid FilterExpression: An expression attribute value used in expression is not "
                "defined; attribute value: :x"},
      {"value unused", "Scan", Filter("a = :y", "':x': {'S': 'a'}, ':y': {'S': 'a'}"),
       kPlain + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"},
      {"name unused", "GetItem",
       Get(", 'ProjectionExpression': 'a', 'ExpressionAttributeNames': {'#x': 'b'}"),
       kPlain + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"},
      {"values without expression", "Scan",
       Things("'ExpressionAttributeValues': {':x': {'S': 'a'}}"),
       kPlain + "ExpressionAttributeValues can only be specified when using expressions: "
                "FilterExpression is null"},
      {"names without expression", "Scan", Things("'ExpressionAttributeNames': {'#x': 'a'}"),
       kPlain + "ExpressionAttributeNames can only be specified when using expressions"},
      {"values empty", "Scan",
       Things("'FilterExpression': 'attribute_exists(a)', 'ExpressionAttributeValues': {}"),
       kPlain + "ExpressionAttributeValues must not be empty"},
      {"bad alias", "GetItem",
       Get(", 'ProjectionExpression': 'a', 'ExpressionAttributeNames': {'x': 'b'}"),
       kPlain + "ExpressionAttributeNames contains invalid key: Syntax error; key: \"x\""},
      {"overlap", "UpdateItem", Update("SET a = :v, a.b = :v", "':v': {'S': 'x'}"),
       kPrefix +
           "Invalid UpdateExpression: Two document paths overlap with each other; must remove "
           "or rewrite one of these paths; path one: [a], path two: [a, b]"},
      {"clause twice", "UpdateItem", Update("SET a = :v SET b = :v", "':v': {'S': 'x'}"),
       kPrefix + "Invalid UpdateExpression: The \"SET\" section can only be used once in an update "
                 "expression;"},
      {"operand type", "UpdateItem", Update("SET a = a + :v", "':v': {'S': 'x'}"),
       kPrefix + "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                 "operator or function: +, operand type: S"},
      {"operand type at run time", "UpdateItem",
       Update("SET words = words + :v", "':v': {'N': '1'}"),
       kPrefix + "An operand in the update expression has an incorrect data type"},
      {"path missing", "UpdateItem", Update("SET a = nope"),
       kPrefix + "The provided expression refers to an attribute that does not exist in the item"},
      {"path invalid", "UpdateItem", Update("SET nope.b = :v", "':v': {'S': 'x'}"),
       kPrefix + "The document path provided in the update expression is invalid for update"},
      {"condition false", "PutItem", Put("", ", 'ConditionExpression': 'attribute_exists(nope)'"),
       "ConditionalCheckFailedException: The conditional request failed"},
      {"doubled brackets", "PutItem",
       Put("", ", 'ConditionExpression': '((attribute_exists(pk)))'"),
       kPrefix + "Invalid ConditionExpression: The expression has redundant parentheses;"},
      {"doubled brackets of a filter", "Scan", Filter("((a = :x))", "':x': {'S': 'a'}"),
       kPlain + "Invalid FilterExpression: The expression has redundant parentheses;"},
      {"expression empty", "UpdateItem", Update(""),
       kPrefix + "Invalid UpdateExpression: The expression can not be empty;"},
  };
}

std::vector<Case> RequestCases() {
  std::string keys;
  for (int i = 0; i <= 100; ++i) {
    keys +=
        (i == 0 ? "" : ", ") + ("{'pk': {'S': 'k" + std::to_string(i) + "'}, 'sk': {'N': '1'}}");
  }
  const std::string half = keys.substr(0, keys.find(", {'pk': {'S': 'k60'"));
  return {
      {"Limit 0", "Scan", Things("'Limit': 0"),
       kPrefix +
           "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater "
           "than or equal to 1"},
      {"Select COUNT", "Scan", Things("'Select': 'COUNT', 'ProjectionExpression': 'a'"),
       kPlain + "Cannot specify the ProjectionExpression when choosing to get only the Count"},
      {"Select ALL_ATTRIBUTES", "Scan",
       Things("'Select': 'ALL_ATTRIBUTES', 'ProjectionExpression': 'a'"),
       kPlain + "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"},
      {"Select SPECIFIC_ATTRIBUTES", "Scan", Things("'Select': 'SPECIFIC_ATTRIBUTES'"),
       kPlain + "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                "SPECIFIC_ATTRIBUTES"},
      {"Select ALL_PROJECTED_ATTRIBUTES", "Scan", Things("'Select': 'ALL_PROJECTED_ATTRIBUTES'"),
       kPlain + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"},
      {"Select bad", "Scan", Things("'Select': 'count'"),
       kPrefix +
           "Value 'count' at 'select' failed to satisfy constraint: Member must satisfy enum "
           "value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
      {"Segment alone", "Scan", Things("'Segment': 1"),
       kPlain + "The TotalSegments parameter is required but was not present in the request when "
                "Segment parameter is present"},
      {"TotalSegments alone", "Scan", Things("'TotalSegments': 3"),
       kPlain + "The Segment parameter is required but was not present in the request when "
                "parameter TotalSegments is present"},
      {"Segment too large", "Scan", Things("'Segment': 3, 'TotalSegments': 3"),
       kPlain +
           "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
           "Segment: 3 is not less than TotalSegments: 3"},
      {"BatchGetItem size", "BatchGetItem",
       "{'RequestItems': {'things': {'Keys': [" + keys + "]}}}",
       kPrefix + "Value at 'requestItems.things.member.keys' failed to satisfy constraint: Member "
                 "must have length less than or equal to 100"},
      {"BatchGetItem size over tables", "BatchGetItem",
       "{'RequestItems': {'things': {'Keys': [" + half + "]}, 'other': {'Keys': [" + half + "]}}}",
       kPlain + "Too many items requested for the BatchGetItem call"},
      {"duplicate keys", "BatchGetItem",
       "{'RequestItems': {'things': {'Keys': [{'pk': {'S': 'a'}, 'sk': {'N': '1'}}, {'pk': {'S': "
       "'a'}, 'sk': {'N': '1.0'}}]}}}",
       kPlain + "Provided list of item keys contains duplicates"},
  };
}

std::vector<Case> ValueCases() {
  return {
      {"empty set", "PutItem", Put(", 'v': {'SS': []}"),
       kPrefix + "One or more parameter values were invalid: An string set  may not be empty"},
      {"number text", "PutItem", Put(", 'v': {'N': 'abc'}"),
       kPrefix + "The parameter cannot be converted to a numeric value: abc"},
      {"39 digits", "PutItem", Put(", 'v': {'N': '123456789012345678901234567890123456789'}"),
       kPrefix + "Attempting to store more than 38 significant digits in a Number"},
      {"overflow", "PutItem", Put(", 'v': {'N': '1e126'}"),
       kPrefix +
           "Number overflow. Attempting to store a number with magnitude larger than supported "
           "range"},
      {"underflow", "PutItem", Put(", 'v': {'N': '1e-131'}"),
       kPrefix + "Number underflow. Attempting to store a number with magnitude smaller than "
                 "supported range"},
      {"item too large", "PutItem", Put(", 'v': {'S': '" + std::string(400 << 10, 'x') + "'}"),
       kPrefix + "Item size has exceeded the maximum allowed size"},
      {"wrong JSON type", "PutItem", Put(", 'v': {'S': 5}"),
       "SerializationException: NUMBER_VALUE cannot be converted to String"},
      {"no value", "PutItem", Put(", 'v': {}"),
       kPrefix + "Supplied AttributeValue is empty, must contain exactly one of the supported "
                 "datatypes"},
      {"two values", "PutItem", Put(", 'v': {'S': 'a', 'N': '1'}"),
       kPrefix +
           "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
           "of the supported datatypes"},
      {"read-only table", "PutItem",
       "{'TableName': 'securebase-dev-reports', 'Item': {'customer_id': {'S': 'a'}}}",
       "AccessDeniedException: Table securebase-dev-reports is read-only through this API"},
      {"table exists", "CreateTable",
       "{'TableName': 'securebase-dev-reports', 'AttributeDefinitions': [{'AttributeName': 'a', "
       "'AttributeType': 'S'}], 'KeySchema': [{'AttributeName': 'a', 'KeyType': 'HASH'}]}",
       "ResourceInUseException: Table already exists: securebase-dev-reports"},
      {"product's table", "DeleteTable", "{'TableName': 'securebase-dev-reports'}",
       "AccessDeniedException: Table securebase-dev-reports belongs to the product and cannot be "
       "deleted"},
  };
}

class ErrorTableTest : public DynamoDbTest {
 protected:
  void Check(const std::vector<Case>& cases) {
    Answer("PutItem", J(Put(", 'words': {'S': 't'}")));
    for (const Case& one : cases) {
      EXPECT_EQ(world_.DynamoDbError(one.operation, J(one.body)), one.error) << one.name;
    }
    // Nothing of it was written.
    EXPECT_EQ(Answer("Scan", J(Things("'Select': 'COUNT'"))), R"({"Count":1,"ScannedCount":1})");
  }
};

TEST_F(ErrorTableTest, Keys) { Check(KeyCases()); }
TEST_F(ErrorTableTest, Expressions) { Check(ExpressionCases()); }
TEST_F(ErrorTableTest, Requests) { Check(RequestCases()); }
TEST_F(ErrorTableTest, Values) { Check(ValueCases()); }

TEST_F(ErrorTableTest, WhatIsNoJsonIsASerializationException) {
  const std::string error = world_.DynamoDbError("PutItem", "{\"TableName\":");
  EXPECT_TRUE(error.starts_with("SerializationException: ")) << error;
}

TEST_F(ErrorTableTest, HostileNestingIsRefused) {
  auto nested = [](int levels) {
    std::string value = "{'S': 'x'}";
    for (int i = 0; i < levels; ++i) value = "{'L': [" + value + "]}";
    return value;
  };
  Answer("PutItem", J(Put(", 'v': " + nested(31))));
  for (int levels : {33, 200, 20'000}) {
    const std::string error = world_.DynamoDbError("PutItem", J(Put(", 'v': " + nested(levels))));
    EXPECT_TRUE(error.starts_with("ValidationException: ") ||
                error.starts_with("SerializationException: "))
        << levels << ": " << error.substr(0, 200);
  }
}

}  // namespace
}  // namespace securebase::aws::dynamodb

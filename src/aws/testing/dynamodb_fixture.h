#pragma once

// What the tests of the DynamoDB operations share.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "aws/testing/aws_world.h"

namespace securebase::aws::dynamodb {

inline constexpr const char* kSchedules = "\"TableName\": \"securebase-dev-report-schedules\"";
inline constexpr const char* kCustomers = "\"TableName\": \"securebase-dev-customers\"";
inline constexpr const char* kThings = "\"TableName\": \"things\"";

/// Answers and refusals of the DynamoDB API, with a table `things` (pk S, sk N).
class DynamoDbTest : public ::testing::Test {
 protected:
  DynamoDbTest() {
    Answer("CreateTable", R"({"TableName": "things",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                 {"AttributeName": "sk", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                      {"AttributeName": "sk", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST"})");
  }

  /// JSON with single quotes, which C++ does not escape.
  static std::string J(std::string text) {
    for (char& c : text) c = c == '\'' ? '"' : c;
    return text;
  }
  std::string Answer(std::string_view operation, std::string body) {
    return json::Write(world_.DynamoDb(operation, std::move(body)));
  }
  static std::string Call(std::string_view table, std::string_view rest) {
    return "{" + std::string(table) + ", " + std::string(rest) + "}";
  }
  void Refuses(std::string_view operation, std::string body, const std::string& error) {
    EXPECT_EQ(world_.DynamoDbError(operation, body), error) << body;
  }
  void PutThing(std::string_view pk, int sk, std::string_view more = "") {
    Answer("PutItem",
           Call(kThings, R"("Item": {"pk": {"S": ")" + std::string(pk) + R"("}, "sk": {"N": ")" +
                             std::to_string(sk) + "\"}" + std::string(more) + "}"));
  }
  static std::string Key(std::string_view pk, int sk) {
    return R"("Key": {"pk": {"S": ")" + std::string(pk) + R"("}, "sk": {"N": ")" +
           std::to_string(sk) + "\"}}";
  }

  AwsWorld world_;
};

}  // namespace securebase::aws::dynamodb

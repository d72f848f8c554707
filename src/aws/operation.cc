#include "aws/operation.h"

#include "aws/cloudwatch/operations.h"
#include "aws/codec/cbor.h"
#include "aws/codec/json.h"
#include "aws/dynamodb/operations.h"
#include "aws/logs/operations.h"
#include "aws/sns/operations.h"

namespace securebase::aws {
namespace {

const std::vector<Operation>& OperationsOf(Service service) {
  static const std::vector<Operation> kCloudWatch = cloudwatch::Operations();
  static const std::vector<Operation> kDynamoDb = dynamodb::Operations();
  static const std::vector<Operation> kLogs = logs::Operations();
  static const std::vector<Operation> kSns = sns::Operations();
  switch (service) {
    case Service::kCloudWatch:
      return kCloudWatch;
    case Service::kDynamoDb:
      return kDynamoDb;
    case Service::kLogs:
      return kLogs;
    case Service::kSns:
      break;
  }
  return kSns;
}

}  // namespace

const Operation* FindOperation(Service service, std::string_view name) {
  for (const Operation& operation : OperationsOf(service)) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

Result<Value> Decode(const Shape& shape, const WireInput& input) {
  Result<Value> value = [&] {
    switch (input.protocol) {
      case Protocol::kCbor:
        return codec::DecodeCbor(shape, input.body);
      case Protocol::kQuery:
        return codec::DecodeForm(shape, input.form);
      default:
        return codec::DecodeJson(shape, input.body);
    }
  }();
  if (!value.ok()) return value;
  SB_TRY_OK(CheckConstraints(shape, *value));
  return value;
}

}  // namespace securebase::aws

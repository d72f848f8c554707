#pragma once

// Tables as CreateTable and UpdateTable describe them, and as answers show them.

#include "aws/dynamodb/common.h"

namespace securebase::aws::dynamodb {

/// The table that a CreateTable asks for. Errors: all that DynamoDB's own checks refuse.
Result<documents::TableDescription> NewTable(const Value& request, const CallContext& context);

/// The index of an UpdateTable's Create.
Result<documents::SecondaryIndex> NewGlobalIndex(const documents::TableDescription& table,
                                                 const Value& definitions, const Value& request);

/// {ReadCapacityUnits, WriteCapacityUnits} of a request or of an update.
documents::Throughput ThroughputOf(const Value& request);
/// BillingMode and ProvisionedThroughput, which must fit each other; of the table and its indexes.
Result<> ApplyBilling(const Value& request, documents::TableDescription& table);

std::string TableArn(const CallContext& context, const std::string& name);
/// TableDescription of an answer.
Value DescriptionOf(const CallContext& context, const documents::TableDescription& table,
                    const documents::TableStatistics& statistics, std::string_view status);

// Shapes of CreateTable and UpdateTable.
ShapePtr AttributeDefinitionsShape();
ShapePtr ThroughputShape();
ShapePtr KeySchemaShape();
ShapePtr IndexShape(bool global);
ShapePtr TagsShape();

}  // namespace securebase::aws::dynamodb

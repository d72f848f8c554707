#pragma once

// What the DynamoDB operations share: tables as the caller sees them, keys and their aliases,
// expressions, capacity, the form of errors.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/operation.h"
#include "documents/expression.h"

namespace securebase::aws::dynamodb {

Error Validation(std::string message, std::string field = {});

/// A table of the caller's account, and how much of it he may see.
struct TableView {
  documents::TableDescription description;
  /// Set for a key that is limited to one customer: only items with this customer_id.
  std::optional<std::string> only_customer;
  /// The attribute `id` stands for customer_id (the customers table).
  bool id_is_alias = false;

  const std::string& name() const { return description.name; }
  bool Shows(const documents::Item& item) const;
  /// The item as expressions see it: with the alias, where the item itself has no such attribute.
  documents::Item ForExpressions(const documents::Item& item) const;
};

/// The name from a TableName that may be an ARN.
std::string TableNameOf(std::string_view text);

/// Errors: "Requested resource not found", for unknown and internal tables alike; a customer's key
/// on a table that is not divided by customers.
Result<TableView> OpenTable(const CallContext& context, std::string_view table_name);

/// The same by TableName, with the longer message of the operations on tables.
Result<TableView> OpenNamed(const CallContext& context, const Value& request);
/// AccessDeniedException for a product table, whose settings are the product's.
Result<> CheckSettable(const TableView& table);

/// AccessDeniedException for tables that the API may not put into or update.
enum class WriteKind { kPut, kUpdate, kDelete };
Result<> CheckWritable(const CallContext& context, const TableView& table, WriteKind kind);
/// A limited key writes its own customer's items alone.
Result<> CheckOwner(const TableView& table, const documents::Item& item);

/// The item in a member of the request; an empty one where it is absent.
Result<documents::Item> ItemOf(const Value& request, std::string_view member);
/// The Key of a request, with the aliases of report-schedules resolved: `scheduleId` means
/// schedule_id, and alone it suffices when it is unique.
Result<documents::Item> KeyOf(const CallContext& context, const TableView& table,
                              documents::Item key);

/// ExpressionAttributeNames and -Values of the request.
Result<documents::ExpressionContext> ExpressionsOf(const Value& request);
/// The parsed expression of a member, or none.
Result<std::optional<documents::Condition>> ConditionOf(const Value& request,
                                                        std::string_view member,
                                                        documents::ExpressionContext& expressions,
                                                        documents::ExpressionKind kind);
Result<std::optional<documents::Projection>> ProjectionOf(
    const Value& request, documents::ExpressionContext& expressions);

/// The item as an answer shows it.
json::Value Shown(const TableView& table, const documents::Item& item,
                  const std::optional<documents::Projection>& projection);

/// The same of a stored item, as text.
Result<Value> ShownEncoded(std::string_view encoded);

double ReadUnitsOf(const Value& request, std::uint64_t bytes);

/// Put before an operation's validation messages where the service does so (spec 8.3).
Error WithPrefix(const Error& error);
Result<Value> WithPrefix(Result<Value> result);

// Members of several operations.
Member TableNameMember();
Member NamesMember();
Member ValuesMember();
Member CapacityMember();
Member CollectionMetricsMember();
Member OnConditionFailureMember();

}  // namespace securebase::aws::dynamodb

#pragma once

// The product's own tables (spec: analytics-api, "Product tables"): their names, keys, shapes and
// who may write them through the DynamoDB API.

#include <string>
#include <string_view>

#include "documents/document_store.h"

namespace securebase::documents {

/// Names with the prefix `securebase-{env}-`.
struct ProductTables {
  explicit ProductTables(std::string_view environment = "dev");
  std::string reports;
  std::string report_schedules;
  std::string customers;
  std::string report_cache;
  std::string metrics;
};

/// Creates what is missing in an account: the five public product tables.
Result<> CreateProductTables(DocumentStore& store, const Account& account,
                             const ProductTables& tables, Instant now);

/// Whether the DynamoDB API may put (or update) items of a product table.
bool AllowsPublicPut(const ProductTables& tables, std::string_view table);
bool AllowsPublicUpdate(const ProductTables& tables, std::string_view table);

/// kInvalidArgument, naming the attribute, when an item does not fit its product table.
Result<> CheckShape(const ProductTables& tables, std::string_view table, const Item& item);

}  // namespace securebase::documents

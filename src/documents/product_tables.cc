#include "documents/product_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace securebase::documents {
namespace {

/// What an attribute of a product table may be; others of the item are free.
struct AttributeShape {
  std::string_view name;
  std::string_view types;  // separated by blanks
  bool required = false;
};

constexpr AttributeShape kReports[] = {
    {"name", "S", true},         {"description", "S NULL"}, {"config", "M"},
    {"created_at", "S N", true}, {"updated_at", "S N"},
};
constexpr AttributeShape kReportSchedules[] = {
    {"reportId", "S"},
    {"schedule", "S M"},
    {"recipients", "L SS"},
    {"enabled", "BOOL"},
    {"next_run", "S N NULL"},
    {"lastDeliveryStatus", "S NULL"},
    {"lastDeliveryTime", "S N NULL"},
    {"deliveryStatus", "S NULL"},
};
constexpr AttributeShape kCustomers[] = {
    {"name", "S"},
    {"status", "S"},
    {"created_at", "S N"},
};
constexpr AttributeShape kReportCache[] = {{"ttl", "N"}};
constexpr AttributeShape kMetrics[] = {
    {"service", "S NULL"}, {"region", "S NULL"}, {"account", "S NULL"},
    {"tag", "S M NULL"},   {"cost", "N"},        {"usage", "N"},
};

Error Misshapen(std::string_view table, std::string_view attribute, std::string_view what) {
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("One or more parameter values were invalid: Attribute {} of table {} {}",
                           attribute, table, what),
               std::string(attribute), "ValidationException");
}

bool Allows(std::string_view types, std::string_view type) {
  while (!types.empty()) {
    std::string_view one = types.substr(0, types.find(' '));
    if (one == type) return true;
    types.remove_prefix(std::min(types.size(), one.size() + 1));
  }
  return false;
}

template <std::size_t N>
Result<> CheckAttributes(const AttributeShape (&shapes)[N], std::string_view table,
                         const Item& item) {
  for (const AttributeShape& shape : shapes) {
    auto found = item.find(shape.name);
    if (found == item.end()) {
      if (shape.required) return Misshapen(table, shape.name, "is required");
      continue;
    }
    if (!Allows(shape.types, found->second.type())) {
      return Misshapen(table, shape.name,
                       fmt::format("must be of type {}, is {}", shape.types, found->second.type()));
    }
  }
  return {};
}

TableDescription Describe(const std::string& name, std::string partition, std::string sort,
                          Instant now) {
  TableDescription table;
  table.name = name;
  table.partition_key = {.name = std::move(partition)};
  if (!sort.empty()) table.sort_key = KeyAttribute{.name = std::move(sort)};
  table.created_at = now;
  table.product = true;
  return table;
}

}  // namespace

ProductTables::ProductTables(std::string_view environment) {
  std::string prefix = fmt::format("securebase-{}-", environment);
  reports = prefix + "reports";
  report_schedules = prefix + "report-schedules";
  customers = prefix + "customers";
  report_cache = prefix + "report-cache";
  metrics = prefix + "metrics";
}

Result<> CreateProductTables(DocumentStore& store, const Account& account,
                             const ProductTables& tables, Instant now) {
  const std::array<TableDescription, 5> descriptions = {
      Describe(tables.reports, "customer_id", "id", now),
      Describe(tables.report_schedules, "customer_id", "schedule_id", now),
      Describe(tables.customers, "customer_id", "", now),
      Describe(tables.report_cache, "cache_key", "", now),
      Describe(tables.metrics, "customer_id", "timestamp", now),
  };
  for (const TableDescription& table : descriptions) {
    SB_TRY_OK(store.CreateTable(account, table));
  }
  return {};
}

bool AllowsPublicPut(const ProductTables& tables, std::string_view table) {
  return table == tables.customers || table == tables.report_schedules ||
         table == tables.report_cache || table == tables.metrics;
}

bool AllowsPublicUpdate(const ProductTables& tables, std::string_view table) {
  return table == tables.report_schedules;
}

Result<> CheckShape(const ProductTables& tables, std::string_view table, const Item& item) {
  if (table == tables.reports) return CheckAttributes(kReports, table, item);
  if (table == tables.report_schedules) return CheckAttributes(kReportSchedules, table, item);
  if (table == tables.report_cache) return CheckAttributes(kReportCache, table, item);
  if (table == tables.metrics) return CheckAttributes(kMetrics, table, item);
  if (table != tables.customers) return {};
  SB_TRY_OK(CheckAttributes(kCustomers, table, item));
  if (!item.contains("status")) return {};
  std::string status = StringAttribute(item, "status");
  if (status == "active" || status == "suspended") return {};
  return Misshapen(table, "status", "must be active or suspended");
}

}  // namespace securebase::documents

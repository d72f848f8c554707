#pragma once

// The datasets of the analytics API: their fields, the names people use for them, and the
// compliance frameworks.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

inline constexpr std::string_view kCost = "cost";
inline constexpr std::string_view kUsage = "usage";
inline constexpr std::string_view kFindings = "findings";
inline constexpr std::string_view kControls = "controls";

/// Indexes into the schema's fields, in schema order. Written to segments by name, so that
/// reordering is harmless.
enum CostField : std::size_t {
  kCostTime,
  kCostService,
  kCostRegion,
  kCostAccount,     // who pays
  kCostSubAccount,  // who used
  kCostResourceType,
  kCostResourceId,
  kCostChargeCategory,  // Usage, Purchase, Tax, Credit, Adjustment
  kCostUnit,
  kCostBilled,
  kCostEffective,
  kCostUsage,
  kCostCurrency,
  kCostBillingPeriod,  // "2026-05"
  kCostProvider,
};

enum UsageField : std::size_t {
  kUsageTime,
  kUsageMetric,  // api_calls, compute_hours, storage_gb, data_transfer_gb
  kUsageService,
  kUsageRegion,
  kUsageAccount,
  kUsageValue,
  kUsageUnit,
};

enum FindingField : std::size_t {
  kFindingTime,  // last update
  kFindingId,
  kFindingTitle,
  kFindingSeverity,    // critical, high, medium, low, informational
  kFindingStatus,      // open, suppressed, resolved
  kFindingCompliance,  // passed, failed, warning, not_available; absent: no check
  kFindingControlId,
  kFindingRequirements,  // "|cis/5.2|pci-dss/1.2.1|": framework and control, between bars
  kFindingProduct,
  kFindingResourceType,
  kFindingResourceId,
  kFindingResources,  // all ids, a line each, where there are several
  kFindingRegion,
  kFindingAccount,
};

enum ControlField : std::size_t {
  kControlTime,
  kControlFramework,
  kControlControlId,
  kControlTitle,
  kControlStatus,     // passed, failed, not_applicable
  kControlResources,  // ids, a line each
  kControlSeverity,
  kControlRegion,
  kControlAccount,
};

/// The four schemas.
const std::vector<events::Schema>& Schemas();
/// Null for an unknown dataset.
const events::Schema* FindSchema(std::string_view dataset);

/// Registers the schemas; at start, before any import or query.
void DefineDatasets(events::DatasetStore& store);

/// The index of a field by its name or one of its other names ("cost" for billed_cost, "quantity"
/// for usage_quantity). Empty: no such field.
std::optional<std::size_t> FindField(const events::Schema& schema, std::string_view name);

/// Whether a name is that of an extra field: "tags." and a key of 1 to 128 bytes.
bool IsTagField(std::string_view name);

/// "a, b, c": the fields' names, for messages.
std::string FieldList(const events::Schema& schema);

/// hipaa, pci-dss, soc2, cis, nist-800-53, iso-27001.
std::span<const std::string_view> Frameworks();
/// The framework that a product's own text means ("CIS AWS Foundations Benchmark v1.4.0",
/// "PCI-3.2.1", "arn:..standards/nist-800-53/v/5.0.0"), or empty.
std::string_view FrameworkOf(std::string_view text);

/// "critical" to "informational" from any spelling; empty for anything else.
std::string_view SeverityOf(std::string_view text);

}  // namespace securebase::analytics

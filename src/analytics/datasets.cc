#include "analytics/datasets.h"

#include <array>

#include "base/text.h"

namespace securebase::analytics {
namespace {

using query::Type;

struct Alias {
  std::string_view dataset;
  std::string_view alias;
  std::string_view field;
};

constexpr auto kAliases = std::to_array<Alias>({
    {kCost, "date", "time"},
    {kCost, "charge_date", "time"},
    {kCost, "timestamp", "time"},
    {kCost, "cost", "billed_cost"},
    {kCost, "amount", "billed_cost"},
    {kCost, "effectiveCost", "effective_cost"},
    {kCost, "usage", "usage_quantity"},
    {kCost, "quantity", "usage_quantity"},
    {kCost, "billing_account", "account"},
    {kUsage, "date", "time"},
    {kUsage, "timestamp", "time"},
    {kUsage, "usage", "value"},
    {kFindings, "date", "time"},
    {kFindings, "timestamp", "time"},
    {kFindings, "compliance", "compliance_status"},
    {kControls, "date", "time"},
    {kControls, "timestamp", "time"},
    {kControls, "id", "control_id"},
});

constexpr auto kFrameworks = std::to_array<std::string_view>(
    {"hipaa", "pci-dss", "soc2", "cis", "nist-800-53", "iso-27001"});

std::vector<events::Schema> MakeSchemas() {
  auto text = [](std::string name) { return events::Field{std::move(name), Type::kString}; };
  auto number = [](std::string name) { return events::Field{std::move(name), Type::kDouble}; };
  const events::Field time{"time", Type::kTime};
  return {
      {std::string(kCost),
       {time, text("service"), text("region"), text("account"), text("sub_account"),
        text("resource_type"), text("resource_id"), text("charge_category"), text("unit"),
        number("billed_cost"), number("effective_cost"), number("usage_quantity"), text("currency"),
        text("billing_period"), text("provider")}},
      {std::string(kUsage),
       {time, text("metric"), text("service"), text("region"), text("account"), number("value"),
        text("unit")}},
      {std::string(kFindings),
       {time, text("id"), text("title"), text("severity"), text("status"),
        text("compliance_status"), text("control_id"), text("requirements"), text("product"),
        text("resource_type"), text("resource_id"), text("resources"), text("region"),
        text("account")}},
      {std::string(kControls),
       {time, text("framework"), text("control_id"), text("title"), text("status"),
        text("resources"), text("severity"), text("region"), text("account")}},
  };
}

}  // namespace

const std::vector<events::Schema>& Schemas() {
  static const std::vector<events::Schema> schemas = MakeSchemas();
  return schemas;
}

const events::Schema* FindSchema(std::string_view dataset) {
  for (const events::Schema& schema : Schemas()) {
    if (schema.dataset == dataset) return &schema;
  }
  return nullptr;
}

void DefineDatasets(events::DatasetStore& store) {
  for (const events::Schema& schema : Schemas()) store.Define(schema);
}

std::optional<std::size_t> FindField(const events::Schema& schema, std::string_view name) {
  for (const Alias& alias : kAliases) {
    if (alias.dataset == schema.dataset && alias.alias == name) name = alias.field;
  }
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == name) return i;
  }
  return std::nullopt;
}

bool IsTagField(std::string_view name) {
  return name.starts_with("tags.") && name.size() > 5 && name.size() <= 5 + 128 &&
         !ContainsControlCharacter(name);
}

std::string FieldList(const events::Schema& schema) {
  std::string list;
  for (const events::Field& field : schema.fields) {
    if (!list.empty()) list += ", ";
    list += field.name;
  }
  return list;
}

std::span<const std::string_view> Frameworks() { return kFrameworks; }

std::string_view FrameworkOf(std::string_view text) {
  const std::string lower = ToLower(text);
  auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  if (has("hipaa")) return "hipaa";
  if (has("pci")) return "pci-dss";
  if (has("soc2") || has("soc 2") || has("soc-2")) return "soc2";
  if (has("800-53")) return "nist-800-53";
  if (has("iso27001") || has("iso-27001") || has("iso/iec 27001") || has("iso 27001")) {
    return "iso-27001";
  }
  // Not CISA, whose name begins with the same letters.
  if (lower == "cis" || lower.starts_with("cis-") || lower.starts_with("cis ") || has("/cis-aws") ||
      has("cis aws")) {
    return "cis";
  }
  return {};
}

std::string_view SeverityOf(std::string_view text) {
  for (std::string_view severity : {"critical", "high", "medium", "low", "informational"}) {
    if (EqualsIgnoreCase(text, severity)) return severity;
  }
  if (EqualsIgnoreCase(text, "info")) return "informational";
  return {};
}

}  // namespace securebase::analytics

// The AWS Cost and Usage Report, legacy ("lineItem/UnblendedCost") and 2.0
// ("line_item_unblended_cost").

#include <utility>
#include <vector>

#include "analytics/importer/cost_row.h"
#include "analytics/importer/importers.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

/// "lineItem/UsageStartDate" and "line_item_usage_start_date" without what tells them apart.
std::string Squeezed(std::string_view name) {
  std::string squeezed;
  for (char c : name) {
    if (c != '/' && c != '_') squeezed.push_back(c);
  }
  return ToLower(squeezed);
}

struct CurColumns {
  explicit CurColumns(const CsvRows& rows) {
    std::vector<std::string> names;
    for (const std::string& name : rows.header()) names.push_back(Squeezed(name));
    auto find = [&](std::string_view name) -> Column {
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return i;
      }
      return std::nullopt;
    };
    time = find("lineitemusagestartdate");
    period = find("billbillingperiodstartdate");
    payer = find("billpayeraccountid");
    sub_account = find("lineitemusageaccountid");
    service = find("lineitemproductcode");
    region = find("productregioncode");
    old_region = find("productregion");
    zone = find("lineitemavailabilityzone");
    product = find("product");
    family = find("productproductfamily");
    resource_id = find("lineitemresourceid");
    type = find("lineitemlineitemtype");
    billed = find("lineitemunblendedcost");
    quantity = find("lineitemusageamount");
    unit = find("pricingunit");
    currency = find("lineitemcurrencycode");
    provider = find("billbillingentity");
    plan_effective = find("savingsplansavingsplaneffectivecost");
    plan_total = find("savingsplantotalcommitmenttodate");
    plan_used = find("savingsplanusedcommitment");
    reservation_effective = find("reservationeffectivecost");
    reservation_arn = find("reservationreservationarn");
    unused_upfront = find("reservationunusedamortizedupfrontfeeforbillingperiod");
    unused_recurring = find("reservationunusedrecurringfee");
    tags = find("resourcetags");
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string& name = rows.header()[i];
      if (name.starts_with("resourceTags/") || name.starts_with("resource_tags_")) {
        std::string field = TagField(name);
        if (!field.empty()) tag_columns.emplace_back(i, std::move(field));
      }
    }
  }

  Column time, period, payer, sub_account, service, region, old_region, zone, product, family,
      resource_id, type, billed, quantity, unit, currency, provider, plan_effective, plan_total,
      plan_used, reservation_effective, reservation_arn, unused_upfront, unused_recurring, tags;
  std::vector<std::pair<std::size_t, std::string>> tag_columns;
};

/// FOCUS's charge category of a line item type.
std::string_view CategoryOf(std::string_view type) {
  if (type.empty() || type == "Usage" || type == "DiscountedUsage" ||
      type == "SavingsPlanCoveredUsage") {
    return "Usage";
  }
  if (type == "Tax") return "Tax";
  if (type == "Fee" || type == "RIFee" || type == "SavingsPlanRecurringFee" ||
      type == "SavingsPlanUpfrontFee") {
    return "Purchase";
  }
  if (type == "Credit" || type == "Refund" || type.ends_with("Discount")) return "Credit";
  return "Adjustment";
}

/// The amortised cost, as AWS documents it for each line item type: commitments count where they
/// are used, and what was not used of them counts on its fee line.
double EffectiveCost(const CurColumns& columns, CostRow& row, double billed) {
  const std::string_view type = row.Cell(columns.type);
  auto amount = [&](Column column) { return row.Amount(column).value_or(0); };
  if (type == "SavingsPlanCoveredUsage") return amount(columns.plan_effective);
  if (type == "SavingsPlanRecurringFee") {
    return amount(columns.plan_total) - amount(columns.plan_used);
  }
  if (type == "SavingsPlanNegation" || type == "SavingsPlanUpfrontFee") return 0;
  if (type == "DiscountedUsage") return amount(columns.reservation_effective);
  if (type == "RIFee") return amount(columns.unused_upfront) + amount(columns.unused_recurring);
  if (type == "Fee" && !row.Cell(columns.reservation_arn).empty()) return 0;
  return billed;
}

/// The region code: of the product, else of the availability zone ("us-east-1a").
std::string_view RegionOf(const CurColumns& columns, const CostRow& row) {
  std::string_view region = row.FirstCell(columns.region, columns.old_region);
  if (!region.empty()) return region;
  region = row.Cell(columns.zone);
  if (region.size() > 2 && region.back() >= 'a' && region.back() <= 'z' &&
      region[region.size() - 2] >= '0' && region[region.size() - 2] <= '9') {
    region.remove_suffix(1);
  }
  return region;
}

void SetAmounts(const CurColumns& columns, CostRow& row, events::Import& import) {
  const auto billed = row.Amount(columns.billed);
  if (!billed) {
    row.Fail(columns.billed, "is missing");
    return;
  }
  import.Double(kCostBilled, *billed);
  import.Double(kCostEffective, EffectiveCost(columns, row, *billed));
  if (const auto quantity = row.Amount(columns.quantity)) import.Double(kCostUsage, *quantity);
}

void SetTexts(const CurColumns& columns, CostRow& row, TagParser& products,
              events::Import& import) {
  CostRow::Text(import, kCostSubAccount, row.Cell(columns.sub_account));
  CostRow::Text(import, kCostService, row.Cell(columns.service));
  CostRow::Text(import, kCostResourceType, row.Cell(columns.family));
  CostRow::Text(import, kCostResourceId, row.Cell(columns.resource_id));
  CostRow::Text(import, kCostChargeCategory, CategoryOf(row.Cell(columns.type)));
  CostRow::Text(import, kCostUnit, row.Cell(columns.unit));
  CostRow::Text(import, kCostCurrency, row.Cell(columns.currency));
  CostRow::Text(import, kCostProvider, row.Cell(columns.provider));
  const std::string_view region = RegionOf(columns, row);
  CostRow::Text(import, kCostRegion, region);
  if (!region.empty()) return;
  // CUR 2.0 keeps most product attributes in one map.
  const std::string_view product = row.Cell(columns.product);
  const TagParser::Tags* attributes = product.empty() ? nullptr : products.Parse(product);
  if (attributes == nullptr) return;
  for (const auto& [name, value] : *attributes) {
    if (name == "tags.region") CostRow::Text(import, kCostRegion, value);
  }
}

}  // namespace

Result<> ImportCur(const ImportInput& input, RowSink& sink) {
  SB_TRY(CsvRows rows, CsvRows::Open(input));
  const CurColumns columns(rows);
  if (!columns.time) {
    return InvalidArgument("line_item_usage_start_date",
                           "(or lineItem/UsageStartDate) is no column: not a CUR");
  }
  if (!columns.billed) {
    return InvalidArgument("line_item_unblended_cost",
                           "(or lineItem/UnblendedCost) is no column: not a CUR");
  }
  const Column customer = rows.Find(sink.options().customer_column);
  if (!sink.options().customer_column.empty() && !customer) {
    return InvalidArgument(sink.options().customer_column, "is no column of the file");
  }

  CostRow row(rows);
  TagParser products;
  while (rows.Next(sink)) {
    row.Begin();
    const Instant time = row.Time(columns.time);
    if (!row.problem().empty()) {
      sink.Reject(input, rows.line(), row.problem());
      continue;
    }
    const std::string_view payer = row.Cell(columns.payer);
    SB_TRY(events::Import * import, row.Open(sink, "cur", payer, columns.period, time));
    import->Time(kCostTime, time);
    CostRow::Text(*import, kCostAccount, payer);
    SetTexts(columns, row, products, *import);
    SetAmounts(columns, row, *import);
    row.Tags(*import, columns.tags);
    for (const auto& [column, field] : columns.tag_columns) {
      const std::string_view value = row.Cell(column);
      if (!value.empty()) import->Extra(field, value);
    }
    sink.SetPosition(rows.position());
    SB_TRY_OK(sink.End(*import, customer ? row.Cell(customer) : sink.options().customer, input,
                       rows.line(), row.problem()));
  }
  return {};
}

}  // namespace securebase::analytics

// FOCUS 1.x: the FinOps Open Cost and Usage Specification, as CSV.

#include "analytics/importer/cost_row.h"
#include "analytics/importer/importers.h"

namespace securebase::analytics {
namespace {

struct FocusColumns {
  explicit FocusColumns(const CsvRows& rows)
      : time(rows.Find("ChargePeriodStart")),
        period(rows.Find("BillingPeriodStart")),
        payer(rows.Find("BillingAccountId")),
        sub_account(rows.Find("SubAccountId")),
        service(rows.Find("ServiceName")),
        region(rows.Find("RegionId")),
        region_name(rows.Find("RegionName")),
        resource_type(rows.Find("ResourceType")),
        resource_id(rows.Find("ResourceId")),
        category(rows.Find("ChargeCategory")),
        billed(rows.Find("BilledCost")),
        effective(rows.Find("EffectiveCost")),
        quantity(rows.Find("ConsumedQuantity")),
        unit(rows.Find("ConsumedUnit")),
        pricing_quantity(rows.Find("PricingQuantity")),
        pricing_unit(rows.Find("PricingUnit")),
        currency(rows.Find("BillingCurrency")),
        provider(rows.Find("ProviderName")),
        service_provider(rows.Find("ServiceProviderName")),  // 1.3 renames it
        tags(rows.Find("Tags")) {}

  Column time, period, payer, sub_account, service, region, region_name, resource_type, resource_id,
      category, billed, effective, quantity, unit, pricing_quantity, pricing_unit, currency,
      provider, service_provider, tags;
};

void SetAmounts(const FocusColumns& columns, CostRow& row, events::Import& import) {
  const auto billed = row.Amount(columns.billed);
  if (!billed) {
    row.Fail(columns.billed, "is missing");
    return;
  }
  import.Double(kCostBilled, *billed);
  import.Double(kCostEffective, row.Amount(columns.effective).value_or(*billed));
  // What was consumed; where that is not told (purchases), what was priced.
  const bool consumed = !row.Cell(columns.quantity).empty();
  const auto quantity = row.Amount(consumed ? columns.quantity : columns.pricing_quantity);
  if (quantity) {
    import.Double(kCostUsage, *quantity);
    CostRow::Text(import, kCostUnit, row.Cell(consumed ? columns.unit : columns.pricing_unit));
  }
}

}  // namespace

Result<> ImportFocus(const ImportInput& input, RowSink& sink) {
  SB_TRY(CsvRows rows, CsvRows::Open(input));
  const FocusColumns columns(rows);
  if (!columns.time) return InvalidArgument("ChargePeriodStart", "is no column: not FOCUS");
  if (!columns.billed) return InvalidArgument("BilledCost", "is no column: not FOCUS");
  const Column customer = rows.Find(sink.options().customer_column);
  if (!sink.options().customer_column.empty() && !customer) {
    return InvalidArgument(sink.options().customer_column, "is no column of the file");
  }

  CostRow row(rows);
  while (rows.Next(sink)) {
    row.Begin();
    const Instant time = row.Time(columns.time);
    const std::string_view payer = row.Cell(columns.payer);
    if (!row.problem().empty()) {
      sink.Reject(input, rows.line(), row.problem());
      continue;
    }
    SB_TRY(events::Import * import, row.Open(sink, "focus", payer, columns.period, time));
    import->Time(kCostTime, time);
    CostRow::Text(*import, kCostAccount, payer);
    CostRow::Text(*import, kCostSubAccount, row.Cell(columns.sub_account));
    CostRow::Text(*import, kCostService, row.Cell(columns.service));
    CostRow::Text(*import, kCostRegion, row.FirstCell(columns.region, columns.region_name));
    CostRow::Text(*import, kCostResourceType, row.Cell(columns.resource_type));
    CostRow::Text(*import, kCostResourceId, row.Cell(columns.resource_id));
    CostRow::Text(*import, kCostChargeCategory, row.Cell(columns.category));
    CostRow::Text(*import, kCostCurrency, row.Cell(columns.currency));
    CostRow::Text(*import, kCostProvider,
                  row.FirstCell(columns.provider, columns.service_provider));
    SetAmounts(columns, row, *import);
    row.Tags(*import, columns.tags);
    sink.SetPosition(rows.position());
    SB_TRY_OK(sink.End(*import, customer ? row.Cell(customer) : sink.options().customer, input,
                       rows.line(), row.problem()));
  }
  return {};
}

}  // namespace securebase::analytics

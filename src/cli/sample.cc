#include "cli/sample.h"

#include "analytics/datasets.h"
#include "analytics/sample_data.h"

namespace securebase::cli {
namespace {

using std::chrono::days;

Result<> WriteCustomer(server::Stores& stores, const Account& account,
                       const analytics::SampleCustomer& customer, Instant today) {
  documents::Item item;
  item["customer_id"] = customer.id;
  item["name"] = customer.name;
  item["status"] = "active";
  item["created_at"] = FormatIso(today - days(120));
  return stores.documents().Put(account, stores.tables().customers, std::move(item));
}

Result<> WriteSchedule(server::Stores& stores, const Account& account,
                       const analytics::SampleCustomer& customer, Instant today) {
  documents::Item item;
  item["customer_id"] = customer.id;
  item["schedule_id"] = "sch-" + customer.id;
  item["schedule"] = "weekly";
  item["recipients"] = documents::List{documents::Value("reports@" + customer.id + ".example")};
  item["enabled"] = true;
  item["lastDeliveryStatus"] = "success";
  item["lastDeliveryTime"] = FormatIso(today);
  return stores.documents().Put(account, stores.tables().report_schedules, std::move(item));
}

}  // namespace

Result<> WriteDemoData(server::Stores& stores, const Account& account, const Clock& clock) {
  const Instant today = std::chrono::floor<days>(clock.Now());
  const auto& customers = analytics::SampleCustomers();
  const events::DatasetStatistics present =
      stores.datasets().Statistics({account, customers.front().id}, analytics::kCost);
  if (present.rows > 0 && present.last >= today) return {};
  for (const analytics::SampleCustomer& customer : customers) {
    SB_TRY_OK(WriteCustomer(stores, account, customer, today));
    SB_TRY_OK(WriteSchedule(stores, account, customer, today));
  }
  return analytics::WriteSampleData(stores.datasets(), {.account = account, .now = clock.Now()});
}

}  // namespace securebase::cli

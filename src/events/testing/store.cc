#include "events/testing/store.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>

#include "base/check.h"

namespace securebase::events::testing {

using query::Type;

Schema CostSchema() {
  return {.dataset = "cost",
          .fields = {{"day", Type::kTime},
                     {"service", Type::kString},
                     {"cost", Type::kDouble},
                     {"hours", Type::kInt64},
                     {"reserved", Type::kBool}}};
}

Store::Store(const std::string& folder, const EmbeddedEventsOptions& options, FileSystem& files) {
  auto engine = storage::Engine::Open({.folder = folder, .journal_file_bytes = 1 << 20}, files);
  SB_CHECK(engine.ok(), engine.error().message());
  engine_ = *std::move(engine);
  auto events = EmbeddedEvents::Open(*engine_, clock_, options);
  SB_CHECK(events.ok(), events.error().message());
  events_ = *std::move(events);
  datasets().Define(CostSchema());
  const Result<> recovered = engine_->Recover();
  SB_CHECK(recovered.ok(), recovered.error().message());
}

Result<> ImportRows(Store& store, std::string_view key, std::string_view customer,
                    const std::vector<CostRow>& rows) {
  SB_TRY(auto import, store.datasets().BeginImport(kAccount, "cost", key));
  for (const CostRow& row : rows) {
    import->Time(0, Day(row.day));
    import->String(1, row.service);
    import->Double(2, row.cost);
    SB_TRY_OK(import->EndRow(customer));
  }
  return import->Commit();
}

Result<std::vector<std::string>> Rows(Store& store, const std::string& customer, Instant start,
                                      Instant end) {
  SB_TRY(
      auto source,
      store.datasets().Scan(
          CustomerNamed(customer),
          {.dataset = "cost", .start = start, .end = end, .columns = {"day", "service", "cost"}}));
  std::vector<std::string> rows;
  query::Batch batch;
  while (true) {
    SB_TRY(const bool more, source->Next(batch));
    if (!more) return rows;
    for (std::size_t i = 0; i < batch.rows; ++i) {
      rows.push_back(fmt::format("{} {} {}", batch.columns[0].ints[i] / kDayMs,
                                 batch.columns[1].StringAt(i), batch.columns[2].doubles[i]));
    }
  }
}

std::size_t SegmentFiles(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder + "/segments");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace securebase::events::testing

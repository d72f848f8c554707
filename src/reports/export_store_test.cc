#include "reports/export_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "base/testing/fault_file_system.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"

namespace securebase::reports {
namespace {

using ::testing::HasSubstr;

class SumTelemetry final : public Telemetry {
 public:
  void Publish(const Measurement& m) override { PublishTwice(m); }
  void PublishTwice(const Measurement& m) override {
    std::string key = std::string(m.name) + " " + std::string(m.unit);
    for (const auto& [name, value] : m.dimensions) {
      key += " " + std::string(name) + "=" + std::string(value);
    }
    sums[key] += m.value;
    ++counts[key];
  }
  void LogEvents(std::string_view, std::span<const std::string>) override {}

  std::map<std::string, double> sums;
  std::map<std::string, int> counts;
};

class ExportStoreTest : public ::testing::Test {
 protected:
  ExportStoreTest() : clock_(FromUnixSeconds(1'767'225'600)), random_(1) {
    auto engine = storage::Engine::Open({.folder = folder_.path(), .journal_file_bytes = 1 << 20},
                                        PosixFileSystem());
    EXPECT_TRUE(engine.ok());
    engine_ = *std::move(engine);
    auto documents =
        documents::EmbeddedDocumentStore::Open(*engine_, documents::ProductTables("dev"), random_);
    EXPECT_TRUE(documents.ok());
    documents_ = *std::move(documents);
    EXPECT_TRUE(engine_->Recover().ok());
    Open();
  }
  ~ExportStoreTest() override { engine_.reset(); }  // first: its threads use the store

  void Open() {
    auto store = ExportStore::Open({.folder = "/data", .in_flight_max = 2},
                                   {files_, *documents_, clock_, random_, telemetry_});
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = *std::move(store);
  }

  static ExportTable Table() {
    return {.title = "Costs",
            .columns = {{.name = "service"}, {.name = "cost", .type = ColumnType::kInteger}},
            .rows = {{"EC2", 5}, {"S3", 7}}};
  }
  static Customer CustomerOf(std::string id) { return {.account = {}, .id = std::move(id)}; }

  ExportStore::Finished RunNow(const Customer& customer) {
    auto finished = store_->RunNow(customer, Table(), ExportFormat::kCsv, {});
    EXPECT_TRUE(finished.ok()) << (finished.ok() ? "" : finished.error().message());
    return finished.ok() ? *std::move(finished) : ExportStore::Finished{};
  }

  TempFolder folder_;
  ManualClock clock_;
  SeededRandom random_;
  FaultFileSystem files_;
  SumTelemetry telemetry_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<ExportStore> store_;
};

TEST_F(ExportStoreTest, KeepsTheFileWithItsRecord) {
  const Customer customer = CustomerOf("acme");
  const auto finished = RunNow(customer);
  EXPECT_EQ(finished.record.status, ExportStatus::kDone);
  const auto found = store_->Find(customer, finished.record.id);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->rows, 2u);
  EXPECT_EQ(found->progress_percent, 100);
  EXPECT_EQ(found->bytes, finished.file.bytes.size());
  EXPECT_EQ(found->file_name, "costs-20260101T000000Z.csv");
  EXPECT_EQ(*store_->ReadFile(*found), "service,cost\r\nEC2,5\r\nS3,7\r\n");
  EXPECT_TRUE(files_.Exists("/data/exports/123456789012/acme/" + found->id +
                            "/costs-20260101T000000Z.csv"));
}

TEST_F(ExportStoreTest, PublishesWhatItDoes) {
  const auto finished = RunNow(CustomerOf("acme"));
  const std::string bucket = " BucketName=securebase-dev-exports";
  EXPECT_EQ(telemetry_.sums["PutRequests Count" + bucket], 1);
  EXPECT_EQ(telemetry_.sums["BytesUploaded Bytes" + bucket],
            static_cast<double>(finished.file.bytes.size()));
  EXPECT_EQ(telemetry_.counts["TotalRequestLatency Milliseconds" + bucket], 1);
  EXPECT_EQ(telemetry_.counts["CSVExportDuration Seconds ReportType=Costs"], 1);
  for (const auto format : {ExportFormat::kJson, ExportFormat::kXlsx, ExportFormat::kPdf}) {
    ASSERT_TRUE(store_->RunNow(CustomerOf("acme"), Table(), format, {}).ok());
  }
  EXPECT_EQ(telemetry_.counts["JSONExportDuration Seconds ReportType=Costs"], 1);
  EXPECT_EQ(telemetry_.counts["ExcelExportDuration Seconds ReportType=Costs"], 1);
  EXPECT_EQ(telemetry_.counts["PDFExportDuration Seconds ReportType=Costs"], 1);
}

TEST_F(ExportStoreTest, TrustsNoCustomersName) {
  const std::string ids[] = {"..", ".", "../../etc", "a/b", std::string(128, '/'), "x y"};
  for (const std::string& id : ids) {
    const auto finished = RunNow(CustomerOf(id));
    EXPECT_TRUE(store_->ReadFile(finished.record).ok()) << id;
  }
  EXPECT_EQ(files_.List("/data")->size(), 1u);
  EXPECT_EQ(files_.List("/data/exports")->size(), 1u);
  EXPECT_EQ(files_.List("/data/exports/123456789012")->size(), 6u);
}

TEST_F(ExportStoreTest, ShowsACustomerItsOwnOnly) {
  const auto finished = RunNow(CustomerOf("acme"));
  EXPECT_EQ(store_->Find(CustomerOf("other"), finished.record.id).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(store_->Find(CustomerOf("acme"), "").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->List(CustomerOf("other"), 0, 10)->total, 0u);
}

TEST_F(ExportStoreTest, ListsNewestFirstInPages) {
  const Customer customer = CustomerOf("acme");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(RunNow(customer).record.id);
    clock_.Advance(std::chrono::seconds(1));
  }
  const auto page = store_->List(customer, 1, 2);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->total, 5u);
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[0].id, ids[3]);
  EXPECT_EQ(page->records[1].id, ids[2]);
  EXPECT_TRUE(store_->List(customer, 9, 2)->records.empty());
}

TEST_F(ExportStoreTest, RunsAnAcceptedExport) {
  const Customer customer = CustomerOf("acme");
  const auto accepted = store_->Accept(customer, Table(), ExportFormat::kPdf);
  ASSERT_TRUE(accepted.ok());
  EXPECT_EQ(store_->Find(customer, accepted->id)->status, ExportStatus::kPending);
  EXPECT_EQ(store_->List(customer, 0, 1)->records[0].progress_percent, 0);
  store_->Run(*accepted, Table(), {});
  const auto done = store_->Find(customer, accepted->id);
  EXPECT_EQ(done->status, ExportStatus::kDone);
  EXPECT_THAT(*store_->ReadFile(*done), HasSubstr("%PDF-"));
}

TEST_F(ExportStoreTest, BoundsWhatWaits) {
  const Customer customer = CustomerOf("acme");
  const auto first = store_->Accept(customer, Table(), ExportFormat::kCsv);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(store_->Accept(customer, Table(), ExportFormat::kCsv).ok());
  EXPECT_EQ(store_->Accept(customer, Table(), ExportFormat::kCsv).error().code(),
            ErrorCode::kThrottled);
  store_->Withdraw(*first);
  EXPECT_EQ(store_->Find(customer, first->id).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(store_->Accept(customer, Table(), ExportFormat::kCsv).ok());
}

TEST_F(ExportStoreTest, RecordsAFailure) {
  const Customer customer = CustomerOf("acme");
  ExportTable table = Table();
  table.rows[1][0] = std::string(40'000, 'x');
  const auto accepted = store_->Accept(customer, table, ExportFormat::kXlsx);
  store_->Run(*accepted, table, {});
  auto record = store_->Find(customer, accepted->id);
  EXPECT_EQ(record->status, ExportStatus::kFailed);
  EXPECT_THAT(record->error, HasSubstr("data.1.service: is longer"));

  files_.SetSyncFails(true);
  const auto second = store_->Accept(customer, Table(), ExportFormat::kCsv);
  store_->Run(*second, Table(), {});
  record = store_->Find(customer, second->id);
  EXPECT_EQ(record->status, ExportStatus::kFailed);
  EXPECT_EQ(record->error, "internal error");
}

TEST_F(ExportStoreTest, KeepsNothingOfWhatDoesNotFitOnTheDisk) {
  files_.SetDiskFull(true);
  const auto finished = store_->RunNow(CustomerOf("acme"), Table(), ExportFormat::kCsv, {});
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(store_->List(CustomerOf("acme"), 0, 10)->total, 0u);
  files_.SetDiskFull(false);
  RunNow(CustomerOf("acme"));
  EXPECT_EQ(files_.List("/data/exports/123456789012/acme")->size(), 1u);
}

TEST_F(ExportStoreTest, FailsWhatARestartInterrupts) {
  const Customer customer = CustomerOf("acme");
  const auto accepted = store_->Accept(customer, Table(), ExportFormat::kCsv);
  const auto done = RunNow(customer);
  const auto link = store_->SignLink(done.record);
  Open();
  const auto record = store_->Find(customer, accepted->id);
  EXPECT_EQ(record->status, ExportStatus::kFailed);
  EXPECT_EQ(record->error, "interrupted by a restart");
  EXPECT_EQ(store_->Find(customer, done.record.id)->status, ExportStatus::kDone);
  EXPECT_TRUE(store_->CheckLink(done.record, link.expires_at, link.token).ok());
}

TEST_F(ExportStoreTest, ExpiresAndSweeps) {
  const Customer customer = CustomerOf("acme");
  const auto old = RunNow(customer);
  clock_.Advance(std::chrono::hours(23));
  const auto young = RunNow(customer);
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(store_->Find(customer, old.record.id).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->List(customer, 0, 10)->total, 1u);
  EXPECT_EQ(*store_->Sweep(), 1u);
  EXPECT_EQ(*store_->Sweep(), 0u);
  EXPECT_EQ(*files_.List("/data/exports/123456789012/acme"),
            std::vector<std::string>{young.record.id});
}

TEST_F(ExportStoreTest, LinksHoldForOneExportAndTime) {
  const auto one = RunNow(CustomerOf("acme")).record;
  const auto two = RunNow(CustomerOf("acme")).record;
  const auto link = store_->SignLink(one);
  EXPECT_EQ(link.expires_at, clock_.Now() + std::chrono::minutes(15));
  EXPECT_TRUE(store_->CheckLink(one, link.expires_at, link.token).ok());
  auto refused = [&](const ExportRecord& record, Instant expires, std::string_view token) {
    const auto check = store_->CheckLink(record, expires, token);
    return !check.ok() && check.error().code() == ErrorCode::kForbidden;
  };
  EXPECT_TRUE(refused(two, link.expires_at, link.token));
  EXPECT_TRUE(refused(one, link.expires_at + std::chrono::seconds(1), link.token));
  EXPECT_TRUE(refused(one, link.expires_at, ""));
  clock_.Advance(std::chrono::minutes(15));
  EXPECT_TRUE(refused(one, link.expires_at, link.token));
}

TEST_F(ExportStoreTest, NoticesADamagedFile) {
  const auto record = RunNow(CustomerOf("acme")).record;
  const std::string path = "/data/exports/123456789012/acme/" + record.id + "/" + record.file_name;
  ASSERT_TRUE(files_.FlipBit(path, 3).ok());
  const auto bytes = store_->ReadFile(record);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code(), ErrorCode::kInternal);
  EXPECT_THAT(bytes.error().message(), HasSubstr(path));
}

}  // namespace
}  // namespace securebase::reports

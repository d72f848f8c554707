#include "reports/export_store.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::reports {
namespace {

using documents::Item;
using documents::StringAttribute;

constexpr std::string_view kTable = "internal-exports";
constexpr std::string_view kSettingsPartition = "!settings";  // no customer's: those name a '/'
constexpr std::string_view kLinkKeyId = "link-key";
constexpr std::size_t kLinkKeyBytes = 32;
constexpr std::size_t kFolderNameMax = 200;
constexpr std::size_t kDimensionBytesMax = 255;
constexpr std::string_view kInterrupted = "interrupted by a restart";

std::string PartitionOf(const Customer& customer) {
  return customer.account.id + "/" + customer.account.region + "/" + customer.id;
}

// A name of a folder that leads nowhere else: "." and ".." too become something plain.
std::string FolderName(std::string_view text) {
  std::string name = PercentEncode(text);
  if (name.starts_with('.')) name = "%2E" + name.substr(1);
  if (name.size() > kFolderNameMax) name = name.substr(0, 100) + "-" + Sha256Hex(text);
  return name.empty() ? "%" : name;
}

Item KeyItem(const Customer& customer, std::string_view id) {
  return {{"customer", PartitionOf(customer)}, {"id", id}};
}

std::int64_t IntAttribute(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  const documents::Number* number = found == item.end() ? nullptr : found->second.number();
  return number == nullptr ? 0 : static_cast<std::int64_t>(number->ToDouble());
}

Result<ExportStatus> ParseStatus(std::string_view text) {
  for (const ExportStatus status : {ExportStatus::kPending, ExportStatus::kRunning,
                                    ExportStatus::kDone, ExportStatus::kFailed}) {
    if (ToText(status) == text) return status;
  }
  return Internal("an export's record has the status '" + std::string(text) + "'");
}

Item ToItem(const ExportRecord& record, std::uint64_t checksum) {
  Item item = KeyItem(record.customer, record.id);
  item["account_id"] = record.customer.account.id;
  item["region"] = record.customer.account.region;
  item["customer_id"] = record.customer.id;
  item["name"] = record.name;
  item["format"] = ToText(record.format);
  item["status"] = ToText(record.status);
  item["rows"] = static_cast<std::int64_t>(record.rows);
  item["bytes"] = static_cast<std::int64_t>(record.bytes);
  item["file_name"] = record.file_name;
  item["content_type"] = record.content_type;
  item["error"] = record.error;
  item["checksum"] = std::to_string(checksum);
  item["created_at"] = FormatIsoMillis(record.created_at);
  item["expires_at"] = FormatIsoMillis(record.expires_at);
  return item;
}

Result<ExportRecord> FromItem(const Item& item) {
  ExportRecord record;
  record.id = StringAttribute(item, "id");
  record.customer = {.account = {.id = StringAttribute(item, "account_id"),
                                 .region = StringAttribute(item, "region")},
                     .id = StringAttribute(item, "customer_id")};
  record.name = StringAttribute(item, "name");
  SB_TRY(record.format, ParseExportFormat(StringAttribute(item, "format")));
  SB_TRY(record.status, ParseStatus(StringAttribute(item, "status")));
  record.rows = static_cast<std::size_t>(IntAttribute(item, "rows"));
  record.bytes = static_cast<std::size_t>(IntAttribute(item, "bytes"));
  record.file_name = StringAttribute(item, "file_name");
  record.content_type = StringAttribute(item, "content_type");
  record.error = StringAttribute(item, "error");
  SB_TRY(record.created_at, ParseIso(StringAttribute(item, "created_at")));
  SB_TRY(record.expires_at, ParseIso(StringAttribute(item, "expires_at")));
  if (record.status == ExportStatus::kDone) record.progress_percent = 100;
  return record;
}

bool IsInFlight(ExportStatus status) {
  return status == ExportStatus::kPending || status == ExportStatus::kRunning;
}

std::string_view DurationMetric(ExportFormat format) {
  switch (format) {
    case ExportFormat::kCsv:
      return "CSVExportDuration";
    case ExportFormat::kJson:
      return "JSONExportDuration";
    case ExportFormat::kXlsx:
      return "ExcelExportDuration";
    case ExportFormat::kPdf:
      break;
  }
  return "PDFExportDuration";
}

}  // namespace

std::string_view ToText(ExportStatus status) {
  switch (status) {
    case ExportStatus::kPending:
      return "pending";
    case ExportStatus::kRunning:
      return "running";
    case ExportStatus::kDone:
      return "done";
    case ExportStatus::kFailed:
      break;
  }
  return "failed";
}

ExportStore::ExportStore(ExportStoreOptions options, ExportStoreDependencies dependencies)
    : options_(std::move(options)), dependencies_(dependencies) {}

Result<std::unique_ptr<ExportStore>> ExportStore::Open(ExportStoreOptions options,
                                                       ExportStoreDependencies dependencies) {
  std::unique_ptr<ExportStore> store(new ExportStore(std::move(options), dependencies));
  documents::TableDescription table{
      .name = std::string(kTable),
      .id = dependencies.random.Uuid(),
      .partition_key = {.name = "customer"},
      .sort_key = documents::KeyAttribute{.name = "id"},
      .created_at = dependencies.clock.Now(),
      .product = true,
      .internal = true,
  };
  SB_TRY_OK(dependencies.documents.CreateTable(store->options_.home, std::move(table)));
  SB_TRY_OK(store->LoadLinkKey());
  SB_TRY_OK(store->FailInterrupted());
  SB_TRY_OK(store->Sweep());
  return store;
}

Result<> ExportStore::LoadLinkKey() {
  const Item key{{"customer", kSettingsPartition}, {"id", kLinkKeyId}};
  SB_TRY(const auto found, dependencies_.documents.Get(options_.home, std::string(kTable), key));
  if (found) {
    link_key_ = StringAttribute(found->item, "value");
    if (link_key_.empty()) return Internal("the key of the export links is damaged");
    return {};
  }
  link_key_ = dependencies_.random.Hex(kLinkKeyBytes);
  Item item = key;
  item["value"] = link_key_;
  return dependencies_.documents.Put(options_.home, std::string(kTable), std::move(item));
}

Result<> ExportStore::FailInterrupted() {
  SB_TRY(const std::vector<Item> items,
         dependencies_.documents.All(options_.home, std::string(kTable)));
  for (const Item& item : items) {
    if (StringAttribute(item, "customer") == kSettingsPartition) continue;
    SB_TRY(ExportRecord record, FromItem(item));
    if (!IsInFlight(record.status)) continue;
    record.status = ExportStatus::kFailed;
    record.error = kInterrupted;
    SB_TRY_OK(PutRecord(record, 0));
  }
  return {};
}

ExportRecord ExportStore::NewRecord(const Customer& customer, const ExportTable& table,
                                    ExportFormat format) const {
  const Instant now = dependencies_.clock.Now();
  return {.id = "exp-" + dependencies_.random.Hex(8),
          .customer = customer,
          .name = table.title,
          .format = format,
          .rows = table.rows.size(),
          .created_at = now,
          .expires_at = now + options_.lifetime};
}

Result<ExportStore::Finished> ExportStore::RunNow(const Customer& customer,
                                                  const ExportTable& table, ExportFormat format,
                                                  const ExportOptions& options) {
  ExportRecord record = NewRecord(customer, table, format);
  SB_TRY(ExportFile file, Produce(record, table, options, {}));
  SB_TRY_OK(Keep(record, file));
  return Finished{.record = std::move(record), .file = std::move(file)};
}

Result<ExportRecord> ExportStore::Accept(const Customer& customer, const ExportTable& table,
                                         ExportFormat format) {
  ExportRecord record = NewRecord(customer, table, format);
  {
    std::lock_guard lock(mutex_);
    if (in_flight_.size() >= options_.in_flight_max) {
      return Error(ErrorCode::kThrottled, "too many exports are waiting; try again in a minute");
    }
    in_flight_.emplace(record.id, 0);
  }
  if (Result<> put = PutRecord(record, 0); !put.ok()) {
    std::lock_guard lock(mutex_);
    in_flight_.erase(record.id);
    return put.error();
  }
  return record;
}

void ExportStore::Run(const ExportRecord& accepted, const ExportTable& table,
                      const ExportOptions& options) {
  ExportRecord record = accepted;
  record.status = ExportStatus::kRunning;
  const auto progress = [&](std::size_t rows_done) {
    // The file is still to be closed and kept when all rows are done.
    const auto percent = static_cast<int>(99 * rows_done / std::max<std::size_t>(1, record.rows));
    std::lock_guard lock(mutex_);
    in_flight_[record.id] = percent;
  };
  Result<> result = PutRecord(record, 0);
  if (result.ok()) {
    Result<ExportFile> file = Produce(record, table, options, progress);
    result = file.ok() ? Keep(record, *file) : Result<>(file.error());
  }
  if (!result.ok()) Fail(std::move(record), result.error());
  std::lock_guard lock(mutex_);
  in_flight_.erase(accepted.id);
}

void ExportStore::Withdraw(const ExportRecord& accepted) {
  const Result<> deleted = dependencies_.documents.Delete(options_.home, std::string(kTable),
                                                          KeyItem(accepted.customer, accepted.id));
  if (!deleted.ok()) {
    // It stays pending until the next start fails it, and then expires.
    Log(LogLevel::kError, "cannot withdraw an export",
        {{"export", accepted.id}, {"error", deleted.error().message()}});
  }
  std::lock_guard lock(mutex_);
  in_flight_.erase(accepted.id);
}

Result<ExportFile> ExportStore::Produce(const ExportRecord& record, const ExportTable& table,
                                        const ExportOptions& options,
                                        const ExportProgress& progress) {
  const auto begin = dependencies_.clock.Monotonic();
  SB_TRY(ExportFile file, Export(table, record.format, options, record.created_at, progress));
  const std::chrono::duration<double> took = dependencies_.clock.Monotonic() - begin;
  const std::string type =
      record.name.substr(0, ValidUtf8Prefix(record.name.substr(0, kDimensionBytesMax)));
  dependencies_.telemetry.PublishTwice({.namespace_name = "SecureBase/Analytics",
                                        .name = DurationMetric(record.format),
                                        .unit = "Seconds",
                                        .value = took.count(),
                                        .dimensions = {{"ReportType", type}}});
  return file;
}

Result<> ExportStore::Keep(ExportRecord& record, const ExportFile& file) {
  const auto begin = dependencies_.clock.Monotonic();
  record.file_name = file.file_name;
  record.content_type = file.content_type;
  record.bytes = file.bytes.size();
  record.status = ExportStatus::kDone;
  record.progress_percent = 100;
  const std::string folder = FolderOf(record);
  Result<> kept = dependencies_.files.CreateFolders(folder);
  if (kept.ok()) {
    kept = WriteFileAtomically(dependencies_.files, folder + "/" + PercentEncode(file.file_name),
                               file.bytes);
  }
  const auto took = dependencies_.clock.Monotonic() - begin;
  if (kept.ok()) kept = PutRecord(record, Checksum(file.bytes));
  if (!kept.ok()) {
    // A file that no record names would stay for ever. If it cannot go, it does no harm.
    static_cast<void>(RemoveFiles(record));
    return kept;
  }
  PublishStored(file.bytes.size(), took);
  return kept;
}

Result<> ExportStore::RemoveFiles(const ExportRecord& record) const {
  const std::string folder = FolderOf(record);
  const auto names = dependencies_.files.List(folder);
  if (!names.ok()) return {};  // there is none
  for (const std::string& name : *names) {
    SB_TRY_OK(dependencies_.files.Remove(folder + "/" + name));
  }
  return dependencies_.files.Remove(folder);
}

void ExportStore::PublishStored(std::size_t bytes, std::chrono::nanoseconds took) const {
  const std::string bucket = "securebase-" + options_.environment + "-exports";
  auto publish = [&](std::string_view name, std::string_view unit, double value) {
    dependencies_.telemetry.PublishTwice({.namespace_name = "AWS/S3",
                                          .name = name,
                                          .unit = unit,
                                          .value = value,
                                          .dimensions = {{"BucketName", bucket}}});
  };
  publish("PutRequests", "Count", 1);
  publish("BytesUploaded", "Bytes", static_cast<double>(bytes));
  publish("TotalRequestLatency", "Milliseconds",
          std::chrono::duration<double, std::milli>(took).count());
}

Result<> ExportStore::PutRecord(const ExportRecord& record, std::uint64_t checksum) {
  return dependencies_.documents.Put(options_.home, std::string(kTable), ToItem(record, checksum));
}

void ExportStore::Fail(ExportRecord record, const Error& error) {
  Log(LogLevel::kError, "an export failed",
      {{"export", record.id}, {"field", error.field()}, {"error", error.message()}});
  record.status = ExportStatus::kFailed;
  // What broke inside is for the log; what is wrong with the data is for the customer.
  record.error = error.code() == ErrorCode::kInternal ? "internal error"
                 : error.field().empty()              ? error.message()
                                                      : error.field() + ": " + error.message();
  if (const Result<> put = PutRecord(record, 0); !put.ok()) {
    Log(LogLevel::kError, "cannot record that an export failed",
        {{"export", record.id}, {"error", put.error().message()}});
  }
}

Result<ExportRecord> ExportStore::Find(const Customer& customer, std::string_view id) const {
  if (id.empty()) return NotFound("no such export");
  SB_TRY(const auto found,
         dependencies_.documents.Get(options_.home, std::string(kTable), KeyItem(customer, id)));
  if (!found) return NotFound("no such export");
  SB_TRY(ExportRecord record, FromItem(found->item));
  if (record.expires_at <= dependencies_.clock.Now()) return NotFound("the export has expired");
  std::lock_guard lock(mutex_);
  const auto progress = in_flight_.find(record.id);
  if (progress != in_flight_.end()) record.progress_percent = progress->second;
  return record;
}

Result<ExportPage> ExportStore::List(const Customer& customer, std::size_t offset,
                                     std::size_t limit) const {
  SB_TRY(const std::vector<Item> items,
         dependencies_.documents.All(options_.home, std::string(kTable),
                                     documents::Value(PartitionOf(customer))));
  std::vector<ExportRecord> records;
  const Instant now = dependencies_.clock.Now();
  for (const Item& item : items) {
    SB_TRY(ExportRecord record, FromItem(item));
    if (record.expires_at > now) records.push_back(std::move(record));
  }
  std::sort(records.begin(), records.end(), [](const ExportRecord& a, const ExportRecord& b) {
    return a.created_at != b.created_at ? a.created_at > b.created_at : a.id < b.id;
  });
  ExportPage page{.total = records.size()};
  for (std::size_t i = offset; i < records.size() && page.records.size() < limit; ++i) {
    page.records.push_back(std::move(records[i]));
  }
  std::lock_guard lock(mutex_);
  for (ExportRecord& record : page.records) {
    const auto progress = in_flight_.find(record.id);
    if (progress != in_flight_.end()) record.progress_percent = progress->second;
  }
  return page;
}

Result<std::string> ExportStore::ReadFile(const ExportRecord& record) const {
  SB_TRY(const auto found, dependencies_.documents.Get(options_.home, std::string(kTable),
                                                       KeyItem(record.customer, record.id)));
  if (!found) return NotFound("no such export");
  const std::string path = FolderOf(record) + "/" + PercentEncode(record.file_name);
  SB_TRY(std::string bytes, dependencies_.files.Read(path));
  if (std::to_string(Checksum(bytes)) != StringAttribute(found->item, "checksum")) {
    return Internal(path + ": the bytes are not those that were written");
  }
  return bytes;
}

ExportStore::Link ExportStore::SignLink(const ExportRecord& record) const {
  const Instant end =
      std::min(record.expires_at, dependencies_.clock.Now() + options_.link_lifetime);
  const std::int64_t expires_s = ToUnixSeconds(end);
  const std::string text =
      PartitionOf(record.customer) + "\n" + record.id + "\n" + std::to_string(expires_s);
  return {.expires_at = FromUnixSeconds(expires_s),
          .token = Base64UrlEncode(HmacSha256(link_key_, text))};
}

Result<> ExportStore::CheckLink(const ExportRecord& record, Instant expires_at,
                                std::string_view token) const {
  const std::string text = PartitionOf(record.customer) + "\n" + record.id + "\n" +
                           std::to_string(ToUnixSeconds(expires_at));
  if (!ConstantTimeEqual(Base64UrlEncode(HmacSha256(link_key_, text)), token)) {
    return Forbidden("the link's token does not belong to this export");
  }
  if (expires_at <= dependencies_.clock.Now()) {
    return Forbidden("the link has expired; ask for the export's status to get a new one");
  }
  return {};
}

Result<std::size_t> ExportStore::Sweep() {
  SB_TRY(const std::vector<Item> items,
         dependencies_.documents.All(options_.home, std::string(kTable)));
  const Instant now = dependencies_.clock.Now();
  std::size_t removed = 0;
  for (const Item& item : items) {
    if (StringAttribute(item, "customer") == kSettingsPartition) continue;
    SB_TRY(const ExportRecord record, FromItem(item));
    if (record.expires_at > now) continue;
    // Files first: a record without its file is swept again, a file without its record never.
    SB_TRY_OK(RemoveFiles(record));
    SB_TRY_OK(dependencies_.documents.Delete(options_.home, std::string(kTable),
                                             KeyItem(record.customer, record.id)));
    ++removed;
  }
  return removed;
}

std::string ExportStore::FolderOf(const ExportRecord& record) const {
  return options_.folder + "/exports/" + FolderName(record.customer.account.id) + "/" +
         FolderName(record.customer.id) + "/" + record.id;
}

}  // namespace securebase::reports

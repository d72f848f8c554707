#pragma once

// Where exports are kept: their records in an internal table, their files in the folder
// `exports/<account>/<customer>/<id>/<file name>` of the data directory.

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/random.h"
#include "base/telemetry.h"
#include "base/tenant.h"
#include "documents/document_store.h"
#include "reports/export.h"

namespace securebase::reports {

enum class ExportStatus : std::uint8_t { kPending, kRunning, kDone, kFailed };

/// "pending", "running", "done", "failed".
std::string_view ToText(ExportStatus status);

struct ExportRecord {
  std::string id;  // "exp-..."
  Customer customer;
  std::string name;  // of the report, as the client wrote it
  ExportFormat format = ExportFormat::kCsv;
  ExportStatus status = ExportStatus::kPending;
  std::size_t rows = 0;
  int progress_percent = 0;
  std::size_t bytes = 0;
  std::string file_name;     // once done
  std::string content_type;  // once done
  std::string error;         // once failed
  Instant created_at;
  Instant expires_at;
};

struct ExportStoreOptions {
  std::string folder;  // the data directory
  Account home;        // its table holds the records of all customers
  std::string environment = "dev";
  Duration lifetime = std::chrono::hours(24);
  Duration link_lifetime = std::chrono::minutes(15);
  /// Exports that are pending or running at a time, whoever asked for them: they hold their rows.
  std::size_t in_flight_max = 8;
};

/// All outlive the store.
struct ExportStoreDependencies {
  FileSystem& files;
  documents::DocumentStore& documents;
  const Clock& clock;
  Random& random;
  Telemetry& telemetry;
};

struct ExportPage {
  std::vector<ExportRecord> records;  // newest first
  std::size_t total = 0;
};

/// Thread-safe. An export that belongs to another customer is not found.
class ExportStore {
 public:
  /// Creates its table and the signing key of the links where they are missing, marks what a
  /// restart interrupted as failed, and removes what has expired.
  static Result<std::unique_ptr<ExportStore>> Open(ExportStoreOptions options,
                                                   ExportStoreDependencies dependencies);

  /// Exports now and keeps the file; the record is written once, done. Publishes the metrics of
  /// an export. Nothing is kept of one that fails.
  struct Finished {
    ExportRecord record;
    ExportFile file;
  };
  Result<Finished> RunNow(const Customer& customer, const ExportTable& table, ExportFormat format,
                          const ExportOptions& options);

  /// Writes the record of an export that will run later with Run. kThrottled when too many wait.
  Result<ExportRecord> Accept(const Customer& customer, const ExportTable& table,
                              ExportFormat format);
  /// Runs an accepted export to its end, done or failed; a failure is logged and recorded.
  void Run(const ExportRecord& accepted, const ExportTable& table, const ExportOptions& options);
  /// Forgets an accepted export that nobody will run.
  void Withdraw(const ExportRecord& accepted);

  /// kNotFound when there is none or it has expired.
  Result<ExportRecord> Find(const Customer& customer, std::string_view id) const;
  Result<ExportPage> List(const Customer& customer, std::size_t offset, std::size_t limit) const;
  /// The file of a record that is done. kInternal, naming it, when its bytes have changed.
  Result<std::string> ReadFile(const ExportRecord& record) const;

  struct Link {
    Instant expires_at;  // whole seconds
    std::string token;
  };
  Link SignLink(const ExportRecord& record) const;
  /// kForbidden when the token does not belong to the export and time, or the time has passed.
  Result<> CheckLink(const ExportRecord& record, Instant expires_at, std::string_view token) const;

  /// Removes expired records and their files; the number of exports that went.
  Result<std::size_t> Sweep();

 private:
  ExportStore(ExportStoreOptions options, ExportStoreDependencies dependencies);

  Result<> LoadLinkKey();
  Result<> FailInterrupted();
  ExportRecord NewRecord(const Customer& customer, const ExportTable& table,
                         ExportFormat format) const;
  Result<ExportFile> Produce(const ExportRecord& record, const ExportTable& table,
                             const ExportOptions& options, const ExportProgress& progress);
  Result<> Keep(ExportRecord& record, const ExportFile& file);
  Result<> PutRecord(const ExportRecord& record, std::uint64_t checksum);
  void Fail(ExportRecord record, const Error& error);
  Result<> RemoveFiles(const ExportRecord& record) const;
  std::string FolderOf(const ExportRecord& record) const;
  void PublishStored(std::size_t bytes, std::chrono::nanoseconds took) const;

  const ExportStoreOptions options_;
  const ExportStoreDependencies dependencies_;
  std::string link_key_;

  mutable std::mutex mutex_;
  std::map<std::string, int, std::less<>> in_flight_;  // progress by id; guarded by mutex_
};

}  // namespace securebase::reports

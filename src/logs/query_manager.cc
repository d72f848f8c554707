#include "logs/query_manager.h"

#include <algorithm>
#include <utility>

#include "insights/query.h"

namespace securebase::logs {
namespace {

Error InvalidParameter(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "InvalidParameterException");
}

Error QueryNotFound() {
  return Error(ErrorCode::kNotFound, "The specified query does not exist.", "queryId",
               "ResourceNotFoundException");
}

bool IsEnded(QueryStatus status) {
  return status != QueryStatus::kScheduled && status != QueryStatus::kRunning;
}

std::uint64_t BytesOf(const insights::Table& table) {
  std::uint64_t bytes = 0;
  for (const auto& row : table.rows) {
    for (const auto& cell : row) bytes += sizeof(cell) + (cell ? cell->size() : 0);
  }
  for (const std::string& pointer : table.pointers) bytes += sizeof(pointer) + pointer.size();
  return bytes;
}

}  // namespace

std::string_view ToText(QueryStatus status) {
  switch (status) {
    case QueryStatus::kScheduled:
      return "Scheduled";
    case QueryStatus::kRunning:
      return "Running";
    case QueryStatus::kComplete:
      return "Complete";
    case QueryStatus::kFailed:
      return "Failed";
    case QueryStatus::kCancelled:
      return "Cancelled";
    case QueryStatus::kTimeout:
      return "Timeout";
  }
  return "Unknown";
}

/// A query, from its start until it is forgotten.
struct QueryManager::Running {
  Running(Account of, insights::Query parsed) : account(std::move(of)), query(std::move(parsed)) {}

  Account account;
  insights::Query query;
  insights::RunOptions run;
  std::uint64_t number = 0;  // of those started, for the order
  std::atomic<bool> cancelled{false};
  std::atomic<bool> partial_wanted{false};

  std::mutex mutex;
  // Guarded by mutex.
  QueryDescription description;
  std::shared_ptr<const insights::Table> table = std::make_shared<const insights::Table>();
  std::uint64_t table_bytes = 0;
};

QueryManager::QueryManager(QueryManagerOptions options, InputMaker input, const Clock& clock,
                           Random& random)
    : options_(options),
      input_(std::move(input)),
      clock_(clock),
      random_(random),
      workers_(options.threads, options.active_max) {}

QueryManager::~QueryManager() { Shutdown(); }

void QueryManager::Shutdown() {
  stopping_ = true;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, query] : queries_) query->cancelled = true;
  }
  workers_.Stop();
}

Result<std::string> QueryManager::Start(const Account& account, QueryRequest request,
                                        std::optional<insights::MalformedQuery>* malformed) {
  insights::ParseResult parsed = insights::Parse(request.text);
  if (!parsed.ok()) {
    if (malformed != nullptr) *malformed = parsed.error();
    return parsed.error().ToError();
  }
  const insights::GroupSelection& selection = parsed->groups();
  if (request.groups.empty() == selection.empty()) {
    return InvalidParameter("logGroupName",
                            selection.empty()
                                ? "Either logGroupName, logGroupNames, logGroupIdentifiers or a "
                                  "SOURCE command must name the log groups."
                                : "The log groups are named both by the request and by the SOURCE "
                                  "command of the query.");
  }
  SB_TRY(const insights::Range range, insights::RangeOf(request.start, request.end));
  std::vector<std::string> groups = request.groups;
  if (groups.empty()) {
    SB_TRY(groups, input_(account)->Resolve(selection));
  }
  auto query = std::make_shared<Running>(account, *parsed);
  query->run = {.groups = groups,
                .start_ms = range.start_ms,
                .end_ms = range.end_ms,
                .limit = request.limit,
                .now_ms = ToUnixMillis(clock_.Now())};
  query->run.control = {
      .clock = &clock_, .memory_max = options_.memory_max, .cancelled = &query->cancelled};
  QueryDescription& description = query->description;
  description.id = random_.Uuid();
  description.text = std::move(request.text);
  description.groups = std::move(groups);
  description.start = request.start;
  description.end = request.end;
  description.created_at = clock_.Now();
  const std::string id = description.id;
  {
    std::lock_guard lock(mutex_);
    const auto active = std::count_if(queries_.begin(), queries_.end(), [](const auto& entry) {
      std::lock_guard inner(entry.second->mutex);
      return !IsEnded(entry.second->description.status);
    });
    if (static_cast<std::size_t>(active) >= options_.active_max || stopping_) {
      return Error(ErrorCode::kLimitExceeded,
                   "Account maximum query concurrency limit of [" +
                       std::to_string(options_.active_max) + "] reached.",
                   "queryString", "LimitExceededException");
    }
    query->number = ++started_;
    queries_[id] = query;
  }
  if (!workers_.Post([this, query] { Run(query); })) {
    std::lock_guard lock(mutex_);
    queries_.erase(id);
    return Error(ErrorCode::kLimitExceeded, "Too many queries wait.", "queryString",
                 "LimitExceededException");
  }
  return id;
}

void QueryManager::Run(const std::shared_ptr<Running>& query) {
  {
    std::lock_guard lock(query->mutex);
    if (query->cancelled || IsEnded(query->description.status)) {
      query->description.status = QueryStatus::kCancelled;
      return;
    }
    query->description.status = QueryStatus::kRunning;
  }
  query->run.control.deadline = clock_.Monotonic() + options_.timeout;
  query->run.on_progress = [running = query.get()](const insights::Progress& progress) {
    // The rows so far cost a merge: only for one who polls.
    std::shared_ptr<const insights::Table> table;
    if (running->partial_wanted.exchange(false) && progress.partial) {
      table = std::make_shared<const insights::Table>(progress.partial());
    }
    std::lock_guard lock(running->mutex);
    running->description.statistics = progress.statistics;
    if (table != nullptr) running->table = std::move(table);
  };
  const std::unique_ptr<insights::Input> input = input_(query->account);
  Finish(*query, insights::Run(query->query, *input, query->run));
  DropOldResults();
}

void QueryManager::Finish(Running& query, Result<insights::Answer> answer) {
  std::shared_ptr<const insights::Table> table;
  std::uint64_t bytes = 0;
  if (answer.ok()) {
    bytes = BytesOf(answer->table);
    table = std::make_shared<const insights::Table>(std::move(answer->table));
  }
  std::lock_guard lock(query.mutex);
  query.description.duration = clock_.Now() - query.description.created_at;
  if (answer.ok()) {
    query.description.status = QueryStatus::kComplete;
    query.description.statistics = answer->statistics;
    query.table = std::move(table);
    query.table_bytes = bytes;
    return;
  }
  const Error& error = answer.error();
  query.description.status = error.code() == ErrorCode::kCancelled ? QueryStatus::kCancelled
                             : error.code() == ErrorCode::kDeadlineExceeded ? QueryStatus::kTimeout
                                                                            : QueryStatus::kFailed;
  query.description.failure = error.message();
}

std::shared_ptr<QueryManager::Running> QueryManager::Find(const Account& account,
                                                          std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = queries_.find(id);
  if (found == queries_.end() || found->second->account != account) return nullptr;
  return found->second;
}

Result<QueryManager::Snapshot> QueryManager::Results(const Account& account, std::string_view id) {
  const std::shared_ptr<Running> query = Find(account, id);
  if (query == nullptr) return QueryNotFound();
  query->partial_wanted = true;
  std::lock_guard lock(query->mutex);
  return Snapshot{query->description, query->table};
}

Result<> QueryManager::Stop(const Account& account, std::string_view id) {
  const std::shared_ptr<Running> query = Find(account, id);
  if (query == nullptr) return QueryNotFound();
  std::lock_guard lock(query->mutex);
  QueryDescription& description = query->description;
  if (IsEnded(description.status)) {
    return InvalidParameter("queryId", "Query " + description.id + " is not running, it is " +
                                           std::string(ToText(description.status)) + ".");
  }
  query->cancelled = true;
  if (description.status == QueryStatus::kScheduled) {
    description.status = QueryStatus::kCancelled;
    description.duration = clock_.Now() - description.created_at;
  }
  return {};
}

std::vector<QueryDescription> QueryManager::List(const Account& account) const {
  std::vector<std::pair<std::uint64_t, QueryDescription>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, query] : queries_) {
      if (query->account != account) continue;
      std::lock_guard inner(query->mutex);
      all.emplace_back(query->number, query->description);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<QueryDescription> out;
  for (auto& [number, description] : all) out.push_back(std::move(description));
  return out;
}

void QueryManager::Sweep() {
  const Instant oldest = clock_.Now() - options_.kept;
  std::lock_guard lock(mutex_);
  std::erase_if(queries_, [&](const auto& entry) {
    std::lock_guard inner(entry.second->mutex);
    const QueryDescription& description = entry.second->description;
    return IsEnded(description.status) && description.created_at < oldest;
  });
}

void QueryManager::DropOldResults() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Running>> ended;
  std::uint64_t bytes = 0;
  for (const auto& [id, query] : queries_) {
    std::lock_guard inner(query->mutex);
    bytes += query->table_bytes;
    if (IsEnded(query->description.status)) ended.push_back(query);
  }
  std::sort(ended.begin(), ended.end(),
            [](const auto& a, const auto& b) { return a->number < b->number; });
  // The newest stays whatever its size.
  for (std::size_t i = 0; i + 1 < ended.size() && bytes > options_.results_bytes_max; ++i) {
    std::lock_guard inner(ended[i]->mutex);
    bytes -= ended[i]->table_bytes;
    queries_.erase(ended[i]->description.id);
  }
}

}  // namespace securebase::logs

#include "analytics/testing/memory_dataset_store.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace securebase::analytics {
namespace {

using Row = MemoryDatasetStore::Row;

query::Column MakeColumn(const std::vector<Row>& rows, std::string_view name, query::Type type) {
  query::Column column{.type = type};
  auto owner = std::make_shared<std::vector<std::string>>();
  owner->reserve(rows.size() + 1);  // views of short strings must not move
  auto dictionary = std::make_shared<query::Dictionary>();
  std::map<std::string, std::uint32_t, std::less<>> codes;
  for (const Row& row : rows) {
    const auto found = row.values.find(name);
    const bool present = found != row.values.end();
    column.valid.push_back(present);
    if (type == query::Type::kString) {
      const std::string text = present ? std::get<std::string>(found->second) : std::string();
      const auto [place, added] =
          codes.try_emplace(text, static_cast<std::uint32_t>(owner->size()));
      if (added) dictionary->values.push_back(owner->emplace_back(text));
      column.codes.push_back(place->second);
    } else if (type == query::Type::kDouble) {
      column.doubles.push_back(present ? std::get<double>(found->second) : 0);
    } else {
      column.ints.push_back(present ? std::get<std::int64_t>(found->second) : 0);
    }
  }
  dictionary->owner = owner;
  column.dictionary = std::move(dictionary);
  return column;
}

class MemorySource final : public query::Source {
 public:
  MemorySource(std::vector<Row> rows, const events::Schema& schema,
               std::vector<std::string> columns)
      : rows_(std::move(rows)), schema_(schema), columns_(std::move(columns)) {}

  const std::vector<std::string>& column_names() const override { return columns_; }
  const query::ScanStatistics& statistics() const override { return statistics_; }

  Result<bool> Next(query::Batch& batch) override {
    if (next_ == rows_.size()) return false;
    const std::size_t end = std::min(next_ + query::kBatchRowsMax, rows_.size());
    const std::vector<Row> part(rows_.begin() + static_cast<std::ptrdiff_t>(next_),
                                rows_.begin() + static_cast<std::ptrdiff_t>(end));
    batch = query::Batch{.rows = part.size()};
    for (const std::string& name : columns_) {
      query::Type type = query::Type::kString;
      for (const events::Field& field : schema_.fields) {
        if (field.name == name) type = field.type;
      }
      batch.columns.push_back(MakeColumn(part, name, type));
    }
    next_ = end;
    statistics_.rows += part.size();
    return true;
  }

 private:
  const std::vector<Row> rows_;
  const events::Schema& schema_;
  const std::vector<std::string> columns_;
  std::size_t next_ = 0;
  query::ScanStatistics statistics_;
};

}  // namespace

class MemoryImport final : public events::Import {
 public:
  MemoryImport(MemoryDatasetStore& store, const events::Schema& schema, std::string source_key)
      : store_(store), schema_(schema), source_key_(std::move(source_key)) {}

  void Time(std::size_t field, Instant value) override {
    Set(field, query::Type::kTime, ToUnixMillis(value));
  }
  void String(std::size_t field, std::string_view value) override {
    Set(field, query::Type::kString, std::string(value));
  }
  void Double(std::size_t field, double value) override { Set(field, query::Type::kDouble, value); }
  void Int(std::size_t field, std::int64_t value) override {
    Set(field, query::Type::kInt64, value);
  }
  void Extra(std::string_view name, std::string_view value) override {
    row_.values[std::string(name)] = std::string(value);
  }
  Result<> EndRow(std::string_view customer) override {
    SB_CHECK(row_.values.count(schema_.fields.front().name) == 1, "a row needs its time");
    row_.source_key = source_key_;
    row_.customer = customer;
    rows_.push_back(std::exchange(row_, {}));
    return {};
  }
  void DiscardRow() override { row_ = {}; }
  std::uint64_t row_count() const override { return rows_.size(); }

  Result<> Commit() override {
    if (store_.fail_commits_) return Unavailable("the disk is full");
    std::set<std::string> customers;
    for (const Row& row : rows_) customers.insert(row.customer);
    auto& stored = store_.rows_[schema_.dataset];
    std::erase_if(stored, [&](const Row& row) {
      return row.source_key == source_key_ && customers.count(row.customer) == 1;
    });
    for (Row& row : rows_) stored.push_back(std::move(row));
    for (const std::string& customer : customers) {
      ++store_.generations_[{customer, schema_.dataset}];
    }
    return {};
  }

 private:
  void Set(std::size_t field, query::Type type, MemoryDatasetStore::Value value) {
    SB_CHECK(schema_.fields[field].type == type, schema_.fields[field].name);
    row_.values[schema_.fields[field].name] = std::move(value);
  }

  MemoryDatasetStore& store_;
  const events::Schema& schema_;
  const std::string source_key_;
  Row row_;
  std::vector<Row> rows_;
};

void MemoryDatasetStore::Define(const events::Schema& schema) { schemas_[schema.dataset] = schema; }

Result<std::unique_ptr<events::Import>> MemoryDatasetStore::BeginImport(
    const Account&, std::string_view dataset, std::string_view source_key) {
  return std::make_unique<MemoryImport>(*this, schemas_.find(dataset)->second,
                                        std::string(source_key));
}

Result<std::unique_ptr<query::Source>> MemoryDatasetStore::Scan(
    const Customer& customer, const events::ScanRequest& request) const {
  const events::Schema& schema = schemas_.find(request.dataset)->second;
  const std::string& time = schema.fields.front().name;
  std::vector<Row> rows;
  if (const auto found = rows_.find(request.dataset); found != rows_.end()) {
    for (const Row& row : found->second) {
      const auto ms = std::get<std::int64_t>(row.values.find(time)->second);
      if (row.customer == customer.id && ms >= ToUnixMillis(request.start) &&
          ms < ToUnixMillis(request.end)) {
        rows.push_back(row);
      }
    }
  }
  return std::make_unique<MemorySource>(std::move(rows), schema, request.columns);
}

events::DatasetStatistics MemoryDatasetStore::Statistics(const Customer& customer,
                                                         std::string_view dataset) const {
  events::DatasetStatistics statistics;
  if (const auto found = rows_.find(dataset); found != rows_.end()) {
    statistics.rows = static_cast<std::uint64_t>(
        std::count_if(found->second.begin(), found->second.end(),
                      [&](const Row& row) { return row.customer == customer.id; }));
  }
  return statistics;
}

std::uint64_t MemoryDatasetStore::Generation(const Customer& customer,
                                             std::string_view dataset) const {
  const auto found = generations_.find({customer.id, std::string(dataset)});
  return found == generations_.end() ? 0 : found->second;
}

std::vector<std::string> MemoryDatasetStore::FieldNames(const Customer& customer,
                                                        std::string_view dataset) const {
  std::set<std::string> names;
  if (const auto found = rows_.find(dataset); found != rows_.end()) {
    for (const Row& row : found->second) {
      if (row.customer != customer.id) continue;
      for (const auto& [name, value] : row.values) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace securebase::analytics

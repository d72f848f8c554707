#pragma once

// A DocumentStore in memory whose transactions fail when told to: for simulations that restart a
// process thousands of times.

#include <functional>
#include <map>
#include <mutex>

#include "documents/document_store.h"

namespace securebase::alarms {

/// Thread-safe. Partition and sort keys are strings.
class MemoryDocumentStore final : public documents::DocumentStore {
 public:
  enum class Fault { kNone, kRefused, kAppliedButLost };
  /// Asked before every transaction. kAppliedButLost: durable, but the caller sees an error, as
  /// when the process dies between the journal and the answer.
  void SetFaults(std::function<Fault()> next_fault) { next_fault_ = std::move(next_fault); }
  std::uint64_t transactions() const { return transactions_; }

  Result<documents::TableDescription> CreateTable(const Account& account,
                                                  documents::TableDescription table) override;
  Result<> DeleteTable(const Account&, const std::string&) override { return {}; }
  Result<documents::TableDescription> DescribeTable(const Account& account,
                                                    const std::string& name) const override;
  std::vector<documents::TableDescription> ListTables(const Account&) const override { return {}; }
  Result<documents::TableStatistics> Statistics(const Account&, const std::string&) const override {
    return documents::TableStatistics();
  }
  Result<std::optional<documents::VersionedItem>> Get(const Account& account,
                                                      const std::string& table,
                                                      const documents::Item& key) const override;
  Result<std::vector<documents::WriteResult>> Transact(
      const Account& account, std::vector<documents::Write> writes) override;
  Result<documents::RangePage> Range(const Account& account,
                                     const documents::RangeRequest& request) const override;

 private:
  using Key = std::pair<std::string, std::string>;
  struct Table {
    documents::TableDescription description;
    std::map<Key, documents::Item> items;
  };
  Key KeyIn(const Table& table, const documents::Item& item) const;

  mutable std::mutex mutex_;
  std::map<std::string, Table> tables_;
  std::function<Fault()> next_fault_;
  std::uint64_t transactions_ = 0;
};

}  // namespace securebase::alarms

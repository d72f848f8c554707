#pragma once

#include <memory>
#include <string>
#include <vector>

#include "events/embedded_dataset_store.h"
#include "events/internal/row_buffer.h"

namespace securebase::events {

/// Import into an EmbeddedDatasetStore, which outlives it.
class EmbeddedImport final : public Import {
 public:
  EmbeddedImport(EmbeddedDatasetStore& store, const Schema& schema, Account account,
                 std::string source_key);
  ~EmbeddedImport() override;

  void Time(std::size_t field, Instant value) override {
    rows_.SetInt(field, query::Type::kTime, ToUnixMillis(value));
  }
  void String(std::size_t field, std::string_view value) override { rows_.SetString(field, value); }
  void Double(std::size_t field, double value) override { rows_.SetDouble(field, value); }
  void Int(std::size_t field, std::int64_t value) override {
    rows_.SetInt(field, query::Type::kInt64, value);
  }
  void Extra(std::string_view name, std::string_view value) override {
    rows_.SetExtra(name, value);
  }
  Result<> EndRow(std::string_view customer) override;
  void DiscardRow() override { rows_.DiscardRow(); }
  std::uint64_t row_count() const override { return row_count_; }
  Result<> Commit() override;

 private:
  Result<> Spill();
  Result<> WriteSegment(std::string_view customer, std::size_t rows,
                        const std::vector<SegmentColumn>& columns);
  void RemoveFiles();

  EmbeddedDatasetStore& store_;
  const Schema& schema_;
  const Account account_;
  const std::string source_key_;
  RowBuffer rows_;
  DatasetEdit edit_;
  std::uint64_t row_count_ = 0;
  bool ended_ = false;        // committed, or abandoned after an error
  bool handed_over_ = false;  // the files' fate is the store's
};

}  // namespace securebase::events

#pragma once

// Rows of an import, of all customers, as columns, until they become segments.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "events/dataset_store.h"
#include "events/internal/segment.h"

namespace securebase::events {

/// Bytes that stay where they are put; freed together.
class TextArena {
 public:
  std::string_view Add(std::string_view text);
  void Clear();
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0;  // of the last block
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The distinct strings of a column, numbered from 1 in the order of first sight.
class TextNumbers {
 public:
  std::uint32_t NumberOf(std::string_view text, TextArena& arena);
  std::string_view TextOf(std::uint32_t number) const { return texts_[number - 1]; }
  std::size_t size() const { return texts_.size(); }
  void Clear();

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(std::string_view text) const { return Checksum(text); }
  };
  std::vector<std::string_view> texts_;
  boost::unordered_flat_map<std::string_view, std::uint32_t, Hash> numbers_;
  std::string_view last_text_;  // values often repeat from row to row
  std::uint32_t last_number_ = 0;
};

/// Collects rows and hands them out customer by customer. Appending a row allocates nothing but
/// the growth of its columns. Not thread-safe.
class RowBuffer {
 public:
  static constexpr std::size_t kExtrasMax = 2048;

  explicit RowBuffer(const Schema& schema);

  /// Sets a field of the row; `field` counts in the schema. Setting twice keeps the last.
  void SetInt(std::size_t field, query::Type type, std::int64_t value);
  void SetDouble(std::size_t field, double value);
  void SetString(std::size_t field, std::string_view value);
  void SetExtra(std::string_view name, std::string_view value);

  /// Ends the row. Errors, which discard it: kInvalidArgument for a row without time or an empty
  /// customer or an extra field that the schema has with another type than string; kLimitExceeded
  /// for more than kExtrasMax names of extra fields in one buffer.
  Result<> EndRow(std::string_view customer);
  void DiscardRow();

  std::size_t rows() const { return row_customers_.size(); }
  /// What the buffer holds, roughly.
  std::uint64_t memory_bytes() const;

  /// Calls `take` for each customer, in the order of their first rows, with columns ordered by
  /// time; fields that no row has are left out. Stops at the first error. The views in the
  /// columns live as long as the buffer is not cleared.
  using Take = std::function<Result<>(std::string_view customer, std::size_t rows,
                                      const std::vector<SegmentColumn>& columns)>;
  Result<> ForEachCustomer(const Take& take);
  /// Empties the buffer and gives its memory back.
  void Clear();

 private:
  struct Buffered {
    std::string name;
    query::Type type = query::Type::kString;
    // One of these, as the type says; shorter than the rows when the last rows lack the field.
    std::vector<std::int64_t> ints;
    std::vector<double> doubles;
    std::vector<std::uint32_t> codes;   // 0: absent
    std::vector<std::uint8_t> present;  // of ints and doubles; empty: all
    TextNumbers texts;
    // Where the present customer's dictionary stands, by code: its place in the sorted order.
    std::vector<std::uint32_t> local_codes;
    std::size_t size() const;
    bool IsPresent(std::size_t row) const;
    void PadTo(std::size_t rows);
    void Truncate(std::size_t rows);
  };
  using Rows = std::vector<std::uint32_t>;

  template <class T>
  void Put(Buffered& column, std::vector<T>& values, T value);
  std::optional<std::size_t> ExtraIndex(std::string_view name);
  std::vector<Rows> RowsByCustomer() const;
  void SortByTime(Rows& rows) const;
  static bool Gather(Buffered& column, const Rows& rows, SegmentColumn& out);
  static void GatherStrings(Buffered& column, const Rows& rows, SegmentColumn& out);

  const std::size_t schema_fields_;
  std::vector<Buffered> columns_;  // the schema's, then the extras
  boost::unordered_flat_map<std::string, std::size_t> column_indexes_;  // by name
  std::size_t next_extra_ = 0;      // rows mostly name their extras in the same order
  std::optional<Error> row_error_;  // of SetExtra; told by EndRow
  TextArena arena_;
  TextNumbers customers_;
  std::vector<std::uint32_t> row_customers_;
};

}  // namespace securebase::events

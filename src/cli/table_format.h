#pragma once

// Items in files: JSON lines or a JSON array, CSV, and DynamoDB's own JSON.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "documents/document_store.h"

namespace securebase::cli {

enum class TableFormat { kJson, kCsv, kDynamoDb };

/// By name ("json", "csv", "dynamodb"), or, where that is empty, by the file's ending (JSON where
/// it tells nothing). kInvalidArgument for another name.
Result<TableFormat> TableFormatOf(std::string_view name, std::string_view file);

/// How the keys and the cells of a file become attributes.
struct ItemTyping {
  std::map<std::string, documents::KeyType> keys;  // of the table and its indexes
  std::set<std::string> text_columns;              // of CSV: no numbers, whatever they look like
};

/// Calls `item` for each item of the text, `bad` for each line that is none, with the reason;
/// `position` is how many bytes were read. Stops at the first error that `item` returns.
struct ItemReader {
  std::function<Result<>(documents::Item item, std::uint64_t line, std::size_t position)> item;
  std::function<void(std::uint64_t line, std::string reason)> bad;
};
Result<> ReadItems(std::string_view text, TableFormat format, const ItemTyping& typing,
                   const ItemReader& reader);

/// One item as a line: plain JSON or DynamoDB JSON ({"Item": {..}}, as AWS exports tables).
std::string ItemLine(const documents::Item& item, TableFormat format);
/// CSV: a header and rows; lists, maps and sets are JSON in their cell.
std::string CsvHeader(const std::vector<std::string>& columns);
std::string CsvRow(const documents::Item& item, const std::vector<std::string>& columns);

/// An item from plain JSON, whose key attributes get the type that the table gives them.
Result<documents::Item> ItemFromPlain(const json::Value& value, const ItemTyping& typing);

}  // namespace securebase::cli

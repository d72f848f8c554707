#pragma once

// The parts of `securebase table`: its options, what its commands share, and those that move many
// items.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table_client.h"
#include "cli/table_format.h"

namespace securebase::cli {

struct TableOptions {
  TableClientOptions client;
  std::string table;
  std::string format;
  std::string file;
  std::vector<std::string> key;  // NAME=VALUE
  std::string item;              // JSON, or "-"
  std::string filter;
  std::vector<std::string> values;  // :NAME=JSON
  std::vector<std::string> names;   // #NAME=ATTRIBUTE
  std::vector<std::string> text_columns;
  std::string index;
  std::int64_t limit = 0;
  bool count = false;
  bool quiet = false;
};

// Of an answer; empty or 0 where it has no such member.
std::string TextOf(const json::Value& object, std::string_view name);
std::int64_t IntOf(const json::Value& object, std::string_view name);

/// DescribeTable's Table.
Result<json::Value> DescribeTable(TableClient& client, const std::string& table);
/// The attributes of a KeySchema, in its order.
std::vector<std::string> KeysIn(const json::Value& schema);
/// The key attributes of a table and their types; of its indexes too.
Result<ItemTyping> TypingOf(const TableOptions& options, const json::Value& description);

// The commands: the process's exit code, or an error to print.
Result<int> ScanTable(const TableOptions& options, TableClient& client);
Result<int> ExportTable(const TableOptions& options, TableClient& client);
Result<int> ImportTable(const TableOptions& options, TableClient& client);

}  // namespace securebase::cli

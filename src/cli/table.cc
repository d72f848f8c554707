// securebase table: the tables and their items, of a running server or of a stopped one's folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "base/text.h"
#include "cli/command.h"
#include "cli/table_commands.h"

namespace securebase::cli {
namespace {

using documents::Item;

std::string Text(const Error& error) {
  return error.field().empty() ? error.message() : error.field() + " " + error.message();
}

/// Opens, runs, closes; prints the error of any of them.
int WithClient(const TableOptions& options, const std::function<Result<int>(TableClient&)>& run) {
  Result<std::unique_ptr<TableClient>> client = TableClient::Open(options.client);
  if (!client.ok()) {
    const bool usage = client.error().field().starts_with("--");
    return usage ? UsageError(Text(client.error())) : Failure(Text(client.error()));
  }
  Result<int> code = run(**client);
  const Result<> closed = (*client)->Close();
  if (!code.ok()) {
    return code.error().field().starts_with("--") ? UsageError(Text(code.error()))
                                                  : Failure(Text(code.error()));
  }
  return closed.ok() ? *code : Failure(Text(closed.error()));
}

// list

Result<int> RunList(const TableOptions& options, TableClient& client) {
  const bool as_json = options.format == "json";
  if (!as_json)
    fmt::print("{:<40} {:<10} {:>12} {:>14}  {}\n", "TABLE", "STATUS", "ITEMS", "BYTES", "KEYS");
  json::Value request = json::Object();
  while (true) {
    SB_TRY(const json::Value page, client.Call("ListTables", request));
    for (const json::Value& name : page.Find("TableNames")->AsArray()) {
      SB_TRY(const json::Value table, DescribeTable(client, name.AsString()));
      if (as_json) {
        fmt::print("{}\n", json::Write(table));
        continue;
      }
      fmt::print("{:<40} {:<10} {:>12} {:>14}  {}\n", name.AsString(), TextOf(table, "TableStatus"),
                 IntOf(table, "ItemCount"), IntOf(table, "TableSizeBytes"),
                 fmt::join(KeysIn(*table.Find("KeySchema")), ", "));
    }
    const std::string last = TextOf(page, "LastEvaluatedTableName");
    if (last.empty()) return kExitGood;
    request = json::Object{{"ExclusiveStartTableName", last}};
  }
}

// get, put, delete

Result<json::Value> KeyOf(const TableOptions& options, TableClient& client) {
  SB_TRY(const json::Value description, DescribeTable(client, options.table));
  SB_TRY(const ItemTyping typing, TypingOf(options, description));
  json::Value plain = json::Object();
  for (const std::string& one : options.key) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgument("KEY", "must be NAME=VALUE, not '" + one + "'");
    }
    plain.Set(one.substr(0, equals), one.substr(equals + 1));
  }
  SB_TRY(const Item key, ItemFromPlain(plain, typing));
  return documents::ToWire(key);
}

Result<int> RunGet(const TableOptions& options, TableClient& client) {
  SB_TRY(const TableFormat format, TableFormatOf(options.format, ""));
  SB_TRY(json::Value key, KeyOf(options, client));
  SB_TRY(const json::Value answer, client.Call("GetItem", json::Object{{"TableName", options.table},
                                                                       {"Key", std::move(key)},
                                                                       {"ConsistentRead", true}}));
  const json::Value* item = answer.Find("Item");
  if (item == nullptr) {
    fmt::print(stderr, "securebase: {} has no such item\n", options.table);
    return kExitNotMet;
  }
  SB_TRY(const Item read, documents::ItemFromWire(*item));
  fmt::print("{}\n",
             ItemLine(read, format == TableFormat::kDynamoDb ? format : TableFormat::kJson));
  return kExitGood;
}

std::string ReadStdin() {
  std::string text;
  char buffer[1 << 16];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;)
    text.append(buffer, n);
  return text;
}

Result<int> RunPut(const TableOptions& options, TableClient& client) {
  SB_TRY(TableFormat format, TableFormatOf(options.format, ""));
  if (format == TableFormat::kCsv) format = TableFormat::kJson;
  SB_TRY(const json::Value description, DescribeTable(client, options.table));
  SB_TRY(const ItemTyping typing, TypingOf(options, description));
  // One document, over however many lines.
  SB_TRY(const json::Value document, json::Parse(options.item == "-" ? ReadStdin() : options.item));
  const std::string text = json::Write(document);
  std::vector<Item> items;
  std::string bad;
  SB_TRY_OK(
      ReadItems(text, format, typing,
                {.item = [&](Item item, std::uint64_t, std::size_t) -> Result<> {
                   items.push_back(std::move(item));
                   return {};
                 },
                 .bad = [&](std::uint64_t, std::string reason) { bad = std::move(reason); }}));
  if (!bad.empty()) return InvalidArgument("ITEM", bad);
  for (const Item& item : items) {
    SB_TRY_OK(client.Call(
        "PutItem", json::Object{{"TableName", options.table}, {"Item", documents::ToWire(item)}}));
  }
  if (items.empty()) return InvalidArgument("ITEM", "holds no item");
  return kExitGood;
}

Result<int> RunDelete(const TableOptions& options, TableClient& client) {
  SB_TRY(json::Value key, KeyOf(options, client));
  SB_TRY(const json::Value answer,
         client.Call("DeleteItem", json::Object{{"TableName", options.table},
                                                {"Key", std::move(key)},
                                                {"ReturnValues", "ALL_OLD"}}));
  if (answer.Find("Attributes") != nullptr) return kExitGood;
  fmt::print(stderr, "securebase: {} has no such item\n", options.table);
  return kExitNotMet;
}

// options

using Run = Result<int> (*)(const TableOptions&, TableClient&);

CLI::App* Subcommand(CLI::App& app, const std::shared_ptr<TableOptions>& options,
                     const std::shared_ptr<Run>& chosen, const char* name, const char* summary,
                     Run run) {
  CLI::App* command = app.add_subcommand(name, summary);
  command->callback([chosen, run] { *chosen = run; });
  TableClientOptions& client = options->client;
  command->add_option("--endpoint", client.endpoint, "Address of a running server");
  command->add_option("--data", client.data, "Data directory of a server that is stopped");
  command->add_option("--key", client.key, "AWS key ACCESS_KEY_ID:SECRET, with --endpoint")
      ->envname("SECUREBASE_AWS_KEY");
  command->add_option("--account", client.account, "Account of the tables");
  command->add_option("--region", client.region, "Region of the tables");
  command->add_option("--env", client.environment, "Environment of the product tables, with --data")
      ->capture_default_str();
  command->add_option("--ca-file", client.ca_file, "Certificates to trust, PEM");
  command->add_flag("--insecure", client.insecure, "Accept any certificate");
  if (std::string_view(name) != "list") {
    command->add_option("TABLE", options->table, "Its name")->required();
  }
  return command;
}

std::function<int()> Setup(CLI::App& app) {
  auto options = std::make_shared<TableOptions>();
  auto chosen = std::make_shared<Run>(nullptr);
  app.require_subcommand(1);
  auto add = [&](const char* name, const char* summary, Run run) {
    return Subcommand(app, options, chosen, name, summary, run);
  };
  auto format = [&](CLI::App* command, const char* help) {
    command->add_option("--format", options->format, help)
        ->check(CLI::IsMember({"json", "csv", "dynamodb"}));
  };
  auto filter = [&](CLI::App* command) {
    command->add_option("--filter", options->filter, "Filter expression: \"n > :n\"");
    command->add_option("--value", options->values, "Value of the filter, repeatable: :n=5")
        ->allow_extra_args(false);
    command->add_option("--name", options->names, "Name of the filter, repeatable: #s=status")
        ->allow_extra_args(false);
    command->add_option("--index", options->index, "Scan this index of the table");
  };
  format(add("list", "The tables with their sizes and keys", RunList), "json: a line each");

  CLI::App* scan = add("scan", "Print items, a line each", ScanTable);
  format(scan, "json (default), csv or dynamodb");
  filter(scan);
  scan->add_option("--limit", options->limit, "At most so many")->check(CLI::PositiveNumber);
  scan->add_flag("--count", options->count, "Print how many there are");

  CLI::App* get = add("get", "Print one item", RunGet);
  get->add_option("KEY", options->key, "NAME=VALUE of each key attribute")->required();
  format(get, "json (default) or dynamodb");

  CLI::App* put = add("put", "Write one item, or replace it", RunPut);
  put->add_option("ITEM", options->item, "The item as JSON; - reads it from stdin")->required();
  format(put, "json (default) or dynamodb");

  CLI::App* removal = add("delete", "Delete one item", RunDelete);
  removal->add_option("KEY", options->key, "NAME=VALUE of each key attribute")->required();

  CLI::App* import = add("import", "Write the items of a file", ImportTable);
  import->add_option("FILE", options->file, "JSON lines, a JSON array, CSV, or DynamoDB JSON")
      ->required();
  format(import, "json, csv or dynamodb; else by the file's ending");
  import
      ->add_option("--text", options->text_columns,
                   "CSV column that is text even where it looks like a number, repeatable")
      ->allow_extra_args(false);
  import->add_flag("--quiet", options->quiet, "No progress and no summary");

  CLI::App* exporting = add("export", "Write all items to a file", ExportTable);
  exporting->add_option("FILE", options->file, "Where to; - or none: stdout");
  format(exporting, "json, csv or dynamodb; else by the file's ending");
  filter(exporting);
  exporting->add_flag("--quiet", options->quiet, "No progress and no summary");
  return [options, chosen] {
    return WithClient(*options, [&](TableClient& client) { return (*chosen)(*options, client); });
  };
}

}  // namespace

Command TableCommand() {
  return {.name = "table",
          .summary = "Read and write tables: list, scan, get, put, delete, import, export",
          .example =
              "securebase table list --endpoint http://127.0.0.1:8080\n"
              "securebase table get report-schedules scheduleId=sch-1 --data ./data\n"
              "securebase table scan report-schedules --filter \"deliveryStatus = :s\" "
              "--value :s=failed --endpoint http://127.0.0.1:8080\n"
              "securebase table import report-schedules items.csv --data ./data\n"
              "securebase table export report-schedules items.ddb.json --data ./data",
          .setup = Setup};
}

}  // namespace securebase::cli

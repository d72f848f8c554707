// securebase table: the tables and their items, of a running server or of a stopped one's folder.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "base/file_system.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "cli/table_client.h"
#include "cli/table_format.h"
#include "cli/terminal.h"

namespace securebase::cli {
namespace {

using documents::Item;

constexpr std::size_t kBatch = 25;      // what BatchWriteItem takes
constexpr std::size_t kBadShown = 100;  // lines; the others are counted

struct Options {
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

std::string Text(const Error& error) {
  return error.field().empty() ? error.message() : error.field() + " " + error.message();
}

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->IsString() ? value->AsString() : std::string();
}

std::int64_t IntOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->IsNumber() ? static_cast<std::int64_t>(value->AsNumber()) : 0;
}

/// Opens, runs, closes; prints the error of any of them.
int WithClient(const Options& options, const std::function<Result<int>(TableClient&)>& run) {
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

Result<json::Value> Describe(TableClient& client, const std::string& table) {
  SB_TRY(json::Value answer, client.Call("DescribeTable", json::Object{{"TableName", table}}));
  const json::Value* description = answer.Find("Table");
  if (description == nullptr) return Unavailable("the server describes no table");
  return *description;
}

std::vector<std::string> KeysIn(const json::Value& schema) {
  std::vector<std::string> names;
  for (const json::Value& element : schema.AsArray()) {
    names.push_back(TextOf(element, "AttributeName"));
  }
  return names;
}

/// The key attributes of a table and their types; of its indexes too.
Result<ItemTyping> TypingOf(const Options& options, const json::Value& description) {
  ItemTyping typing;
  const json::Value* definitions = description.Find("AttributeDefinitions");
  if (definitions == nullptr || !definitions->IsArray()) {
    return Unavailable("the server describes no keys");
  }
  for (const json::Value& definition : definitions->AsArray()) {
    const std::string type = TextOf(definition, "AttributeType");
    if (type.size() != 1) continue;
    typing.keys[TextOf(definition, "AttributeName")] = static_cast<documents::KeyType>(type[0]);
  }
  typing.text_columns = {options.text_columns.begin(), options.text_columns.end()};
  return typing;
}

// list

Result<int> RunList(const Options& options, TableClient& client) {
  const bool as_json = options.format == "json";
  if (!as_json)
    fmt::print("{:<40} {:<10} {:>12} {:>14}  {}\n", "TABLE", "STATUS", "ITEMS", "BYTES", "KEYS");
  json::Value request = json::Object();
  while (true) {
    SB_TRY(const json::Value page, client.Call("ListTables", request));
    for (const json::Value& name : page.Find("TableNames")->AsArray()) {
      SB_TRY(const json::Value table, Describe(client, name.AsString()));
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

// scan and export

Result<json::Value> ScanRequest(const Options& options) {
  json::Value request = json::Object{{"TableName", options.table}};
  if (!options.index.empty()) request.Set("IndexName", options.index);
  if (!options.filter.empty()) request.Set("FilterExpression", options.filter);
  if (options.count) request.Set("Select", "COUNT");
  auto pairs = [](const std::vector<std::string>& given, const char* option, auto add) -> Result<> {
    for (const std::string& one : given) {
      const std::size_t equals = one.find('=');
      if (equals == std::string::npos || equals == 0) {
        return InvalidArgument(option, "must be NAME=VALUE, not '" + one + "'");
      }
      SB_TRY_OK(add(one.substr(0, equals), one.substr(equals + 1)));
    }
    return {};
  };
  json::Value values = json::Object(), names = json::Object();
  SB_TRY_OK(
      pairs(options.values, "--value", [&](std::string name, const std::string& text) -> Result<> {
        // What is no JSON is a text: --value :s=active.
        const Result<json::Value> parsed = json::Parse(text);
        values.Set(
            name.starts_with(':') ? name : ":" + name,
            documents::ToWire(parsed.ok() ? documents::FromJson(*parsed) : documents::Value(text)));
        return {};
      }));
  SB_TRY_OK(
      pairs(options.names, "--name", [&](std::string name, const std::string& text) -> Result<> {
        names.Set(name.starts_with('#') ? name : "#" + name, text);
        return {};
      }));
  if (!options.values.empty()) request.Set("ExpressionAttributeValues", std::move(values));
  if (!options.names.empty()) request.Set("ExpressionAttributeNames", std::move(names));
  return request;
}

/// Calls `item` for every item that the scan finds, `page` after each page of it.
Result<> Scan(const Options& options, TableClient& client, const std::function<void(Item)>& item,
              const std::function<void(const json::Value&)>& page) {
  SB_TRY(json::Value request, ScanRequest(options));
  std::int64_t left = options.limit > 0 ? options.limit : INT64_MAX;
  while (left > 0) {
    SB_TRY(const json::Value answer, client.Call("Scan", request));
    if (const json::Value* items = answer.Find("Items")) {
      for (const json::Value& one : items->AsArray()) {
        if (left-- <= 0) break;
        SB_TRY(Item read, documents::ItemFromWire(one));
        item(std::move(read));
      }
    }
    page(answer);
    const json::Value* last = answer.Find("LastEvaluatedKey");
    if (last == nullptr) return {};
    request.Set("ExclusiveStartKey", *last);
  }
  return {};
}

Result<int> RunScan(const Options& options, TableClient& client) {
  SB_TRY(const TableFormat format, TableFormatOf(options.format, ""));
  std::int64_t count = 0;
  std::vector<Item> rows;  // CSV has its columns on top: they are known at the end
  std::set<std::string> columns;
  SB_TRY_OK(Scan(
      options, client,
      [&](Item item) {
        if (format != TableFormat::kCsv) {
          fmt::print("{}\n", ItemLine(item, format));
          return;
        }
        for (const auto& [name, value] : item) columns.insert(name);
        rows.push_back(std::move(item));
      },
      [&](const json::Value& page) { count += IntOf(page, "Count"); }));
  if (options.count) fmt::print("{}\n", count);
  if (format != TableFormat::kCsv || options.count) return kExitGood;
  const std::vector<std::string> header(columns.begin(), columns.end());
  fmt::print("{}\n", CsvHeader(header));
  for (const Item& row : rows) fmt::print("{}\n", CsvRow(row, header));
  return kExitGood;
}

/// The columns of a CSV export: the table's keys, then every other attribute by name.
Result<std::vector<std::string>> ColumnsOf(const Options& options, TableClient& client) {
  SB_TRY(const json::Value description, Describe(client, options.table));
  std::vector<std::string> columns = KeysIn(*description.Find("KeySchema"));
  std::set<std::string> others;
  SB_TRY_OK(Scan(
      options, client,
      [&](Item item) {
        for (const auto& [name, value] : item) others.insert(name);
      },
      [](const json::Value&) {}));
  for (const std::string& name : columns) others.erase(name);
  columns.insert(columns.end(), others.begin(), others.end());
  return columns;
}

Result<int> RunExport(const Options& options, TableClient& client) {
  SB_TRY(const TableFormat format, TableFormatOf(options.format, options.file));
  std::vector<std::string> columns;
  if (format == TableFormat::kCsv) {
    SB_TRY(columns, ColumnsOf(options, client));
  }
  const bool to_stdout = options.file.empty() || options.file == "-";
  // Beside the file until it is whole: what stood there before is not lost to a failure.
  const std::string part = options.file + ".part";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      to_stdout ? stdout : std::fopen(part.c_str(), "wb"),
      to_stdout ? +[](std::FILE* f) { return std::fflush(f); } : std::fclose);
  if (!file) return InvalidArgument(part, "cannot be written");
  std::uint64_t count = 0, bytes = 0;
  bool written = true;
  double seconds = 0;
  {
    ProgressLine line(!options.quiet && !to_stdout && IsTerminal(STDERR_FILENO), 0, "items");
    auto write = [&](std::string text) {
      text += '\n';
      bytes += text.size();
      written = written && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    };
    if (format == TableFormat::kCsv) write(CsvHeader(columns));
    SB_TRY_OK(Scan(
        options, client,
        [&](Item item) {
          write(format == TableFormat::kCsv ? CsvRow(item, columns) : ItemLine(item, format));
          ++count;
        },
        [&](const json::Value&) { line.Show(count, bytes); }));
    seconds = line.Seconds();
  }
  written = written && std::fflush(file.get()) == 0;
  file.reset();
  if (!written) return Unavailable("cannot write all of " + (to_stdout ? "stdout" : part));
  if (to_stdout) return kExitGood;
  std::error_code error;
  std::filesystem::rename(part, options.file, error);
  if (error) return Unavailable("cannot name " + options.file + ": " + error.message());
  if (!options.quiet) {
    fmt::print("{} items exported to {}, {:.1f} s\n", count, options.file, seconds);
  }
  return kExitGood;
}

// get, put, delete

Result<json::Value> KeyOf(const Options& options, TableClient& client) {
  SB_TRY(const json::Value description, Describe(client, options.table));
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

Result<int> RunGet(const Options& options, TableClient& client) {
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

Result<int> RunPut(const Options& options, TableClient& client) {
  SB_TRY(TableFormat format, TableFormatOf(options.format, ""));
  if (format == TableFormat::kCsv) format = TableFormat::kJson;
  SB_TRY(const json::Value description, Describe(client, options.table));
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

Result<int> RunDelete(const Options& options, TableClient& client) {
  SB_TRY(json::Value key, KeyOf(options, client));
  SB_TRY(const json::Value answer,
         client.Call("DeleteItem", json::Object{{"TableName", options.table},
                                                {"Key", std::move(key)},
                                                {"ReturnValues", "ALL_OLD"}}));
  if (answer.Find("Attributes") != nullptr) return kExitGood;
  fmt::print(stderr, "securebase: {} has no such item\n", options.table);
  return kExitNotMet;
}

// import

/// Items on their way into a table, in batches; what is refused is told with its line.
class Importer {
 public:
  Importer(const Options& options, TableClient& client) : options_(options), client_(client) {}

  Result<> Add(Item item, std::uint64_t line) {
    // One batch names a key once: the later line wins, as it would without batches.
    if (pending_.size() == kBatch || !keys_.insert(KeyText(item)).second) SB_TRY_OK(Flush());
    keys_.insert(KeyText(item));
    pending_.push_back({std::move(item), line});
    return {};
  }

  Result<> Flush() {
    keys_.clear();
    std::vector<Pending> batch = std::exchange(pending_, {});
    if (batch.empty()) return {};
    json::Array requests;
    for (const Pending& one : batch) {
      requests.push_back(
          json::Object{{"PutRequest", json::Object{{"Item", documents::ToWire(one.item)}}}});
    }
    const json::Value request =
        json::Object{{"RequestItems", json::Object{{options_.table, std::move(requests)}}}};
    const Result<json::Value> answer = client_.Call("BatchWriteItem", request);
    if (answer.ok()) {
      written_ += batch.size();
      return {};
    }
    if (!IsItemsFault(answer.error())) return answer.error();
    // One of them is at fault: the others are written alone.
    for (const Pending& one : batch) {
      const Result<json::Value> single = client_.Call(
          "PutItem",
          json::Object{{"TableName", options_.table}, {"Item", documents::ToWire(one.item)}});
      if (single.ok()) {
        ++written_;
      } else if (IsItemsFault(single.error())) {
        Bad(one.line, single.error().message());
      } else {
        return single.error();
      }
    }
    return {};
  }

  void Bad(std::uint64_t line, const std::string& reason) {
    if (++bad_ <= kBadShown) {
      bad_lines_ += fmt::format("{}:{}: {}\n", options_.file, line, reason);
    }
  }

  void SetKeys(std::vector<std::string> names) { key_names_ = std::move(names); }
  std::uint64_t written() const { return written_; }
  std::uint64_t bad() const { return bad_; }
  const std::string& bad_lines() const { return bad_lines_; }

 private:
  struct Pending {
    Item item;
    std::uint64_t line = 0;
  };

  static bool IsItemsFault(const Error& error) {
    return error.wire_code() == "ValidationException" ||
           error.wire_code() == "SerializationException";
  }

  std::string KeyText(const Item& item) const {
    Item key;
    for (const std::string& name : key_names_) {
      if (auto found = item.find(name); found != item.end()) key.insert(*found);
    }
    return documents::EncodeItem(key);
  }

  const Options& options_;
  TableClient& client_;
  std::vector<std::string> key_names_;
  std::vector<Pending> pending_;
  std::set<std::string> keys_;  // of the pending ones
  std::uint64_t written_ = 0;
  std::uint64_t bad_ = 0;
  std::string bad_lines_;
};

Result<int> RunImport(const Options& options, TableClient& client) {
  SB_TRY(const TableFormat format, TableFormatOf(options.format, options.file));
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(options.file, ignored)) {
    return InvalidArgument(options.file, "is no regular file");
  }
  SB_TRY(const std::unique_ptr<MappedFile> file, PosixFileSystem().Map(options.file));
  SB_TRY(const json::Value description, Describe(client, options.table));
  SB_TRY(const ItemTyping typing, TypingOf(options, description));
  Importer importer(options, client);
  importer.SetKeys(KeysIn(*description.Find("KeySchema")));
  double seconds = 0;
  Result<> read;
  {
    ProgressLine line(!options.quiet && IsTerminal(STDERR_FILENO), file->bytes().size(), "items");
    read = ReadItems(
        file->bytes(), format, typing,
        {.item =
             [&](Item item, std::uint64_t number, std::size_t position) {
               line.Show(importer.written(), position);
               return importer.Add(std::move(item), number);
             },
         .bad = [&](std::uint64_t number, std::string reason) { importer.Bad(number, reason); }});
    if (read.ok()) read = importer.Flush();
    seconds = line.Seconds();
  }
  fmt::print(stderr, "{}", importer.bad_lines());
  if (importer.bad() > kBadShown) fmt::print(stderr, "and {} more\n", importer.bad() - kBadShown);
  if (!read.ok()) {
    return read.error().Within(fmt::format("{} items were imported before", importer.written()));
  }
  if (!options.quiet) {
    fmt::print("{} items imported into {}, {} rejected, {:.1f} s ({:.0f} items/s)\n",
               importer.written(), options.table, importer.bad(), seconds,
               static_cast<double>(importer.written()) / std::max(seconds, 1e-3));
  }
  return importer.bad() > 0 ? kExitNotMet : kExitGood;
}

// options

using Run = Result<int> (*)(const Options&, TableClient&);

CLI::App* Subcommand(CLI::App& app, const std::shared_ptr<Options>& options,
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
  auto options = std::make_shared<Options>();
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

  CLI::App* scan = add("scan", "Print items, a line each", RunScan);
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

  CLI::App* import = add("import", "Write the items of a file", RunImport);
  import->add_option("FILE", options->file, "JSON lines, a JSON array, CSV, or DynamoDB JSON")
      ->required();
  format(import, "json, csv or dynamodb; else by the file's ending");
  import
      ->add_option("--text", options->text_columns,
                   "CSV column that is text even where it looks like a number, repeatable")
      ->allow_extra_args(false);
  import->add_flag("--quiet", options->quiet, "No progress and no summary");

  CLI::App* exporting = add("export", "Write all items to a file", RunExport);
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

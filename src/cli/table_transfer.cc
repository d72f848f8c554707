// Many items of a table: scanned, exported to a file, imported from one.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "base/file_system.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "cli/table_commands.h"
#include "cli/terminal.h"

namespace securebase::cli {
namespace {

using documents::Item;

constexpr std::size_t kBatch = 25;      // what BatchWriteItem takes
constexpr std::size_t kBadShown = 100;  // lines; the others are counted

Result<json::Value> ScanRequest(const TableOptions& options) {
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
Result<> Scan(const TableOptions& options, TableClient& client,
              const std::function<void(Item)>& item,
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

/// The columns of a CSV export: the table's keys, then every other attribute by name.
Result<std::vector<std::string>> ColumnsOf(const TableOptions& options, TableClient& client) {
  SB_TRY(const json::Value description, DescribeTable(client, options.table));
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

/// Items on their way into a table, in batches; what is refused is told with its line.
class Importer {
 public:
  Importer(const TableOptions& options, TableClient& client) : options_(options), client_(client) {}

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

  const TableOptions& options_;
  TableClient& client_;
  std::vector<std::string> key_names_;
  std::vector<Pending> pending_;
  std::set<std::string> keys_;  // of the pending ones
  std::uint64_t written_ = 0;
  std::uint64_t bad_ = 0;
  std::string bad_lines_;
};

}  // namespace

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->IsString() ? value->AsString() : std::string();
}

std::int64_t IntOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->IsNumber() ? static_cast<std::int64_t>(value->AsNumber()) : 0;
}

Result<json::Value> DescribeTable(TableClient& client, const std::string& table) {
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

Result<ItemTyping> TypingOf(const TableOptions& options, const json::Value& description) {
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

Result<int> ScanTable(const TableOptions& options, TableClient& client) {
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

Result<int> ExportTable(const TableOptions& options, TableClient& client) {
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
  std::uint64_t count = 0;
  bool written = true;
  double seconds = 0;
  {
    ProgressLine line(!options.quiet && !to_stdout && IsTerminal(STDERR_FILENO), "items");
    auto write = [&](std::string text) {
      text += '\n';
      written = written && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    };
    if (format == TableFormat::kCsv) write(CsvHeader(columns));
    SB_TRY_OK(Scan(
        options, client,
        [&](Item item) {
          write(format == TableFormat::kCsv ? CsvRow(item, columns) : ItemLine(item, format));
          ++count;
        },
        [&](const json::Value&) { line.Show(count); }));
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

Result<int> ImportTable(const TableOptions& options, TableClient& client) {
  SB_TRY(const TableFormat format, TableFormatOf(options.format, options.file));
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(options.file, ignored)) {
    return InvalidArgument(options.file, "is no regular file");
  }
  SB_TRY(const std::unique_ptr<MappedFile> file, PosixFileSystem().Map(options.file));
  SB_TRY(const json::Value description, DescribeTable(client, options.table));
  SB_TRY(const ItemTyping typing, TypingOf(options, description));
  Importer importer(options, client);
  importer.SetKeys(KeysIn(*description.Find("KeySchema")));
  double seconds = 0;
  Result<> read;
  {
    ProgressLine line(!options.quiet && IsTerminal(STDERR_FILENO), "items");
    read = ReadItems(
        file->bytes(), format, typing,
        {.item =
             [&](Item item, std::uint64_t number, std::size_t position) {
               line.Show(importer.written(),
                         static_cast<double>(position) / static_cast<double>(file->bytes().size()));
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

}  // namespace securebase::cli

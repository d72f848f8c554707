#include "cli/table_format.h"

#include <algorithm>
#include <utility>

#include "analytics/csv_reader.h"
#include "base/text.h"

namespace securebase::cli {
namespace {

using documents::Item;
using documents::KeyType;
using documents::Number;
using documents::Value;

/// The value of a key attribute: "5" is a number where the table wants one.
Result<Value> KeyValue(const std::string& name, Value value, KeyType type) {
  const std::string_view wanted(reinterpret_cast<const char*>(&type), 1);
  if (value.type() == wanted) return value;
  if (type == KeyType::kNumber && value.string()) {
    SB_TRY(Number number, Number::Parse(*value.string()));
    return Value(std::move(number));
  }
  if (type == KeyType::kString && value.number()) return Value(value.number()->text());
  if (type == KeyType::kBinary && value.string()) {
    if (auto bytes = Base64Decode(*value.string())) {
      return Value(Value::Data(documents::Binary{*std::move(bytes)}));
    }
  }
  return InvalidArgument(name, "must be of type " + std::string(wanted));
}

Result<Item> Typed(Item item, const ItemTyping& typing) {
  for (const auto& [name, type] : typing.keys) {
    auto found = item.find(name);
    if (found == item.end()) continue;
    SB_TRY(found->second, KeyValue(name, std::move(found->second), type));
  }
  return item;
}

Result<Item> FromDynamoDb(const json::Value& value) {
  const json::Value* item = value.Find("Item");
  const bool exported = item != nullptr && item->IsObject() && value.AsObject().size() == 1 &&
                        std::all_of(item->AsObject().begin(), item->AsObject().end(),
                                    [](const auto& member) { return member.second.IsObject(); });
  return documents::ItemFromWire(exported ? *item : value);
}

Result<Item> FromJson(const json::Value& value, TableFormat format, const ItemTyping& typing) {
  if (!value.IsObject()) return InvalidArgument("", "an item is an object");
  if (format == TableFormat::kDynamoDb) return FromDynamoDb(value);
  return ItemFromPlain(value, typing);
}

bool LooksLikeNumber(std::string_view cell) {
  if (cell.empty() || !Number::Parse(cell).ok()) return false;
  // "007" and "+49" are names rather than numbers.
  const std::string_view digits = cell.starts_with('-') ? cell.substr(1) : cell;
  return digits[0] != '+' && !(digits.size() > 1 && digits[0] == '0' && digits[1] != '.');
}

Result<Value> CellValue(const std::string& column, std::string_view cell,
                        const ItemTyping& typing) {
  if (typing.keys.contains(column) || typing.text_columns.contains(column)) return Value(cell);
  if (cell == "true" || cell == "false") return Value(cell == "true");
  if (LooksLikeNumber(cell)) {
    SB_TRY(Number number, Number::Parse(cell));
    return Value(std::move(number));
  }
  if (cell.starts_with('{') || cell.starts_with('[')) {
    if (auto parsed = json::Parse(cell); parsed.ok()) return documents::FromJson(*parsed);
  }
  return Value(cell);
}

Result<> ReadCsv(std::string_view text, const ItemTyping& typing, const ItemReader& reader) {
  analytics::CsvReader csv(text);
  if (!csv.Next()) return InvalidArgument("", "the file has no header");
  std::vector<std::string> columns(csv.fields().begin(), csv.fields().end());
  std::set<std::string> seen;
  for (const std::string& column : columns) {
    if (column.empty() || !seen.insert(column).second) {
      return InvalidArgument("", "the header names a column '" + column + "' twice or not at all");
    }
  }
  auto read = [&]() -> Result<Item> {
    if (!csv.problem().empty()) return InvalidArgument("", std::string(csv.problem()));
    if (csv.fields().size() != columns.size()) {
      return InvalidArgument("", std::to_string(csv.fields().size()) + " fields, the header has " +
                                     std::to_string(columns.size()));
    }
    Item item;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (csv.fields()[i].empty()) continue;  // no value: no attribute
      SB_TRY(Value value, CellValue(columns[i], csv.fields()[i], typing));
      item.emplace(columns[i], std::move(value));
    }
    return Typed(std::move(item), typing);
  };
  while (csv.Next()) {
    Result<Item> item = read();
    if (!item.ok()) {
      reader.bad(csv.line(), item.error().message());
      continue;
    }
    SB_TRY_OK(reader.item(*std::move(item), csv.line(), csv.position()));
  }
  return {};
}

Result<> ReadArray(const json::Array& elements, TableFormat format, const ItemTyping& typing,
                   const ItemReader& reader) {
  std::uint64_t number = 0;
  for (const json::Value& element : elements) {
    ++number;  // of the element: an array has no lines
    Result<Item> item = FromJson(element, format, typing);
    if (!item.ok()) {
      reader.bad(number, item.error().message());
      continue;
    }
    SB_TRY_OK(reader.item(*std::move(item), number, 0));
  }
  return {};
}

Result<> ReadLines(std::string_view text, TableFormat format, const ItemTyping& typing,
                   const ItemReader& reader) {
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = Trim(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    Result<Item> item = [&]() -> Result<Item> {
      SB_TRY(const json::Value value, json::Parse(line));
      return FromJson(value, format, typing);
    }();
    if (!item.ok()) {
      reader.bad(number, item.error().message());
      continue;
    }
    SB_TRY_OK(reader.item(*std::move(item), number, std::min(at, text.size())));
  }
  return {};
}

void AppendPlain(std::string& out, const Value& value);

void AppendPlain(std::string& out, const Item& item) {
  out += '{';
  for (const auto& [name, value] : item) {
    if (out.back() != '{') out += ',';
    json::AppendQuoted(out, name);
    out += ':';
    AppendPlain(out, value);
  }
  out += '}';
}

/// Plain JSON with the numbers' own digits, which a double would not hold.
void AppendPlain(std::string& out, const Value& value) {
  auto elements = [&out](const auto& list, auto append) {
    out += '[';
    bool first = true;
    for (const auto& element : list) {
      if (!first) out += ',';
      first = false;
      append(element);
    }
    out += ']';
  };
  if (const Number* number = value.number()) {
    out += number->text();
  } else if (const Item* map = value.map()) {
    AppendPlain(out, *map);
  } else if (const documents::List* list = value.list()) {
    elements(*list, [&](const Value& element) { AppendPlain(out, element); });
  } else if (const auto* set = std::get_if<documents::NumberSet>(&value.data())) {
    elements(set->elements, [&](const Number& number) { out += number.text(); });
  } else {
    out += json::Write(documents::ToJson(value));
  }
}

std::string Cell(const Value& value) {
  if (const std::string* text = value.string()) return *text;
  if (const Number* number = value.number()) return number->text();
  if (std::holds_alternative<documents::Null>(value.data())) return "";
  if (const auto* binary = std::get_if<documents::Binary>(&value.data())) {
    return Base64Encode(binary->bytes);
  }
  std::string text;
  AppendPlain(text, value);
  return text;
}

void AppendCell(std::string& out, std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += cell;
    return;
  }
  out += '"';
  for (char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

Result<TableFormat> TableFormatOf(std::string_view name, std::string_view file) {
  if (name == "json") return TableFormat::kJson;
  if (name == "csv") return TableFormat::kCsv;
  if (name == "dynamodb") return TableFormat::kDynamoDb;
  if (!name.empty()) return InvalidArgument("--format", "must be json, csv or dynamodb");
  if (file.ends_with(".csv")) return TableFormat::kCsv;
  if (file.ends_with(".ddb.json") || file.ends_with(".dynamodb.json")) {
    return TableFormat::kDynamoDb;
  }
  return TableFormat::kJson;
}

Result<> ReadItems(std::string_view text, TableFormat format, const ItemTyping& typing,
                   const ItemReader& reader) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (format == TableFormat::kCsv) return ReadCsv(text, typing, reader);
  if (!Trim(text).starts_with('[')) return ReadLines(text, format, typing, reader);
  SB_TRY(const json::Value array, json::Parse(text, {.size_max = std::size_t{4} << 30}));
  return ReadArray(array.AsArray(), format, typing, reader);
}

std::string ItemLine(const Item& item, TableFormat format) {
  if (format == TableFormat::kJson) {
    std::string line;
    AppendPlain(line, item);
    return line;
  }
  json::Value line = json::Object();
  line.Set("Item", documents::ToWire(item));
  return json::Write(line);
}

std::string CsvHeader(const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) {
    if (!out.empty()) out += ',';
    AppendCell(out, column);
  }
  return out;
}

std::string CsvRow(const Item& item, const std::vector<std::string>& columns) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    auto found = item.find(columns[i]);
    if (found != item.end()) AppendCell(out, Cell(found->second));
  }
  return out;
}

Result<Item> ItemFromPlain(const json::Value& value, const ItemTyping& typing) {
  if (!value.IsObject()) return InvalidArgument("", "an item is an object");
  Item item;
  for (const auto& [name, member] : value.AsObject()) {
    item.insert_or_assign(name, documents::FromJson(member));
  }
  return Typed(std::move(item), typing);
}

}  // namespace securebase::cli

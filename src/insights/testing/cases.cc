#include "insights/testing/cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace securebase::insights::testing {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> RowsOf(const Table& table) {
  std::vector<Row> rows;
  for (const auto& row : table.rows) {
    Row& out = rows.emplace_back();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (row[c]) out[table.columns[c]] = *row[c];
    }
  }
  return rows;
}

std::vector<Row> RowsOf(const json::Value& expect) {
  std::vector<Row> rows;
  for (const json::Value& row : expect.AsArray()) {
    Row& out = rows.emplace_back();
    for (const auto& [name, value] : row.AsObject()) out[name] = value.AsString();
  }
  return rows;
}

std::string TextOf(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows) {
    out += "\n    ";
    for (const auto& [name, value] : row) out += name + "=" + value + "  ";
  }
  return out;
}

}  // namespace

std::string ToText(const Table& table) { return TextOf(RowsOf(table)); }

std::vector<Case> ReadCases(const std::string& path) {
  std::ifstream file(path);
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    const auto parsed = json::Parse(line);
    if (!parsed.ok()) {
      ADD_FAILURE() << line << ": " << parsed.error().message();
      continue;
    }
    const json::Value& v = *parsed;
    Case& c = cases.emplace_back();
    c.name = v.Find("name")->AsString();
    c.query = v.Find("query")->AsString();
    c.why = v.Find("why")->AsString();
    c.start = v.Find("start")->AsInt();
    c.end = v.Find("end")->AsInt();
    for (const json::Value& event : v.Find("events")->AsArray()) {
      MemoryEvent& e = c.events.emplace_back();
      e.timestamp_ms = event.Find("timestamp")->AsInt();
      e.message = event.Find("message")->AsString();
      if (const json::Value* stream = event.Find("stream")) e.stream = stream->AsString();
      if (const json::Value* group = event.Find("group")) e.group = group->AsString();
    }
    if (const json::Value* groups = v.Find("groups"); groups != nullptr) {
      c.groups.clear();
      for (const json::Value& group : groups->AsArray()) c.groups.push_back(group.AsString());
    }
    if (const json::Value* lookup = v.Find("lookup")) c.lookup = *lookup;
    if (const json::Value* expect = v.Find("expect")) c.expect = *expect;
    if (const json::Value* error = v.Find("error")) c.error = error->AsString();
    if (const json::Value* ordered = v.Find("ordered")) c.ordered = ordered->AsBool();
  }
  return cases;
}

std::string Check(const Case& c) {
  const ParseResult query = Parse(c.query);
  if (!c.error.empty()) {
    if (query.ok()) return "parses, should not";
    const std::size_t colon = c.error.find(':');
    const std::string word = colon == std::string::npos ? "" : c.error.substr(colon + 1);
    return query.error().message.find(word) == std::string::npos
               ? "the message lacks '" + word + "': " + query.error().message
               : "";
  }
  if (!query.ok()) return query.error().ToText(c.query);
  RunOptions options;
  options.groups = c.groups;
  const auto range = RangeOf(c.start, c.end);
  if (!range.ok()) return range.error().message();
  options.start_ms = range->start_ms;
  options.end_ms = range->end_ms;
  options.now_ms = range->end_ms;
  if (c.lookup.IsObject()) {
    for (const auto& [name, rows] : c.lookup.AsObject()) {
      auto table = ReadLookupTable(json::Write(rows));
      if (!table.ok()) return table.error().message();
      options.lookups[name] = std::make_shared<const LookupTable>(*std::move(table));
    }
  }
  const MemoryInput input(c.events);
  const auto answer = Run(*query, input, options);
  if (!answer.ok()) return answer.error().message();
  std::vector<Row> got = RowsOf(answer->table), want = RowsOf(c.expect);
  if (!c.ordered) {
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
  }
  if (got == want) return "";
  return "expected" + TextOf(want) + "\n  got" + TextOf(got);
}

std::string RunOnNothing(const Query& query) {
  RunOptions options;
  options.groups = {"case"};
  options.end_ms = 1'000'000;
  for (const char* name : {"user_data", "network_services", "users"}) {
    auto table = std::make_shared<LookupTable>();
    table->columns = {"user_id",    "username", "email",        "department",
                      "ip_address", "port",     "service_name", "owner"};
    options.lookups[name] = table;
  }
  const MemoryInput input(std::vector<MemoryEvent>{});
  const auto answer = Run(query, input, options);
  return answer.ok() ? "" : answer.error().message();
}

}  // namespace securebase::insights::testing

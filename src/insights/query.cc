#include "insights/query.h"

#include <algorithm>

#include "base/text.h"
#include "insights/internal/binder.h"
#include "insights/internal/parser.h"
#include "insights/internal/plan.h"

namespace securebase::insights {
namespace {

std::size_t CountCodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

MalformedQuery Locate(std::string_view text, std::string message, internal::Span span) {
  span.start = std::min(span.start, text.size());
  span.end = std::clamp(span.end, span.start, text.size());
  MalformedQuery error;
  error.start = CountCodePoints(text.substr(0, span.start));
  error.end = error.start + CountCodePoints(text.substr(span.start, span.end - span.start));
  const std::string_view before = text.substr(0, span.start);
  error.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t newline = before.rfind('\n');
  error.column =
      1 + CountCodePoints(newline == std::string_view::npos ? before : before.substr(newline + 1));
  error.message = std::move(message) + " at line " + std::to_string(error.line) + " and position " +
                  std::to_string(error.column);
  return error;
}

void ExplainPlan(const internal::Plan& plan, const std::string& indent, std::string& out) {
  out += indent + "scan";
  for (const std::string& name : plan.groups.names) out += " " + name;
  for (const std::string& prefix : plan.groups.prefixes) out += " " + prefix + "*";
  out += ": columns @timestamp";
  for (const internal::SourceField& field : plan.fields) {
    out += ", " + field.name + (field.tree ? " (as JSON)" : "");
  }
  if (std::find(plan.live.begin(), plan.live.end(), internal::kPointerSlot) != plan.live.end()) {
    out += ", @ptr";
  }
  out += '\n';
  if (!plan.where_text.empty()) {
    out += indent + "  skipping what cannot satisfy: " + plan.where_text + '\n';
  }
  for (std::size_t i = 0; i < plan.subqueries.size(); ++i) {
    out += indent + "  first, subquery " + std::to_string(i + 1) +
           (plan.subqueries[i].use == internal::Subquery::Use::kEarlier ? " (the earlier range):\n"
                                                                        : ":\n");
    ExplainPlan(*plan.subqueries[i].plan, indent + "    ", out);
  }
  bool streaming = true;
  for (const auto& stage : plan.stages) {
    const bool now = streaming && stage->streaming();
    std::string text = stage->Explain();
    std::replace(text.begin(), text.end(), '\n', ' ');
    out += indent + (now ? "batch  " : streaming ? "gather " : "rows   ") + text + '\n';
    streaming = now;
  }
  out += indent + "answer";
  for (const internal::Output& column : plan.columns) {
    out += (&column == &plan.columns.front() ? " " : ", ") + column.name;
  }
  out += '\n';
}

}  // namespace

Error MalformedQuery::ToError() const {
  return Error(ErrorCode::kInvalidArgument, message, "queryString", "MalformedQueryException");
}

std::string MalformedQuery::ToText(std::string_view query) const {
  std::string out = message + '\n';
  std::size_t at = 0;
  for (std::size_t n = 1; n < line; ++n) {
    const std::size_t newline = query.find('\n', at);
    if (newline == std::string_view::npos) break;
    at = newline + 1;
  }
  const std::string_view text = query.substr(at, query.find('\n', at) - at);
  out += "  ";
  for (const char c : text) out += c == '\t' ? ' ' : c;
  out += "\n  " + std::string(column - 1, ' ');
  const std::size_t left = CountCodePoints(text);
  const std::size_t room = left + 1 > column ? left + 1 - column : 1;
  out += std::string(std::clamp<std::size_t>(end > start ? end - start : 1, 1, room), '^');
  return out + '\n';
}

const GroupSelection& Query::groups() const { return plan_->groups; }
bool Query::has_pointers() const { return plan_->pointers; }
std::optional<std::string> Query::time_column() const { return plan_->time_column; }

std::vector<std::string> Query::columns() const {
  std::vector<std::string> names;
  for (const internal::Output& column : plan_->columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> Query::fields() const {
  std::vector<std::string> names;
  for (const internal::SourceField& field : plan_->fields) names.push_back(field.name);
  return names;
}

std::string Query::Explain() const {
  std::string out;
  ExplainPlan(*plan_, "", out);
  return out;
}

ParseResult Parse(std::string_view text) {
  if (!IsValidUtf8(text))
    return Locate(text, "the query is not UTF-8", {ValidUtf8Prefix(text), text.size()});
  if (CountCodePoints(text) > kQueryCharactersMax) {
    return Locate(text, "the query is longer than 10000 characters", {0, 0});
  }
  try {
    internal::Parser parser(text);
    const internal::QueryAst ast = parser.ParseQuery();
    internal::Binder binder(text);
    binder.Bind(ast);
    return Query(binder.Finish());
  } catch (const internal::SyntaxError& error) {
    return Locate(text, error.message, error.span);
  }
}

}  // namespace securebase::insights

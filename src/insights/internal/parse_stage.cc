#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "base/json.h"
#include "insights/internal/row_stages.h"

// Source: logs-insights, Commands, parse.

namespace securebase::insights::internal {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// key=value pairs; quoted values may hold blanks and escapes; a bare key is true.
Pairs ReadLogfmt(std::string_view text) {
  Pairs pairs;
  std::size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && static_cast<unsigned char>(text[i]) <= ' ') ++i;
    const std::size_t start = i;
    while (i < text.size() && static_cast<unsigned char>(text[i]) > ' ' && text[i] != '=') ++i;
    std::string key(text.substr(start, i - start));
    if (i == text.size() || text[i] != '=') {
      if (!key.empty()) pairs.emplace_back(std::move(key), "true");
      continue;
    }
    ++i;
    std::string value;
    if (i < text.size() && text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
          ++i;
          value += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        } else {
          value += text[i];
        }
      }
      if (i < text.size()) ++i;
    } else {
      const std::size_t from = i;
      while (i < text.size() && static_cast<unsigned char>(text[i]) > ' ') ++i;
      value = text.substr(from, i - from);
    }
    if (!key.empty()) pairs.emplace_back(std::move(key), std::move(value));
  }
  return pairs;
}

// One record of RFC 4180.
std::vector<std::string> ReadCsv(std::string_view text) {
  std::vector<std::string> columns(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        columns.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        columns.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && columns.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      columns.emplace_back();
    } else if (c == '\n' || c == '\r') {
      break;
    } else {
      columns.back() += c;
    }
  }
  return columns;
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  std::size_t start = 0;
  for (std::size_t star; (star = pattern.find('*', start)) != std::string_view::npos;
       start = star + 1) {
    literals.emplace_back(pattern.substr(start, star - start));
  }
  literals.emplace_back(pattern.substr(start));
}

bool Glob::Match(std::string_view text, std::vector<std::string_view>& captures) const {
  captures.clear();
  std::size_t at = text.find(literals[0]);
  if (at == std::string_view::npos) return false;
  if (literals.size() == 1) {
    captures.push_back(text.substr(at, literals[0].size()));
    return true;
  }
  at += literals[0].size();
  for (std::size_t i = 1; i < literals.size(); ++i) {
    if (i + 1 == literals.size() && literals[i].empty()) {
      captures.push_back(text.substr(at));
      return true;
    }
    const std::size_t next = text.find(literals[i], at);
    if (next == std::string_view::npos) return false;
    captures.push_back(text.substr(at, next - at));
    at = next + literals[i].size();
  }
  return true;
}

void ParseStage::Writes(std::vector<int>& written) const {
  written.insert(written.end(), slots.begin(), slots.end());
}

bool ParseStage::MatchRegex(std::string_view text, std::size_t& at, std::vector<Cell>& out) const {
  const int count = 1 + (groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()));
  thread_local std::vector<re2::StringPiece> captures;
  captures.assign(static_cast<std::size_t>(count), re2::StringPiece());
  if (!regex->Match(re2::StringPiece(text.data(), text.size()), at, text.size(),
                    re2::RE2::UNANCHORED, captures.data(), count)) {
    return false;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const re2::StringPiece& capture = captures[static_cast<std::size_t>(groups[i])];
    out[i] = capture.data() == nullptr ? Cell() : Cell::Text({capture.data(), capture.size()});
  }
  const auto end = static_cast<std::size_t>(captures[0].data() + captures[0].size() - text.data());
  at = captures[0].empty() ? end + 1 : end;
  return true;
}

void ParseStage::ParseText(std::string_view text, Arena& arena, std::vector<Cell>& out) const {
  std::fill(out.begin(), out.end(), Cell());
  switch (form) {
    case Command::ParseForm::kGlob: {
      thread_local std::vector<std::string_view> captures;
      if (!glob->Match(text, captures)) return;
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = Cell::Text(captures[i]);
      return;
    }
    case Command::ParseForm::kRegex: {
      if (!literal.empty() &&
          memmem(text.data(), text.size(), literal.data(), literal.size()) == nullptr) {
        return;
      }
      std::size_t at = 0;
      MatchRegex(text, at, out);
      return;
    }
    case Command::ParseForm::kLogfmt: {
      const Pairs pairs = ReadLogfmt(text);
      if (pairs.empty()) return;
      std::string map = "{";
      for (const auto& [key, value] : pairs) {
        if (map.size() > 1) map += ',';
        json::AppendQuoted(map, key);
        map += ':';
        json::AppendQuoted(map, value);
      }
      out[0] = Cell::Text(arena.Copy(map + "}"), Kind::kTree);
      return;
    }
    case Command::ParseForm::kCsv: {
      const std::vector<std::string> columns = ReadCsv(text);
      for (std::size_t i = 0; i < out.size() && i < columns.size(); ++i) {
        out[i] = Cell::Text(arena.Copy(columns[i]));
      }
      return;
    }
  }
}

void ParseStage::ApplyMulti(const Vector& texts, Frame& frame) const {
  std::vector<std::uint32_t> rows;
  std::vector<std::vector<Cell>> out(slots.size());
  std::vector<Cell> found(slots.size());
  for (std::size_t row = 0; row < frame.rows; ++row) {
    const Cell cell = texts.At(row);
    std::string scratch;
    std::string_view text =
        cell.missing() || cell.kind == Kind::kTree ? std::string_view() : TextOf(cell, scratch);
    if (!scratch.empty()) text = frame.arena->Copy(text);
    bool any = false;
    for (std::size_t at = 0; at <= text.size() && !cell.missing() && MatchRegex(text, at, found);) {
      any = true;
      rows.push_back(static_cast<std::uint32_t>(row));
      for (std::size_t i = 0; i < slots.size(); ++i) out[i].push_back(found[i]);
    }
    if (!any) {
      rows.push_back(static_cast<std::uint32_t>(row));
      for (std::size_t i = 0; i < slots.size(); ++i) out[i].push_back(Cell());
    }
  }
  frame.Take(rows);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    frame[slots[i]] = CellVector(std::move(out[i]));
  }
}

Result<> ParseStage::Apply(Worker& worker, Frame& frame) const {
  const VectorRef texts = worker.evaluator.Evaluate(*subject, frame);
  auto owners = std::make_shared<std::pair<std::shared_ptr<Arena>, VectorRef>>(frame.arena, texts);
  if (multi) {
    ApplyMulti(*texts, frame);
    for (const int slot : slots) {
      frame[slot] = CellVector(std::vector<Cell>(frame[slot]->cells), owners);
    }
    return {};
  }
  std::vector<std::vector<Cell>> out(slots.size(), std::vector<Cell>(frame.rows));
  std::vector<Cell> found(slots.size());
  std::string scratch;
  const bool constant = texts->form == Vector::Form::kConst;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (row == 0 || !constant) {
      const Cell cell = texts->At(row);
      if (cell.missing() || cell.kind == Kind::kTree) {
        std::fill(found.begin(), found.end(), Cell());
      } else {
        std::string_view text = TextOf(cell, scratch);
        // Made here, so that captures may point into it.
        if (!cell.is_text()) text = frame.arena->Copy(text);
        ParseText(text, *frame.arena, found);
      }
    }
    for (std::size_t i = 0; i < slots.size(); ++i) out[i][row] = found[i];
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    frame[slots[i]] = CellVector(std::move(out[i]), owners);
  }
  return {};
}

}  // namespace securebase::insights::internal

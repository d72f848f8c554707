#include "events/internal/log_leaf.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace securebase::events {
namespace {

using query::Column;
using query::Dictionary;
using query::Type;

void AppendUtf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::optional<std::uint32_t> HexAt(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  const char* const end = text.data() + at + 4;
  const auto read = std::from_chars(text.data() + at, end, value, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

/// A token as kind and decoded text; `scratch` holds the text where it had escapes.
FieldKind ReadToken(std::string_view token, std::string& scratch, std::string_view& text) {
  text = token;
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
      text = token.substr(1, token.size() - 2);
      if (text.find('\\') != text.npos) {
        scratch = UnescapeJson(text);
        text = scratch;
      }
      return FieldKind::kString;
    case 't':
    case 'f':
      return FieldKind::kBool;
    case 'n':
      return FieldKind::kNull;
    default:
      return FieldKind::kNumber;
  }
}

void SetValid(const Presence& presence, std::size_t rows, Column& column) {
  if (presence.all) return;
  column.valid.assign(rows, 0);
  for (const std::uint16_t row : presence.rows) column.valid[row] = 1;
}

}  // namespace

std::string UnescapeJson(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    if (++i == body.size()) return std::string(body);
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t plain = kFrom.find(body[i]); plain != kFrom.npos) {
      out += kTo[plain];
      continue;
    }
    auto c = HexAt(body, i + 1);
    if (body[i] != 'u' || !c) return std::string(body);
    i += 4;
    if (*c >= 0xD800 && *c < 0xDC00 && body.substr(i + 1, 2) == "\\u") {
      const auto low = HexAt(body, i + 3);
      if (low && *low >= 0xDC00 && *low < 0xE000) {
        c = 0x10000 + ((*c - 0xD800) << 10) + (*low - 0xDC00);
        i += 6;
      }
    }
    AppendUtf8(out, *c);
  }
  return out;
}

LeafReader::LeafReader(std::shared_ptr<const LogSegment> segment)
    : segment_(std::move(segment)), dictionaries_(segment_->leaves().size()) {}

Result<> LeafReader::ReadNumbers(LogChunk& chunk, std::size_t leaf, Column& column) {
  const LogLeaf& meta = segment_->leaves()[leaf];
  SB_TRY(const LogChunk::Numbers* numbers, chunk.NumbersOf(leaf));
  const std::size_t rows = chunk.rows();
  SetAllAbsent(rows, column);
  if (numbers->values.empty()) return {};
  column.all_absent = false;
  column.dictionary = nullptr;
  column.codes.clear();
  column.valid.clear();
  SetValid(numbers->presence, rows, column);
  if (meta.scale > 0) {
    column.type = Type::kDouble;
    column.decimals = meta.trimmed ? -1 : static_cast<std::int8_t>(meta.scale);
    column.doubles.assign(rows, 0);
    if (numbers->presence.all) {
      for (std::size_t i = 0; i < rows; ++i) {
        column.doubles[i] = ScaledToDouble(numbers->values[i], meta.scale);
      }
    } else {
      for (std::size_t i = 0; i < numbers->values.size(); ++i) {
        column.doubles[numbers->presence.rows[i]] = ScaledToDouble(numbers->values[i], meta.scale);
      }
    }
    return {};
  }
  column.type = meta.kind == LeafKind::kBool ? Type::kBool : Type::kInt64;
  if (numbers->presence.all) {
    column.ints = numbers->values;
  } else {
    column.ints.assign(rows, 0);
    for (std::size_t i = 0; i < numbers->values.size(); ++i) {
      column.ints[numbers->presence.rows[i]] = numbers->values[i];
    }
  }
  return {};
}

const std::shared_ptr<const Dictionary>& LeafReader::DictionaryOf(
    std::size_t leaf, const std::shared_ptr<const TextColumn>& column) {
  auto& dictionary = dictionaries_[leaf];
  if (dictionary != nullptr) return dictionary;
  auto made = std::make_shared<Dictionary>();
  if (segment_->leaves()[leaf].escaped) {
    auto texts = std::make_shared<std::vector<std::string>>();
    for (const std::string_view value : column->values()) texts->push_back(UnescapeJson(value));
    for (const std::string& text : *texts) made->values.push_back(text);
    made->owner = std::move(texts);
  } else {
    made->values = column->values();
    made->sorted = true;
    made->owner = column;
  }
  dictionary = std::move(made);
  return dictionary;
}

Result<> LeafReader::ReadDictionary(LogChunk& chunk, std::size_t leaf, Column& column) {
  SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(leaf));
  const std::size_t rows = chunk.rows();
  SetAllAbsent(rows, column);
  const auto& codes = texts->chunk.codes;
  if (codes.empty()) return {};
  column.all_absent = false;
  column.valid.clear();
  column.dictionary = DictionaryOf(leaf, texts->column);
  SetValid(texts->chunk.presence, rows, column);
  if (texts->chunk.presence.all) {
    column.codes = codes;
  } else {
    for (std::size_t i = 0; i < codes.size(); ++i) {
      column.codes[texts->chunk.presence.rows[i]] = codes[i];
    }
  }
  return {};
}

Result<> LeafReader::ReadSplit(LogChunk& chunk, std::size_t leaf, Column& column) {
  SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(leaf));
  const std::size_t rows = chunk.rows();
  const auto& codes = texts->chunk.codes;
  if (codes.empty()) {
    SetAllAbsent(rows, column);
    return {};
  }
  const bool escaped = segment_->leaves()[leaf].escaped;
  auto owner = std::make_shared<std::string>();
  std::vector<std::size_t> ends;
  ends.reserve(codes.size());
  std::string raw;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (escaped) {
      raw.clear();
      texts->column->AppendText(texts->chunk, i, raw);
      *owner += raw.find('\\') == raw.npos ? raw : UnescapeJson(raw);
    } else {
      texts->column->AppendText(texts->chunk, i, *owner);
    }
    ends.push_back(owner->size());
  }
  std::vector<std::string_view> views(rows);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    views[texts->chunk.presence.RowOf(i)] = std::string_view(*owner).substr(begin, ends[i] - begin);
    begin = ends[i];
  }
  SetTexts(std::move(views), std::move(owner), {}, column);
  SetValid(texts->chunk.presence, rows, column);
  return {};
}

Result<> LeafReader::Read(LogChunk& chunk, std::size_t leaf, Column& column) {
  switch (segment_->leaves()[leaf].kind) {
    case LeafKind::kNumber:
    case LeafKind::kBool:
      return ReadNumbers(chunk, leaf, column);
    case LeafKind::kText: {
      SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(leaf));
      return texts->column->is_dictionary() ? ReadDictionary(chunk, leaf, column)
                                            : ReadSplit(chunk, leaf, column);
    }
    case LeafKind::kToken:
      break;
  }
  FieldColumnBuilder builder;
  builder.Begin(chunk.rows());
  SB_TRY_OK(Collect(chunk, leaf, builder));
  builder.Finish(column);
  return {};
}

Result<> LeafReader::Collect(LogChunk& chunk, std::size_t leaf, FieldColumnBuilder& builder) {
  const LogLeaf& meta = segment_->leaves()[leaf];
  std::string text, scratch;
  if (meta.kind == LeafKind::kNumber || meta.kind == LeafKind::kBool) {
    SB_TRY(const LogChunk::Numbers* numbers, chunk.NumbersOf(leaf));
    for (std::size_t i = 0; i < numbers->values.size(); ++i) {
      const std::size_t row = numbers->presence.RowOf(i);
      if (meta.kind == LeafKind::kBool) {
        builder.Set(row, FieldKind::kBool, numbers->values[i] != 0 ? "true" : "false");
        continue;
      }
      text.clear();
      AppendScaled(text, numbers->values[i], meta.scale, meta.trimmed);
      builder.Set(row, FieldKind::kNumber, text);
    }
    return {};
  }
  SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(leaf));
  for (std::size_t i = 0; i < texts->chunk.codes.size(); ++i) {
    const std::size_t row = texts->chunk.presence.RowOf(i);
    text.clear();
    texts->column->AppendText(texts->chunk, i, text);
    std::string_view value = text;
    FieldKind kind = FieldKind::kString;
    if (meta.kind == LeafKind::kToken) {
      kind = ReadToken(text, scratch, value);
    } else if (meta.escaped && value.find('\\') != value.npos) {
      scratch = UnescapeJson(value);
      value = scratch;
    }
    builder.Set(row, kind, value);
  }
  return {};
}

}  // namespace securebase::events

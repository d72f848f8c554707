#include "events/internal/json_shapes.h"

#include <emmintrin.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"

namespace securebase::events {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kRecentMax = 8;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The closing quote of a string whose body begins at `p`, or null where it has an escape, a
// control character or no end. `ascii` is cleared where a byte is not.
const char* EndOfPlainString(const char* p, const char* end, bool& ascii) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i stops =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    const auto stop_mask = static_cast<unsigned>(_mm_movemask_epi8(stops));
    const auto high_mask = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    if (stop_mask != 0) {
      const int at = std::countr_zero(stop_mask);
      if ((high_mask & ((1u << at) - 1)) != 0) ascii = false;
      return p[at] == '"' ? p + at : nullptr;
    }
    if (high_mask != 0) ascii = false;
    p += 16;
  }
  for (; p < end; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if (c == '"') return p;
    if (c == '\\' || c < 0x20) return nullptr;
    if (c >= 0x80) ascii = false;
  }
  return nullptr;
}

const char* EndOfScalar(const char* p, const char* end) {
  while (p < end && *p != ',' && *p != '}' && *p != ']' && !IsSpace(*p)) ++p;
  return p;
}

// What a token that is no string is; false for none.
bool KindOfScalar(std::string_view token, FieldKind& kind) {
  if (token.empty()) return false;
  switch (token.front()) {
    case 't':
      kind = FieldKind::kBool;
      return token == "true";
    case 'f':
      kind = FieldKind::kBool;
      return token == "false";
    case 'n':
      kind = FieldKind::kNull;
      return token == "null";
    default:
      kind = FieldKind::kNumber;
      return IsJsonNumber(token);
  }
}

// A line that begins like JSON again and again, and never is, is not tried for ever.
constexpr int kTriesMax = 4;

// Where an object may begin: a brace with a quote or its other half behind it.
std::size_t NextObject(std::string_view text, std::size_t from) {
  while (true) {
    const std::size_t at = text.find('{', from);
    if (at == std::string_view::npos) return at;
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + 1);
    if (next == std::string_view::npos) return next;
    if (text[next] == '"' || text[next] == '}') return at;
    from = at + 1;
  }
}

// One past the brace that closes the object at the start of `text`; 0 without one.
std::size_t EndOfObject(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

}  // namespace

bool IsJsonNumber(std::string_view token) {
  const char* p = token.data();
  const char* const end = p + token.size();
  if (p < end && *p == '-') ++p;
  if (p == end || !IsDigit(*p)) return false;
  if (*p++ != '0') {
    while (p < end && IsDigit(*p)) ++p;
  }
  if (p < end && *p == '.') {
    if (++p == end || !IsDigit(*p)) return false;
    while (p < end && IsDigit(*p)) ++p;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    if (++p < end && (*p == '+' || *p == '-')) ++p;
    if (p == end || !IsDigit(*p)) return false;
    while (p < end && IsDigit(*p)) ++p;
  }
  return p == end;
}

std::uint32_t NameTable::IdOf(std::string_view name) {
  const auto it = ids_.find(name);
  if (it != ids_.end()) return it->second;
  if (names_.size() >= kNamesMax) return DiscoveredField::kNoId;
  const auto id = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  ids_.emplace(names_.back(), id);
  return id;
}

// The general way: simdjson walks the object and leaves remember where their tokens stand.
struct JsonShapes::Parser {
  explicit Parser(NameTable& table) : names_table(table) {}

  // False: not a whole, valid object, or one that is nested too deep.
  bool Run(std::string_view text, std::vector<JsonLeaf>& out) {
    leaves = &out;
    out.clear();
    names.clear();
    rare_names.clear();
    ++stamp;
    path.clear();
    too_many = false;
    padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(padded.data(), text.data(), text.size());
    std::memset(padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    base = text.data();
    ondemand::document document;
    if (parser.iterate(padded.data(), text.size(), padded.size()).get(document)) return false;
    ondemand::object object;
    if (document.get_object().get(object)) return false;
    if (!WalkObject(object, 1)) return false;
    return too_many || document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }

  bool WalkObject(ondemand::object& object, int depth) {
    if (depth > kDepthMax) return false;
    const std::size_t length = path.size();
    for (auto field : object) {
      std::string_view key;
      if (field.error() || field.unescaped_key().get(key)) return false;
      if (depth > 1) {
        path += '.';
      } else if (key.starts_with('@')) {
        path += '@';
      }
      path += key;
      ondemand::value value;
      if (field.value().get(value) || !WalkValue(value, depth)) return false;
      if (too_many) return true;
      path.resize(length);
    }
    return true;
  }

  bool WalkArray(ondemand::array& array, int depth) {
    if (depth > kDepthMax) return false;
    const std::size_t length = path.size();
    std::size_t index = 0;
    for (auto element : array) {
      path += '.';
      path += std::to_string(index++);
      ondemand::value value;
      if (element.get(value) || !WalkValue(value, depth)) return false;
      if (too_many) return true;
      path.resize(length);
    }
    return true;
  }

  bool WalkValue(ondemand::value& value, int depth) {
    ondemand::json_type type;
    if (value.type().get(type)) return false;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      return !value.get_object().get(object) && WalkObject(object, depth + 1);
    }
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      return !value.get_array().get(array) && WalkArray(array, depth + 1);
    }
    return AddLeaf(value, type == ondemand::json_type::string);
  }

  bool AddLeaf(ondemand::value& value, bool is_string) {
    if (leaves->size() == kLeavesMax) {
      too_many = true;  // the rest is neither discovered nor checked
      return true;
    }
    std::string_view token = value.raw_json_token();
    while (!token.empty() && IsSpace(token.back())) token.remove_suffix(1);
    JsonLeaf leaf;
    leaf.begin = base + (token.data() - padded.data());
    leaf.end = leaf.begin + token.size();
    if (is_string) {
      leaf.kind = FieldKind::kString;
      leaf.escaped = std::memchr(token.data(), '\\', token.size()) != nullptr;
      if (value.get_string().get(leaf.decoded)) return false;
    } else if (!KindOfScalar(token, leaf.kind)) {
      return false;
    }
    leaves->push_back(leaf);
    AddName();
    return true;
  }

  void AddName() {
    std::uint32_t id = names_table.IdOf(path);
    std::string rare;
    if (id == DiscoveredField::kNoId) {
      rare = path;
    } else {
      if (seen.size() <= id) seen.resize(id + 1, 0);
      const bool again = seen[id] == stamp;
      seen[id] = stamp;
      if (again) id = DiscoveredField::kNoId;
    }
    names.push_back(id);
    rare_names.push_back(std::move(rare));
  }

  NameTable& names_table;
  ondemand::parser parser;
  std::string padded;
  const char* base = nullptr;
  std::string path;
  std::vector<JsonLeaf>* leaves = nullptr;
  std::vector<std::uint32_t> names;
  std::vector<std::string> rare_names;
  std::vector<std::uint64_t> seen;  // by name: the run that saw it last
  std::uint64_t stamp = 0;
  bool too_many = false;
};

JsonShapes::JsonShapes(NameTable& names)
    : names_(names), parser_(std::make_unique<Parser>(names)) {}
JsonShapes::~JsonShapes() = default;

bool JsonShapes::Match(const JsonShape& shape, std::string_view text, std::size_t& size) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const std::size_t count = shape.leaves();
  const char* literals = shape.text.data();
  std::uint32_t literal = 0;
  leaves_.resize(count);
  for (std::size_t i = 0;; ++i) {
    const std::size_t length = shape.ends[i] - literal;
    if (static_cast<std::size_t>(end - p) < length ||
        std::memcmp(p, literals + literal, length) != 0) {
      return false;
    }
    p += length;
    literal = shape.ends[i];
    if (i == count) break;
    if (p == end) return false;
    JsonLeaf& leaf = leaves_[i];
    leaf.begin = p;
    leaf.escaped = false;
    if (*p == '"') {
      bool ascii = true;
      const char* close = EndOfPlainString(p + 1, end, ascii);
      if (close == nullptr) return false;
      if (!ascii && !IsValidUtf8({p + 1, static_cast<std::size_t>(close - p - 1)})) return false;
      leaf.kind = FieldKind::kString;
      p = close + 1;
    } else {
      p = EndOfScalar(p, end);
      if (!KindOfScalar({leaf.begin, static_cast<std::size_t>(p - leaf.begin)}, leaf.kind)) {
        return false;
      }
    }
    leaf.end = p;
  }
  size = static_cast<std::size_t>(p - text.data());
  return true;
}

void JsonShapes::Touch(const JsonShape* shape) {
  const auto it = std::find(recent_.begin(), recent_.end(), shape);
  if (it == recent_.begin() && it != recent_.end()) return;
  if (it != recent_.end()) {
    recent_.erase(it);
  } else if (recent_.size() == kRecentMax) {
    recent_.pop_back();
  }
  recent_.insert(recent_.begin(), shape);
}

bool JsonShapes::MatchKnown(std::string_view text, Parsed& parsed) {
  for (const JsonShape* shape : recent_) {
    if (!Match(*shape, text, parsed.size)) continue;
    Touch(shape);
    parsed.shape = shape;
    parsed.leaves = &leaves_;
    parsed.names = &shape->names;
    return true;
  }
  return false;
}

// The shape of the object that the parser has just walked, known or new; null for none.
const JsonShape* JsonShapes::Intern(std::string_view text) {
  if (parser_->too_many) return nullptr;
  JsonShape shape;
  const char* from = text.data();
  for (const JsonLeaf& leaf : leaves_) {
    shape.text.append(from, leaf.begin);
    shape.ends.push_back(static_cast<std::uint32_t>(shape.text.size()));
    from = leaf.end;
  }
  shape.text.append(from, text.data() + text.size());
  shape.ends.push_back(static_cast<std::uint32_t>(shape.text.size()));
  const std::string_view ends(reinterpret_cast<const char*>(shape.ends.data()),
                              shape.ends.size() * sizeof shape.ends[0]);
  const std::uint64_t hash = Checksum(shape.text) * 31 + Checksum(ends);
  if (const auto it = by_hash_.find(hash); it != by_hash_.end()) {
    const bool same = it->second->text == shape.text && it->second->ends == shape.ends;
    return same ? it->second : nullptr;
  }
  if (shapes_.size() >= kShapesMax || shape.text.size() > kShapeBytesMax) return nullptr;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (!parser_->rare_names[i].empty()) return nullptr;  // it has no number to go by
  }
  shape.number = static_cast<std::uint32_t>(shapes_.size());
  shape.names = parser_->names;
  shapes_.push_back(std::make_unique<JsonShape>(std::move(shape)));
  by_hash_.emplace(hash, shapes_.back().get());
  return shapes_.back().get();
}

bool JsonShapes::Find(std::string_view message, std::size_t& begin, Parsed& parsed) {
  std::size_t at = NextObject(message, 0);
  for (int tries = 0; at != std::string_view::npos && tries < kTriesMax; ++tries) {
    begin = at;
    if (Parse(message.substr(at), parsed)) return true;
    at = NextObject(message, at + 1);
  }
  return false;
}

bool JsonShapes::Parse(std::string_view text, Parsed& parsed) {
  if (MatchKnown(text, parsed)) return true;
  std::string_view whole = text;
  while (!whole.empty() && IsSpace(whole.back())) whole.remove_suffix(1);
  bool good = whole.ends_with('}') && parser_->Run(whole, leaves_);
  if (!good) {
    const std::size_t end = EndOfObject(text);
    if (end == 0 || end == whole.size()) return false;
    whole = text.substr(0, end);
    good = parser_->Run(whole, leaves_);
  }
  if (!good) return false;
  parsed.size = whole.size();
  parsed.shape = Intern(whole);
  parsed.leaves = &leaves_;
  parsed.names = &parser_->names;
  parsed.rare_names = &parser_->rare_names;
  if (parsed.shape != nullptr) Touch(parsed.shape);
  return true;
}

}  // namespace securebase::events

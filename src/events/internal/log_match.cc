#include "events/internal/log_match.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "events/internal/platform_lines.h"
#include "events/log_store.h"

namespace securebase::events {
namespace {

using query::Literal;
using query::Predicate;
using Op = Predicate::Op;

constexpr std::size_t kLettersMin = 3;
constexpr std::uint8_t kUnknown = 0, kNo = 1, kYes = 2;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsComparison(Op op) {
  return op == Op::kLess || op == Op::kLessOrEqual || op == Op::kGreater ||
         op == Op::kGreaterOrEqual;
}
bool IsEquality(Op op) { return op == Op::kEqual || op == Op::kIn; }

bool Holds(Op op, double value, double literal) {
  switch (op) {
    case Op::kLess:
      return value < literal;
    case Op::kLessOrEqual:
      return value <= literal;
    case Op::kGreater:
      return value > literal;
    case Op::kGreaterOrEqual:
      return value >= literal;
    default:
      return value == literal;
  }
}

// Columns that a scan has beside the discovered ones.
bool IsSystemColumn(std::string_view name) {
  return name == kTimeColumn || name == kIngestionColumn || name == kLogColumn ||
         name == kPtrColumn || name == kArrivalColumn || name == kMessageSizeColumn;
}

}  // namespace

std::string_view LongestLetters(std::string_view needle) {
  std::string_view best;
  for (std::size_t i = 0; i < needle.size();) {
    std::size_t end = i;
    while (end < needle.size() && IsLetter(needle[end])) ++end;
    if (end - i > best.size()) best = needle.substr(i, end - i);
    i = std::max(end, i + 1);
  }
  return best;
}

Comparable::Comparable(const Literal& literal) {
  if (const auto* b = std::get_if<bool>(&literal)) {
    text = *b ? "true" : "false";
    number = *b ? 1 : 0;
    boolean = true;
  } else if (const auto* i = std::get_if<std::int64_t>(&literal)) {
    text = std::to_string(*i);
    number = static_cast<double>(*i);
  } else if (const auto* d = std::get_if<double>(&literal)) {
    text = FormatDouble(*d);
    number = *d;
  } else {
    text = std::get<std::string>(literal);
    number = ParseDouble(text);
    if (EqualsIgnoreCase(text, "true")) number = 1;
    if (EqualsIgnoreCase(text, "false")) number = 0;
  }
}

bool Comparable::MayEqual(FieldKind kind, std::string_view value) const {
  if (value == text) return true;
  if (kind == FieldKind::kBool) {
    return (number.has_value() && *number == (value == "true" ? 1 : 0)) ||
           EqualsIgnoreCase(value, text);
  }
  if (!number.has_value()) return false;
  if (boolean || kind == FieldKind::kString) {
    if (EqualsIgnoreCase(value, "true")) return *number == 1;
    if (EqualsIgnoreCase(value, "false")) return *number == 0;
  }
  // Most texts are no numbers.
  if (value.empty() || IsLetter(value.front())) return false;
  const auto read = ParseDouble(value);
  return read.has_value() && *read == *number;
}

struct LogMatcher::Node {
  enum class What { kAll, kNothing, kAnd, kOr, kField, kMessage, kStream };
  What what = What::kAll;
  Op op = Op::kTrue;
  std::vector<Node> children;
  std::vector<Comparable> literals;
  std::size_t leaf = LogSegment::kNoLeaf;
  bool may_be_platform = false;       // text lines may have the field
  std::vector<std::uint8_t> streams;  // by number: wanted
  std::vector<std::uint8_t> values;   // by dictionary value or template: kUnknown, kNo, kYes
  std::vector<std::string> runs;      // kMessage: by literal
  std::vector<std::vector<std::vector<std::uint8_t>>> run_values;  // by run and column

  static Node From(const Predicate& p, const LogSegment& segment,
                   const std::vector<std::string>& stream_names) {
    Node node{.op = p.op};
    if (p.op == Op::kAnd || p.op == Op::kOr) {
      node.what = p.op == Op::kAnd ? What::kAnd : What::kOr;
      for (const Predicate& child : p.children) {
        node.children.push_back(From(child, segment, stream_names));
      }
      if (node.children.empty() && p.op == Op::kOr) node.what = What::kNothing;
      return node;
    }
    const bool known = IsEquality(p.op) || IsComparison(p.op) || p.op == Op::kContains ||
                       p.op == Op::kExists || p.op == Op::kStartsWith;
    if (!known || IsSystemColumn(p.field)) return node;
    for (const Literal& literal : p.literals) node.literals.emplace_back(literal);
    if (p.field == kMessageColumn) {
      if (p.op != Op::kContains) return node;
      node.what = What::kMessage;
      for (const Comparable& literal : node.literals) {
        node.runs.emplace_back(LongestLetters(literal.text));
      }
      node.run_values.resize(node.runs.size());
      return node;
    }
    if (p.field == kStreamColumn) {
      if (!IsEquality(p.op)) return node;
      node.what = What::kStream;
      for (const std::string& name : stream_names) {
        node.streams.push_back(std::any_of(
            node.literals.begin(), node.literals.end(),
            [&](const Comparable& literal) { return literal.MayEqual(FieldKind::kString, name); }));
      }
      return node;
    }
    node.what = What::kField;
    node.leaf = segment.FindLeaf(p.field);
    node.may_be_platform = PlatformLines::IsName(p.field);
    return node;
  }

  bool HoldsNumber(double value, std::string_view) const {
    if (op == Op::kExists) return true;
    return std::any_of(literals.begin(), literals.end(), [&](const Comparable& literal) {
      // A text that is no number is ordered to a number by its text: not told here.
      if (!literal.number) return IsComparison(op);
      return Holds(op, value, *literal.number);
    });
  }
};

LogMatcher::LogMatcher(const LogSegment& segment, const Predicate& where,
                       const std::vector<std::string>& stream_names)
    : segment_(segment),
      stream_names_(stream_names),
      root_(std::make_unique<Node>(Node::From(where, segment, stream_names))) {}
LogMatcher::~LogMatcher() = default;

bool LogMatcher::MayMatchNode(const Node& node, std::size_t chunk, SkipCause& cause) const {
  switch (node.what) {
    case Node::What::kAll:
      return true;
    case Node::What::kNothing:
      cause = SkipCause::kZone;
      return false;
    case Node::What::kAnd:
      return std::all_of(node.children.begin(), node.children.end(),
                         [&](const Node& c) { return MayMatchNode(c, chunk, cause); });
    case Node::What::kOr:
      return std::any_of(node.children.begin(), node.children.end(),
                         [&](const Node& c) { return MayMatchNode(c, chunk, cause); });
    case Node::What::kMessage: {
      const bool may =
          std::any_of(node.literals.begin(), node.literals.end(), [&](const Comparable& literal) {
            return LetterFilter::MayContain(segment_.filter(chunk), literal.text);
          });
      if (!may) cause = SkipCause::kText;
      return may;
    }
    case Node::What::kStream: {
      const NumberMeta::Chunk& zone = segment_.system(LogSegment::kStream).chunks[chunk];
      for (std::int64_t i = zone.min; i <= zone.max; ++i) {
        if (i < 0 || static_cast<std::size_t>(i) >= node.streams.size()) break;
        if (node.streams[static_cast<std::size_t>(i)] != 0) return true;
      }
      cause = SkipCause::kZone;
      return false;
    }
    case Node::What::kField:
      break;
  }
  const LogSegment::ChunkInfo& info = segment_.chunk(chunk);
  if (info.has_opaque || (info.has_text && node.may_be_platform)) return true;
  cause = SkipCause::kZone;
  if (node.leaf == LogSegment::kNoLeaf) return false;
  const LogLeaf& leaf = segment_.leaves()[node.leaf];
  if (leaf.kind == LeafKind::kText || leaf.kind == LeafKind::kToken) {
    if (leaf.text.chunks[chunk].size == 0) return false;
    if (node.op != Op::kContains || leaf.escaped) return true;
    cause = SkipCause::kText;
    return std::any_of(node.literals.begin(), node.literals.end(), [&](const Comparable& literal) {
      return LetterFilter::MayContain(segment_.filter(chunk), literal.text);
    });
  }
  const NumberMeta::Chunk& zone = leaf.numbers.chunks[chunk];
  if (zone.range.size == 0) return false;
  if (leaf.kind == LeafKind::kBool || node.op == Op::kExists || node.op == Op::kContains ||
      node.op == Op::kStartsWith) {
    return true;
  }
  const double min = ScaledToDouble(zone.min, leaf.scale);
  const double max = ScaledToDouble(zone.max, leaf.scale);
  return std::any_of(node.literals.begin(), node.literals.end(), [&](const Comparable& literal) {
    if (!literal.number) return IsComparison(node.op);
    if (node.op == Op::kLess || node.op == Op::kLessOrEqual) {
      return Holds(node.op, min, *literal.number);
    }
    if (IsComparison(node.op)) return Holds(node.op, max, *literal.number);
    return min <= *literal.number && *literal.number <= max;
  });
}

bool LogMatcher::MayMatchChunk(std::size_t chunk, SkipCause& cause) const {
  cause = SkipCause::kNone;
  return MayMatchNode(*root_, chunk, cause);
}

Result<> LogMatcher::Narrow(LogChunk& chunk, RowMask& mask) {
  return Evaluate(*root_, chunk, mask);
}

// Each clears rows of the mask that was handed in.
Result<> LogMatcher::Evaluate(Node& node, LogChunk& chunk, RowMask& mask) {
  switch (node.what) {
    case Node::What::kAll:
      return {};
    case Node::What::kNothing:
      std::fill(mask.begin(), mask.end(), 0);
      return {};
    case Node::What::kAnd:
      for (Node& child : node.children) {
        SB_TRY_OK(Evaluate(child, chunk, mask));
        if (std::memchr(mask.data(), 1, mask.size()) == nullptr) return {};
      }
      return {};
    case Node::What::kOr: {
      RowMask any(mask.size(), 0);
      for (Node& child : node.children) {
        RowMask one = mask;
        SB_TRY_OK(Evaluate(child, chunk, one));
        for (std::size_t i = 0; i < any.size(); ++i) any[i] |= one[i];
      }
      mask = std::move(any);
      return {};
    }
    case Node::What::kMessage:
      return EvaluateMessage(node, chunk, mask);
    case Node::What::kStream:
      return EvaluateStream(node, chunk, mask);
    case Node::What::kField:
      return EvaluateField(node, chunk, mask);
  }
  return {};
}

Result<> LogMatcher::EvaluateStream(Node& node, LogChunk& chunk, RowMask& mask) {
  SB_TRY(const auto* streams, chunk.System(LogSegment::kStream));
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const auto stream = static_cast<std::size_t>((*streams)[i]);
    mask[i] &= stream < node.streams.size() ? node.streams[stream] : 0;
  }
  return {};
}

Result<> LogMatcher::EvaluateField(Node& node, LogChunk& chunk, RowMask& mask) {
  const LogSegment::ChunkInfo& info = segment_.chunk(chunk.number());
  const bool unsure = info.has_opaque || (info.has_text && node.may_be_platform);
  RowMask leaf_mask(mask.size(), 0);
  if (node.leaf != LogSegment::kNoLeaf) {
    const LeafKind kind = segment_.leaves()[node.leaf].kind;
    if (kind == LeafKind::kNumber || kind == LeafKind::kBool) {
      SB_TRY_OK(EvaluateNumbers(node, chunk, leaf_mask));
    } else {
      SB_TRY_OK(EvaluateTexts(node, chunk, leaf_mask));
    }
  }
  if (unsure) {
    SB_TRY(const auto* shapes, chunk.System(LogSegment::kShape));
    for (std::size_t i = 0; i < mask.size(); ++i) {
      // Text may also stand before a line's JSON.
      leaf_mask[i] |= (*shapes)[i] == kShapeOpaque || (info.has_text && node.may_be_platform);
    }
  }
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] &= leaf_mask[i];
  return {};
}

// Sets the rows that may hold; the mask comes cleared.
Result<> LogMatcher::EvaluateNumbers(Node& node, LogChunk& chunk, RowMask& mask) {
  const LogLeaf& leaf = segment_.leaves()[node.leaf];
  SB_TRY(const LogChunk::Numbers* numbers, chunk.NumbersOf(node.leaf));
  const bool all = node.op == Op::kContains || node.op == Op::kStartsWith ||
                   (leaf.kind == LeafKind::kBool && IsComparison(node.op));
  for (std::size_t i = 0; i < numbers->values.size(); ++i) {
    const double value = ScaledToDouble(numbers->values[i], leaf.scale);
    if (all || node.HoldsNumber(value, {})) mask[numbers->presence.RowOf(i)] = 1;
  }
  return {};
}

namespace {

FieldKind KindOfToken(std::string_view token) {
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
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

}  // namespace

Result<> LogMatcher::EvaluateTexts(Node& node, LogChunk& chunk, RowMask& mask) {
  const LogLeaf& leaf = segment_.leaves()[node.leaf];
  SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(node.leaf));
  const TextColumn& column = *texts->column;
  const auto set_all = [&] {
    for (std::size_t i = 0; i < texts->chunk.codes.size(); ++i) {
      mask[texts->chunk.presence.RowOf(i)] = 1;
    }
  };
  const bool hard = leaf.escaped || IsComparison(node.op) || node.op == Op::kExists;
  if (hard && leaf.kind == LeafKind::kText) {
    set_all();
    return {};
  }
  const auto verdict = [&](std::string_view text) {
    FieldKind kind = FieldKind::kString;
    if (leaf.kind == LeafKind::kToken) {
      kind = KindOfToken(text);
      if (kind == FieldKind::kNull) return false;
      if (kind == FieldKind::kString) text = text.substr(1, text.size() - 2);
    }
    if (hard) return true;
    return std::any_of(node.literals.begin(), node.literals.end(), [&](const Comparable& literal) {
      if (node.op == Op::kContains) return text.find(literal.text) != text.npos;
      if (node.op == Op::kStartsWith) return text.starts_with(literal.text);
      return literal.MayEqual(kind, text);
    });
  };
  if (node.values.empty()) node.values.assign(column.values().size(), kUnknown);
  if (column.is_dictionary()) {
    for (std::size_t i = 0; i < texts->chunk.codes.size(); ++i) {
      const std::uint32_t code = texts->chunk.codes[i];
      std::uint8_t& known = node.values[code];
      if (known == kUnknown) known = verdict(column.values()[code]) ? kYes : kNo;
      mask[texts->chunk.presence.RowOf(i)] = known == kYes;
    }
    return {};
  }
  // A needle that begins and ends with letters stands in a literal or in none of the numbers.
  std::string text;
  for (std::size_t i = 0; i < texts->chunk.codes.size(); ++i) {
    const std::uint32_t code = texts->chunk.codes[i];
    std::uint8_t& known = node.values[code];
    if (known == kUnknown && node.op == Op::kContains) {
      bool literal_has = false, words = false, letters = true;
      for (const SkeletonPart& part : column.PartsOfTemplate(code)) {
        words = words ||
                (part.has_slot && (part.kind == SlotKind::kWord || part.kind == SlotKind::kUuid ||
                                   part.kind == SlotKind::kTime));
        for (const Comparable& literal : node.literals) {
          literal_has = literal_has || part.literal.find(literal.text) != std::string_view::npos;
        }
      }
      for (const Comparable& literal : node.literals) {
        letters = letters && LongestLetters(literal.text).size() == literal.text.size();
      }
      if (literal_has) known = kYes;
      if (!literal_has && letters && !words) known = kNo;
    }
    if (known != kUnknown) {
      mask[texts->chunk.presence.RowOf(i)] = known == kYes;
      continue;
    }
    text.clear();
    column.AppendText(texts->chunk, i, text);
    mask[texts->chunk.presence.RowOf(i)] = verdict(text);
  }
  return {};
}

Result<> LogMatcher::MarkLetters(const std::string& run,
                                 std::vector<std::vector<std::uint8_t>>& verdicts, LogChunk& chunk,
                                 RowMask& mask) {
  SB_TRY(const auto* shapes, chunk.System(LogSegment::kShape));
  const std::size_t leaves = segment_.leaves().size();
  if (verdicts.empty()) {
    verdicts.resize(leaves + 3);
    for (const LogSegment::Shape& shape : segment_.shapes()) {
      bool has = false;
      for (std::size_t i = 0; i < shape.ends.size(); ++i) {
        has = has || shape.Literal(i).find(run) != std::string_view::npos;
      }
      verdicts[leaves + 2].push_back(has ? kYes : kNo);
    }
  }
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::int64_t shape = (*shapes)[i];
    if (shape >= kShapeFirst &&
        verdicts[leaves + 2][static_cast<std::size_t>(shape - kShapeFirst)] == kYes) {
      mask[i] = 1;
    }
  }
  const auto mark = [&](const LogChunk::Texts& texts, std::vector<std::uint8_t>& values) {
    const TextColumn& column = *texts.column;
    if (values.empty()) {
      for (std::size_t id = 0; id < column.values().size(); ++id) {
        bool has = column.values()[id].find(run) != std::string_view::npos;
        bool words = false;
        if (!column.is_dictionary()) {
          for (const SkeletonPart& part : column.PartsOfTemplate(static_cast<std::uint32_t>(id))) {
            words = words || (part.has_slot && part.kind != SlotKind::kInt &&
                              part.kind != SlotKind::kPadded && part.kind != SlotKind::kDecimal);
          }
        }
        values.push_back(has ? kYes : words ? kUnknown : kNo);
      }
    }
    std::string text;
    for (std::size_t i = 0; i < texts.chunk.codes.size(); ++i) {
      const std::uint8_t value = values[texts.chunk.codes[i]];
      if (value == kNo) continue;
      bool has = value == kYes;
      if (!has) {
        text.clear();
        column.AppendText(texts.chunk, i, text);
        has = text.find(run) != std::string::npos;
      }
      if (has) mask[texts.chunk.presence.RowOf(i)] = 1;
    }
  };
  for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
    const LogLeaf& meta = segment_.leaves()[leaf];
    if (meta.kind == LeafKind::kText || meta.kind == LeafKind::kToken) {
      if (meta.text.chunks[chunk.number()].size == 0) continue;
      SB_TRY(const LogChunk::Texts* texts, chunk.TextsOf(leaf));
      mark(*texts, verdicts[leaf]);
    } else if (meta.kind == LeafKind::kBool &&
               (std::string_view("true").find(run) != std::string_view::npos ||
                std::string_view("false").find(run) != std::string_view::npos)) {
      SB_TRY(const LogChunk::Numbers* numbers, chunk.NumbersOf(leaf));
      for (std::size_t i = 0; i < numbers->values.size(); ++i) {
        mask[numbers->presence.RowOf(i)] = 1;
      }
    }
  }
  SB_TRY(const LogChunk::Texts* prefix, chunk.Prefix());
  mark(*prefix, verdicts[leaves]);
  if (segment_.suffix() == nullptr) return {};
  SB_TRY(const LogChunk::Texts* suffix, chunk.Suffix());
  if (!suffix->chunk.codes.empty()) mark(*suffix, verdicts[leaves + 1]);
  return {};
}

// First by the longest run of letters, column by column; then the lines that are left, whole.
Result<> LogMatcher::EvaluateMessage(Node& node, LogChunk& chunk, RowMask& mask) {
  RowMask candidates(mask.size(), 0);
  for (std::size_t i = 0; i < node.runs.size(); ++i) {
    if (node.runs[i].size() < kLettersMin) {
      std::fill(candidates.begin(), candidates.end(), 1);
      break;
    }
    SB_TRY_OK(MarkLetters(node.runs[i], node.run_values[i], chunk, candidates));
  }
  std::string line;
  for (std::size_t row = 0; row < mask.size(); ++row) {
    if (mask[row] == 0) continue;
    mask[row] = candidates[row];
    if (mask[row] == 0) continue;
    line.clear();
    SB_TRY_OK(chunk.AppendMessage(row, line));
    mask[row] = std::any_of(
        node.literals.begin(), node.literals.end(),
        [&](const Comparable& literal) { return line.find(literal.text) != std::string::npos; });
  }
  return {};
}

}  // namespace securebase::events

#pragma once

// Which rows of a chunk may satisfy a pushed-down predicate, told from its columns without
// putting lines together. Never leaves out a row that does satisfy it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/discovery.h"
#include "events/internal/log_segment.h"
#include "query/predicate.h"

namespace securebase::events {

/// One byte a row, 1: may match.
using RowMask = std::vector<std::uint8_t>;

/// Why a chunk has no row that may match.
enum class SkipCause { kNone, kZone, kText };

/// A literal as the language compares it with values.
struct Comparable {
  std::string text;
  std::optional<double> number;  // of a number, a boolean or a text that reads as one
  bool boolean = false;          // the literal is one
  explicit Comparable(const query::Literal& literal);
  /// Whether a value of this kind and source text may equal it.
  bool MayEqual(FieldKind kind, std::string_view value) const;
};

/// Of one predicate on one segment, chunk by chunk. Not thread-safe.
class LogMatcher {
 public:
  /// `stream_names` by number.
  LogMatcher(const LogSegment& segment, const query::Predicate& where,
             const std::vector<std::string>& stream_names);
  ~LogMatcher();

  /// False: no row may match, by what the footer says alone.
  bool MayMatchChunk(std::size_t chunk, SkipCause& cause) const;
  /// Clears the rows of the mask that cannot match.
  Result<> Narrow(LogChunk& chunk, RowMask& mask);

 private:
  struct Node;
  Result<> Evaluate(Node& node, LogChunk& chunk, RowMask& mask);
  Result<> EvaluateField(Node& node, LogChunk& chunk, RowMask& mask);
  Result<> EvaluateMessage(Node& node, LogChunk& chunk, RowMask& mask);
  Result<> EvaluateStream(Node& node, LogChunk& chunk, RowMask& mask);
  Result<> EvaluateNumbers(Node& node, LogChunk& chunk, RowMask& mask);
  Result<> EvaluateTexts(Node& node, LogChunk& chunk, RowMask& mask);
  /// Sets the rows whose text may have the run of letters.
  Result<> MarkLetters(const std::string& run, std::vector<std::vector<std::uint8_t>>& verdicts,
                       LogChunk& chunk, RowMask& mask);
  bool MayMatchNode(const Node& node, std::size_t chunk, SkipCause& cause) const;

  const LogSegment& segment_;
  const std::vector<std::string>& stream_names_;
  std::unique_ptr<Node> root_;
};

/// The longest run of letters of a needle: it never crosses from one column into another.
std::string_view LongestLetters(std::string_view needle);

}  // namespace securebase::events

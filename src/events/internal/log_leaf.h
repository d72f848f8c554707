#pragma once

// Leaf columns of a segment as columns of a batch.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/field_column.h"
#include "events/internal/log_segment.h"
#include "query/column.h"

namespace securebase::events {

/// The body of a JSON string with its escapes decoded; as it is where they are wrong.
std::string UnescapeJson(std::string_view body);

/// Of one segment; keeps its decoded dictionaries. Not thread-safe.
class LeafReader {
 public:
  explicit LeafReader(std::shared_ptr<const LogSegment> segment);

  /// The leaf's column for all rows of the chunk.
  Result<> Read(LogChunk& chunk, std::size_t leaf, query::Column& column);
  /// The same into a builder.
  Result<> Collect(LogChunk& chunk, std::size_t leaf, FieldColumnBuilder& builder);

 private:
  Result<> ReadNumbers(LogChunk& chunk, std::size_t leaf, query::Column& column);
  Result<> ReadDictionary(LogChunk& chunk, std::size_t leaf, query::Column& column);
  Result<> ReadSplit(LogChunk& chunk, std::size_t leaf, query::Column& column);
  const std::shared_ptr<const query::Dictionary>& DictionaryOf(
      std::size_t leaf, const std::shared_ptr<const TextColumn>& column);

  const std::shared_ptr<const LogSegment> segment_;
  std::vector<std::shared_ptr<const query::Dictionary>> dictionaries_;  // by leaf
};

}  // namespace securebase::events

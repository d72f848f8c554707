#pragma once

// JSON lines as a shape (the text around their scalar values) and those values. Lines of one
// program share few shapes: a known one is recognised by comparing, without parsing.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/discovery.h"

namespace securebase::events {

/// Names by number, in the order of first sight. Not thread-safe.
class NameTable {
 public:
  static constexpr std::size_t kNamesMax = 100'000;

  /// DiscoveredField::kNoId for a new name beyond kNamesMax.
  std::uint32_t IdOf(std::string_view name);
  std::string_view NameOf(std::uint32_t id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::deque<std::string> names_;  // stay where they are
  boost::unordered_flat_map<std::string_view, std::uint32_t> ids_;
};

/// A scalar of a JSON text: its token, strings with their quotes.
struct JsonLeaf {
  const char* begin = nullptr;
  const char* end = nullptr;
  FieldKind kind = FieldKind::kNull;
  /// Where the string has escapes, it decoded; else empty.
  std::string_view decoded;
  bool escaped = false;

  /// As DiscoveredField::text.
  std::string_view Text() const {
    if (kind == FieldKind::kNull) return {};
    if (escaped) return decoded;
    const int quotes = kind == FieldKind::kString ? 1 : 0;
    return {begin + quotes, static_cast<std::size_t>(end - begin) - 2 * quotes};
  }
};

/// The text before, between and after the leaves of an object, and what the leaves are called.
struct JsonShape {
  std::uint32_t number = 0;          // in the order of first sight
  std::string text;                  // the literals, one after the other
  std::vector<std::uint32_t> ends;   // of each literal in `text`; one more than leaves
  std::vector<std::uint32_t> names;  // by leaf; kNoId for the second of a name
  std::size_t leaves() const { return names.size(); }
  std::string_view Literal(std::size_t i) const {
    const std::uint32_t first = i == 0 ? 0 : ends[i - 1];
    return std::string_view(text).substr(first, ends[i] - first);
  }
};

/// Not thread-safe.
class JsonShapes {
 public:
  /// Lines with more leaves, and those that come after so many shapes, have none.
  static constexpr std::size_t kLeavesMax = kDiscoveredMax;
  static constexpr std::size_t kShapesMax = 512;
  static constexpr std::size_t kShapeBytesMax = 16u << 10;
  static constexpr int kDepthMax = 64;

  explicit JsonShapes(NameTable& names);
  ~JsonShapes();

  /// What the object was that a text begins with. Valid until the next Parse.
  struct Parsed {
    std::size_t size = 0;              // of the object's text
    const JsonShape* shape = nullptr;  // null: none, then `names` stands for shape->names
    const std::vector<JsonLeaf>* leaves = nullptr;
    const std::vector<std::uint32_t>* names = nullptr;
    /// Of leaves whose id is kNoId, where there is no shape; empty for the second of a name.
    const std::vector<std::string>* rare_names = nullptr;
  };
  /// `text` begins with '{'. False where it begins with no whole, valid object.
  bool Parse(std::string_view text, Parsed& parsed);
  /// The first object in a message and where it begins.
  bool Find(std::string_view message, std::size_t& begin, Parsed& parsed);

  std::size_t size() const { return shapes_.size(); }
  const JsonShape& ShapeOf(std::uint32_t number) const { return *shapes_[number]; }

 private:
  struct Parser;

  bool Match(const JsonShape& shape, std::string_view text, std::size_t& size);
  bool MatchKnown(std::string_view text, Parsed& parsed);
  const JsonShape* Intern(std::string_view text);
  void Touch(const JsonShape* shape);

  NameTable& names_;
  std::vector<std::unique_ptr<JsonShape>> shapes_;
  boost::unordered_flat_map<std::uint64_t, JsonShape*> by_hash_;
  std::vector<const JsonShape*> recent_;  // the last one first
  std::vector<JsonLeaf> leaves_;
  std::unique_ptr<Parser> parser_;
};

/// Whether the token is a number as JSON writes them.
bool IsJsonNumber(std::string_view token);

}  // namespace securebase::events

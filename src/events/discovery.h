#pragma once

// The fields that a log event's text carries (spec: logs-insights 5, logs-api 13): leaves of the
// first JSON object in it, columns of Lambda's platform lines, VPC flow and Route 53 records.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::events {

enum class FieldKind : std::uint8_t { kNull, kBool, kNumber, kString };

/// Leaves of one event beyond these are not discovered.
inline constexpr std::size_t kDiscoveredMax = 200;

struct DiscoveredField {
  static constexpr std::uint32_t kNoId = std::numeric_limits<std::uint32_t>::max();

  /// "a.b", "items.0.id", "@duration"; valid while the discoverer lives, except where name_id is
  /// kNoId (then until the next Discover).
  std::string_view name;
  /// Of the name, the same for every message of one Discoverer. kNoId: an endless stream of ever
  /// new names; compare `name`.
  std::uint32_t name_id = kNoId;
  FieldKind kind = FieldKind::kNull;
  /// kString: the decoded text; kNumber: the number as the source wrote it; kBool: "true" or
  /// "false"; kNull: empty. Valid until the next Discover, while the message lives.
  std::string_view text;
};

/// Finds the fields of messages, one after the other. Lines of a shape that was seen before cost
/// one pass of comparisons; others are parsed. Allocates nothing per field. Not thread-safe.
class Discoverer {
 public:
  Discoverer();
  ~Discoverer();
  Discoverer(Discoverer&&) noexcept;
  Discoverer& operator=(Discoverer&&) noexcept;

  /// The message's fields in document order, at most kDiscoveredMax; valid until the next call.
  /// A name that occurs twice is given once, with its first value. Objects nested deeper than 64
  /// levels, and text that is no valid JSON, have no JSON fields.
  const std::vector<DiscoveredField>& Discover(std::string_view message);

  /// How many name ids have been given out: ids are below this.
  std::size_t name_count() const;
  /// The id of a name, given out now if it has none.
  std::uint32_t IdOf(std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::events

#pragma once

// Fields of text lines of a segment, told from their skeletons: which slot, or which stretch of
// the text, is which field. Lines of one skeleton have their fields in the same places.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "events/internal/log_segment.h"
#include "events/internal/platform_lines.h"

namespace securebase::events {

/// Where a field of a template stands.
struct PrefixField {
  enum class Form { kConstant, kSlot, kStretch };
  std::string_view name;
  FieldKind kind = FieldKind::kString;
  Form form = Form::kConstant;
  std::string_view text;     // kConstant
  std::size_t slot = 0;      // kSlot
  bool megabytes = false;    // kSlot: times a million
  std::size_t first = 0;     // kStretch: part where it begins; slots come after their literal
  std::size_t first_at = 0;  // in the part's literal; its size: at the slot
  std::size_t last = 0;
  std::size_t last_at = 0;  // end within the literal; npos: with the slot
};

/// Of one segment. Not thread-safe.
class PrefixFields {
 public:
  explicit PrefixFields(const LogSegment& segment);

  /// The field of lines with this template or dictionary value; null: they have none of the name.
  const PrefixField* Find(std::uint32_t code, std::string_view name) const;
  /// The fields of its lines can only be told line by line.
  bool IsDynamic(std::uint32_t code) const { return entries_[code].dynamic; }
  const std::vector<PrefixField>& FieldsOf(std::uint32_t code) const {
    return entries_[code].fields;
  }
  /// The platform's fields of one line, valid until the next call.
  const std::vector<DiscoveredField>& Discover(std::string_view line);
  /// Appends the text of the i-th present row's field.
  void AppendText(const PrefixField& field, const TextColumn& column, const TextChunk& chunk,
                  std::size_t i, std::string& out) const;

 private:
  struct Entry {
    std::vector<PrefixField> fields;
    bool dynamic = false;
  };
  void AddConstant(Entry& entry, std::string_view value);
  void AddTemplate(Entry& entry, const std::vector<SkeletonPart>& parts);

  NameTable names_;
  PlatformLines platform_{names_};
  std::vector<DiscoveredField> found_;
  std::vector<Entry> entries_;
  std::deque<std::string> texts_;  // of constants
};

}  // namespace securebase::events

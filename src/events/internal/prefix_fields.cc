#include "events/internal/prefix_fields.h"

#include <algorithm>

namespace securebase::events {
namespace {

constexpr std::string_view kSampleUuid = "01234567-89ab-4cde-8f01-23456789abcd";
constexpr std::string_view kSampleTime = "2026-01-01T00:00:00.000Z";
constexpr std::int64_t kSampleNumber = 1001;

/// A line of a template, and where its parts begin and end in it.
struct Sample {
  std::string text;
  struct Place {
    std::size_t literal = 0;
    std::size_t slot = 0;
    std::size_t end = 0;
  };
  std::vector<Place> places;
};

Sample SampleOf(const std::vector<SkeletonPart>& parts) {
  Sample sample;
  std::int64_t number = kSampleNumber;
  for (const SkeletonPart& part : parts) {
    Sample::Place place{.literal = sample.text.size()};
    sample.text += part.literal;
    place.slot = sample.text.size();
    if (part.has_slot) {
      switch (part.kind) {
        case SlotKind::kInt:
          sample.text += std::to_string(number++);
          break;
        case SlotKind::kPadded:
          AppendSlot(sample.text, part.kind, part.parameter, 1);
          break;
        case SlotKind::kDecimal:
          sample.text += std::to_string(number++);
          sample.text += '.';
          sample.text.append(static_cast<std::size_t>(part.parameter), '5');
          break;
        case SlotKind::kUuid:
          sample.text += kSampleUuid;
          break;
        case SlotKind::kTime:
          sample.text += kSampleTime;
          break;
        case SlotKind::kWord:
          sample.text += "w1x";
          break;
      }
    }
    place.end = sample.text.size();
    sample.places.push_back(place);
  }
  return sample;
}

}  // namespace

PrefixFields::PrefixFields(const LogSegment& segment) {
  const TextColumn& prefix = segment.prefix();
  entries_.resize(prefix.values().size());
  for (std::uint32_t code = 0; code < entries_.size(); ++code) {
    if (prefix.is_dictionary()) {
      AddConstant(entries_[code], prefix.values()[code]);
    } else if (prefix.values()[code] == kWholeSkeleton) {
      entries_[code].dynamic = true;
    } else {
      AddTemplate(entries_[code], prefix.PartsOfTemplate(code));
    }
  }
}

const std::vector<DiscoveredField>& PrefixFields::Discover(std::string_view line) {
  found_.clear();
  if (!line.starts_with('{')) platform_.Discover(line, found_);
  return found_;
}

void PrefixFields::AddConstant(Entry& entry, std::string_view value) {
  for (const DiscoveredField& field : Discover(value)) {
    entry.fields.push_back(
        {.name = field.name, .kind = field.kind, .text = texts_.emplace_back(field.text)});
  }
}

void PrefixFields::AddTemplate(Entry& entry, const std::vector<SkeletonPart>& parts) {
  const Sample sample = SampleOf(parts);
  const char* const base = sample.text.data();
  for (const DiscoveredField& found : Discover(sample.text)) {
    PrefixField field{.name = found.name, .kind = found.kind};
    const bool inside = found.text.data() >= base && found.text.data() < base + sample.text.size();
    std::size_t slot = 0;
    bool placed = false;
    if (!inside) {
      // A constant of the platform, or megabytes made bytes.
      const bool computed = found.kind == FieldKind::kNumber;
      for (std::size_t i = 0; i < parts.size() && computed && !placed; ++i) {
        if (!parts[i].has_slot) continue;
        const Sample::Place& place = sample.places[i];
        const std::string text = sample.text.substr(place.slot, place.end - place.slot);
        placed = parts[i].kind == SlotKind::kInt && found.text == text + "000000";
        if (placed) {
          field.form = PrefixField::Form::kSlot;
          field.slot = slot;
          field.megabytes = true;
        }
        ++slot;
      }
      if (!placed && !computed) {
        field.text = texts_.emplace_back(found.text);
        placed = true;
      }
    } else {
      const auto begin = static_cast<std::size_t>(found.text.data() - base);
      const std::size_t end = begin + found.text.size();
      bool started = false;
      for (std::size_t i = 0; i < parts.size() && !placed; ++i) {
        const Sample::Place& place = sample.places[i];
        if (!started && begin < place.end) {
          started = true;
          field.form = PrefixField::Form::kStretch;
          field.first = i;
          field.first_at = std::min(begin, place.slot) - place.literal;
          if (begin == place.slot && end == place.end && parts[i].has_slot) {
            field.form = PrefixField::Form::kSlot;
            field.slot = slot;
            placed = true;
            break;
          }
          if (begin > place.slot) break;  // within a slot
        }
        if (started && end <= place.slot) {
          field.last = i;
          field.last_at = end - place.literal;
          placed = true;
        } else if (started && end == place.end) {
          field.last = i;
          field.last_at = std::string::npos;
          placed = true;
        } else if (started && end < place.end) {
          break;  // within a slot
        }
        if (parts[i].has_slot) ++slot;
      }
      if (placed && field.form == PrefixField::Form::kStretch && field.first == field.last &&
          field.last_at != std::string::npos) {
        field.form = PrefixField::Form::kConstant;
        field.text = texts_.emplace_back(found.text);
      }
    }
    if (!placed) {
      entry.dynamic = true;
      entry.fields.clear();
      return;
    }
    entry.fields.push_back(field);
  }
}

const PrefixField* PrefixFields::Find(std::uint32_t code, std::string_view name) const {
  for (const PrefixField& field : entries_[code].fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

void PrefixFields::AppendText(const PrefixField& field, const TextColumn& column,
                              const TextChunk& chunk, std::size_t i, std::string& out) const {
  if (field.form == PrefixField::Form::kConstant) {
    out += field.text;
    return;
  }
  const std::uint32_t code = chunk.codes[i];
  const TextChunk::Template& one = chunk.TemplateOf(code);
  if (field.form == PrefixField::Form::kSlot) {
    TextColumn::AppendSlotText(one.slots[field.slot], chunk.ordinal[i], out);
    const bool zero = field.megabytes && one.slots[field.slot].numbers[chunk.ordinal[i]] == 0;
    if (field.megabytes && !zero) out += "000000";
    return;
  }
  const std::vector<SkeletonPart>& parts = column.PartsOfTemplate(code);
  std::size_t slot = 0;
  for (std::size_t part = 0; part < field.first; ++part) slot += parts[part].has_slot ? 1 : 0;
  for (std::size_t part = field.first; part <= field.last; ++part) {
    const bool last_literal = part == field.last && field.last_at != std::string::npos;
    std::string_view literal = parts[part].literal;
    if (last_literal) literal = literal.substr(0, field.last_at);
    if (part == field.first) literal.remove_prefix(std::min(field.first_at, literal.size()));
    out += literal;
    if (last_literal || !parts[part].has_slot) continue;
    TextColumn::AppendSlotText(one.slots[slot++], chunk.ordinal[i], out);
  }
}

}  // namespace securebase::events

#include "events/discovery.h"

#include "events/internal/json_shapes.h"
#include "events/internal/platform_lines.h"

namespace securebase::events {

struct Discoverer::State {
  NameTable names;
  JsonShapes shapes{names};
  PlatformLines platform{names};
  std::vector<DiscoveredField> fields;

  void Add(const JsonShapes::Parsed& parsed) {
    const std::vector<JsonLeaf>& leaves = *parsed.leaves;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const std::uint32_t id = (*parsed.names)[i];
      DiscoveredField field{.name_id = id, .kind = leaves[i].kind, .text = leaves[i].Text()};
      if (id != DiscoveredField::kNoId) {
        field.name = names.NameOf(id);
      } else if (parsed.shape == nullptr && !(*parsed.rare_names)[i].empty()) {
        field.name = (*parsed.rare_names)[i];
      } else {
        continue;  // the second of a name
      }
      fields.push_back(field);
    }
  }
};

Discoverer::Discoverer() : state_(std::make_unique<State>()) {}
Discoverer::~Discoverer() = default;
Discoverer::Discoverer(Discoverer&&) noexcept = default;
Discoverer& Discoverer::operator=(Discoverer&&) noexcept = default;

const std::vector<DiscoveredField>& Discoverer::Discover(std::string_view message) {
  state_->fields.clear();
  JsonShapes::Parsed parsed;
  std::size_t begin = 0;
  const bool json = state_->shapes.Find(message, begin, parsed);
  // A platform's columns stand before the object.
  const std::string_view text = json ? message.substr(0, begin) : message;
  if (!text.starts_with('{')) state_->platform.Discover(text, state_->fields);
  if (json) state_->Add(parsed);
  if (json && begin == 0) state_->platform.DiscoverJson(message, state_->fields);
  if (state_->fields.size() > kDiscoveredMax) state_->fields.resize(kDiscoveredMax);
  return state_->fields;
}

std::size_t Discoverer::name_count() const { return state_->names.size(); }
std::uint32_t Discoverer::IdOf(std::string_view name) { return state_->names.IdOf(name); }

}  // namespace securebase::events

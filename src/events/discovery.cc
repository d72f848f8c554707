#include "events/discovery.h"

#include <array>
#include <cstring>
#include <optional>

#include "events/internal/json_shapes.h"
#include "events/internal/platform_lines.h"

namespace securebase::events {
namespace {

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

}  // namespace

struct Discoverer::State {
  NameTable names;
  JsonShapes shapes{names};
  PlatformLines platform{names};
  std::vector<DiscoveredField> fields;

  bool DiscoverJson(std::string_view message) {
    std::size_t at = NextObject(message, 0);
    for (int tries = 0; at != std::string_view::npos && tries < kTriesMax; ++tries) {
      JsonShapes::Parsed parsed;
      if (shapes.Parse(message.substr(at), parsed)) {
        Add(parsed);
        return true;
      }
      at = NextObject(message, at + 1);
    }
    return false;
  }

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
  const bool text_line = !message.starts_with('{');
  if (text_line) state_->platform.Discover(message, state_->fields);
  if (state_->DiscoverJson(message) && !text_line) {
    state_->platform.DiscoverJson(message, state_->fields);
  }
  if (state_->fields.size() > kDiscoveredMax) state_->fields.resize(kDiscoveredMax);
  return state_->fields;
}

std::size_t Discoverer::name_count() const { return state_->names.size(); }
std::uint32_t Discoverer::IdOf(std::string_view name) { return state_->names.IdOf(name); }

}  // namespace securebase::events

#include "events/internal/file_id.h"

#include <fmt/format.h>

#include "base/text.h"

namespace securebase::events {

std::string FileName(std::uint64_t file_id, std::string_view suffix) {
  return fmt::format("{:012}{}", file_id, suffix);
}

std::optional<std::uint64_t> FileIdOf(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  const std::optional<std::int64_t> id = ParseInt(name.substr(0, name.size() - suffix.size()));
  if (!id.has_value() || *id < 0 || FileName(*id, suffix) != name) return std::nullopt;
  return static_cast<std::uint64_t>(*id);
}

}  // namespace securebase::events

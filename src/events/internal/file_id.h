#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace securebase::events {

/// "000000000012.seg" for 12 and ".seg".
std::string FileName(std::uint64_t file_id, std::string_view suffix);
/// The number in such a name; nothing for any other name.
std::optional<std::uint64_t> FileIdOf(std::string_view name, std::string_view suffix);

}  // namespace securebase::events

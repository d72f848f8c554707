#pragma once

// Maps and lists are kept as JSON text; reading into them.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "insights/internal/cell.h"

namespace securebase::insights::internal {

/// The text is a JSON object or array, whole and valid.
bool IsTree(std::string_view text);
/// The value below the steps (keys, or indexes in lists); missing where there is none. Text is put
/// into the arena.
Cell JsonAt(std::string_view text, const std::vector<std::string>& steps, Arena& arena);
/// Calls `element` for each element of a list; false where the text is no list.
bool JsonElements(std::string_view text, Arena& arena, const std::function<void(Cell)>& element);
/// Without the blanks between tokens.
std::string Minify(std::string_view text);

}  // namespace securebase::insights::internal

#pragma once

#include <string_view>
#include <vector>

namespace securebase::web {

/// A file of the built page.
struct Asset {
  std::string_view path;  // "/index.html"
  std::string_view bytes;
};

/// What web/dist held when the binary was built; empty when the page was not built.
std::vector<Asset> EmbeddedAssets();

}  // namespace securebase::web

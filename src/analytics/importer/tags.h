#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace securebase::analytics {

/// Reads tags written as JSON text in a cell, and remembers them: bills repeat their tags.
/// Not thread-safe.
class TagParser {
 public:
  using Tags = std::vector<std::pair<std::string, std::string>>;  // "tags.env" and value

  /// Null when the text is no JSON object (or the inside of one, as some exports write it).
  /// Valid until the next call.
  const Tags* Parse(std::string_view json);

 private:
  boost::unordered_flat_map<std::string, Tags> remembered_;
};

/// The field of a tag: "tags." and the key without its provider's prefix ("user:env", "user_env",
/// "resourceTags/user:env" all mean env). Empty when the key is empty or longer than 128 bytes.
std::string TagField(std::string_view key);

}  // namespace securebase::analytics

#pragma once

// Finds the route of a request: by hash for paths without {names}, else by comparing segments.

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/route.h"

namespace securebase::api {

/// Not thread-safe while routes are added; look-ups may run concurrently.
class Router {
 public:
  /// A path without {names} is preferred to a pattern that fits too. SB_CHECKs that no method and
  /// pattern occurs twice.
  void Add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: no such path, or another method
    /// Where the path exists but not with this method: its methods, "GET, POST".
    std::string allow;
    std::vector<std::pair<std::string, std::string>> path_values;
  };
  /// `path`: below /v1, "/reports/rpt-1".
  Match Find(std::string_view method, std::string_view path) const;

  /// The pattern that the path fits, whatever the method, or empty.
  std::string_view PatternOf(std::string_view path) const;

 private:
  struct Entry {
    std::string pattern;
    std::vector<std::string> segments;  // of the pattern; a {name} stays as it is
    std::vector<Route> routes;          // one a method
  };

  const Entry* FindEntry(std::string_view path,
                         std::vector<std::pair<std::string, std::string>>* values) const;

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  boost::unordered_flat_map<std::string, std::size_t, TextHash, std::equal_to<>> by_path_;
  std::vector<std::size_t> patterns_;  // entries with {names}
  std::vector<Entry> entries_;
};

}  // namespace securebase::api

#pragma once

// Templates of log lines.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace securebase::insights::internal {

/// Groups texts by what stays the same in them. Tokens that look like values (numbers, UUIDs,
/// addresses, times, hexadecimal, quoted text) are variables from the start; texts of one length
/// whose other tokens mostly agree share a template, the rest becoming variables. Deterministic
/// for a given order of texts. Source: He, Zhu, Zheng, Lyu, "Drain: An Online Log Parsing Approach
/// with Fixed Depth Tree", ICWS 2017; the tree's leaf is found by the number of tokens and the
/// first ones, the closest group by the share of equal tokens.
class TemplateMiner {
 public:
  struct Template {
    struct Token {
      std::string before;  // separators in front
      std::string text;    // empty: a variable
      std::string type;    // of a variable: "Number", "UUID", "Token", …
    };
    std::vector<Token> tokens;
    std::string after;  // separators at the end
    std::uint64_t count = 0;
    std::string severity;
    /// "[INFO] Request time: <Time-1> ms".
    std::string ToText() const;
  };

  void Add(std::string_view text, std::uint64_t count = 1);
  const std::vector<Template>& templates() const { return templates_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::vector<Template> templates_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> leaves_;
  std::uint64_t bytes_ = 0;
};

}  // namespace securebase::insights::internal

#pragma once

// The rule of a composite alarm (spec: cloudwatch-api 6.9):
//
//   rule = and { "OR" and } ;  and = not { "AND" not } ;  not = ["NOT"] prim
//   prim = STATE "(" ref ")" | "TRUE" | "FALSE" | "(" rule ")"
//        | "AT_LEAST" "(" M "," ["NOT"] STATE "," "(" ref {"," ref} ")" ")"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/state.h"
#include "base/result.h"

namespace securebase::alarms {

/// A parsed rule; immutable, cheap to copy.
class Rule {
 public:
  struct Node;
  Rule() = default;
  explicit Rule(std::shared_ptr<const Node> root);

  /// Names of the alarms that it mentions, in the order of the text, each once.
  const std::vector<std::string>& children() const { return children_; }
  bool Names(std::string_view alarm) const;
  /// `state_of` gives the state of a child.
  bool Evaluate(const std::function<StateValue(const std::string&)>& state_of) const;
  /// A text that parses to the same rule.
  std::string ToText() const;

 private:
  std::shared_ptr<const Node> root_;
  std::vector<std::string> children_;
};

/// Errors: kInvalidArgument, field AlarmRule, wire code ValidationError, naming the place.
Result<Rule> ParseRule(std::string_view text);

}  // namespace securebase::alarms

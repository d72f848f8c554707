#pragma once

// Filter policies of SNS subscriptions (spec: cloudwatch-api 7.2).

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace securebase::notify {

/// A message attribute of SNS.
struct MessageAttribute {
  std::string type;   // "String", "Number", "Binary", "String.Array", perhaps with a suffix
  std::string value;  // Binary: base64
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

/// A compiled policy; immutable.
class FilterPolicy {
 public:
  /// Errors: kInvalidArgument whose message follows "Invalid parameter: FilterPolicy: ".
  /// `of_body`: the scope is MessageBody, keys may nest.
  static Result<FilterPolicy> Parse(std::string_view text, bool of_body);

  bool MatchesAttributes(const MessageAttributes& attributes) const;
  /// False for a body that is no JSON object.
  bool MatchesBody(std::string_view body) const;

 private:
  std::shared_ptr<const json::Value> policy_;
};

}  // namespace securebase::notify

#pragma once

// What SNS's operations share.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/operation.h"
#include "notify/topics/topic_service.h"

namespace securebase::aws::sns {

/// The topics of the server. kUnimplemented where it has none.
Result<notify::TopicService*> TopicsOf(const CallContext& context);

/// A map of texts by the member's name.
std::map<std::string, std::string> TextsOf(const Value& request, std::string_view name);
/// Name-value pairs as a map of the answer.
Value MapValue(const std::vector<std::pair<std::string, std::string>>& pairs);
/// [{Key, Value}] as pairs.
std::vector<std::pair<std::string, std::string>> TagsOf(const Value& request);

/// A hundred elements after the token's; `next` gets the token for the rest. `keys` ascend.
/// InvalidParameter for a token that is not ours.
struct PageRange {
  std::size_t first = 0;
  std::size_t end = 0;
};
Result<PageRange> PageOf(const std::vector<std::string>& keys, const Value& request,
                         const CallContext& context, std::string_view question, std::string& next);

}  // namespace securebase::aws::sns

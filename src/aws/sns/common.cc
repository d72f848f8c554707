#include "aws/sns/common.h"

#include <algorithm>

namespace securebase::aws::sns {

Result<notify::TopicService*> TopicsOf(const CallContext& context) {
  if (context.stores.topics == nullptr) return Unimplemented("this server has no topics");
  return context.stores.topics;
}

std::map<std::string, std::string> TextsOf(const Value& request, std::string_view name) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : request.Entries(name)) {
    const std::string* text = value.As<std::string>();
    texts[key] = text == nullptr ? "" : *text;
  }
  return texts;
}

Value MapValue(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Value::Map map;
  for (const auto& [name, text] : pairs) map.entries.emplace_back(name, Value(text));
  return Value(std::move(map));
}

std::vector<std::pair<std::string, std::string>> TagsOf(const Value& request) {
  std::vector<std::pair<std::string, std::string>> tags;
  for (const Value& tag : request.Elements("Tags")) {
    tags.emplace_back(tag.TextOr("Key", ""), tag.TextOr("Value", ""));
  }
  return tags;
}

Result<PageRange> PageOf(const std::vector<std::string>& keys, const Value& request,
                         const CallContext& context, std::string_view question, std::string& next) {
  constexpr std::size_t kPage = 100;
  PageRange range;
  if (const std::string* token = request.Text("NextToken"); token != nullptr && !token->empty()) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return Error(ErrorCode::kInvalidArgument, "Invalid parameter: NextToken", "NextToken",
                   "InvalidParameter");
    }
    range.first = static_cast<std::size_t>(std::upper_bound(keys.begin(), keys.end(), *position) -
                                           keys.begin());
  }
  range.end = std::min(keys.size(), range.first + kPage);
  if (range.end < keys.size())
    next = context.tokens.Seal(question, keys[range.end - 1], context.now);
  return range;
}

}  // namespace securebase::aws::sns

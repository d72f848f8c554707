#include "aws/logs/common.h"

#include "base/text.h"

namespace securebase::aws::logs {
namespace {

constexpr std::size_t kNameMax = 512;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool HasOnly(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsLetterOrDigit(c) || others.find(c) != std::string_view::npos;
  });
}

Error NameTooLong(std::string_view member) {
  return InvalidParameter(
      std::string(member),
      "Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
}

}  // namespace

Error InvalidParameter(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "InvalidParameterException");
}

Error Constraint(std::string_view value, std::string_view member, std::string_view rule) {
  std::string text = "1 validation error detected: Value";
  if (!value.empty()) text.append(" '").append(value).append("'");
  text.append(" at '").append(member).append("' failed to satisfy constraint: ").append(rule);
  return InvalidParameter(std::string(member), std::move(text));
}

Error GroupNotFound() {
  return Error(ErrorCode::kNotFound, "The specified log group does not exist.", "logGroupName",
               "ResourceNotFoundException");
}

Error StreamNotFound() {
  return Error(ErrorCode::kNotFound, "The specified log stream does not exist.", "logStreamName",
               "ResourceNotFoundException");
}

Error BadToken() { return InvalidParameter("nextToken", "The specified nextToken is invalid."); }

Result<std::string> NameOfIdentifier(const CallContext& context, const std::string& identifier,
                                     std::string_view member) {
  constexpr std::string_view kPattern = "[\\w#+=/:,.@-]*";
  std::string_view text = identifier;
  if (text.ends_with(":*")) text.remove_suffix(2);
  if (!HasOnly(text, "_#+=/:,.@-")) {
    return Constraint("", member,
                      "Member must satisfy regular expression pattern: " + std::string(kPattern));
  }
  if (!text.starts_with("arn:")) return std::string(text);
  const std::string prefix = GroupArn(context, "");
  if (!text.starts_with(prefix)) return GroupNotFound();
  return std::string(text.substr(prefix.size()));
}

Result<std::string> GroupNameOf(const Value& request, const CallContext& context) {
  const std::string* name = request.Text("logGroupName");
  const std::string* identifier = request.Text("logGroupIdentifier");
  if (name != nullptr && identifier != nullptr) {
    return InvalidParameter("logGroupIdentifier",
                            "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  if (name != nullptr) return *name;
  if (identifier == nullptr) {
    return InvalidParameter("logGroupName",
                            "Either logGroupName or logGroupIdentifier must be given.");
  }
  return NameOfIdentifier(context, *identifier, "logGroupIdentifier");
}

Result<> CheckGroupName(const std::string& name) {
  if (name.size() > kNameMax) return NameTooLong("logGroupName");
  if (HasOnly(name, "._-/#")) return {};
  return Constraint(name, "logGroupName",
                    "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+");
}

Result<> CheckStreamName(const std::string& name) {
  if (name.size() > kNameMax) return NameTooLong("logStreamName");
  if (name.find_first_of(":*") == name.npos) return {};
  return Constraint(name, "logStreamName",
                    "Member must satisfy regular expression pattern: [^:*]*");
}

Result<events::LogGroup> FindGroup(const CallContext& context, const std::string& group) {
  auto found = context.stores.logs.FindGroup(context.account, group);
  if (!found) return GroupNotFound();
  return *std::move(found);
}

Result<events::LogStream> FindStream(const CallContext& context, const std::string& group,
                                     const std::string& stream) {
  auto found = context.stores.logs.FindStream(context.account, group, stream);
  if (!found.ok()) {
    if (found.error().code() == ErrorCode::kNotFound) return GroupNotFound();
    return found.error();
  }
  if (!found->has_value()) return StreamNotFound();
  return **std::move(found);
}

std::string GroupArn(const CallContext& context, std::string_view group) {
  return "arn:aws:logs:" + context.account.region + ":" + context.account_number() +
         ":log-group:" + std::string(group);
}

std::int64_t Millis(Instant t) { return ToUnixMillis(t); }

Result<Value> PageOf(std::vector<Row> rows, const Value& request, const CallContext& context,
                     std::string_view question, std::string_view member, std::int64_t page_max,
                     std::string_view limit_name, bool descending) {
  std::sort(rows.begin(), rows.end(),
            [&](const Row& a, const Row& b) { return descending ? b.key < a.key : a.key < b.key; });
  std::size_t first = 0;
  if (const std::string* token = request.Text("nextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) return BadToken();
    while (first < rows.size() &&
           (descending ? rows[first].key >= *position : rows[first].key <= *position)) {
      ++first;
    }
  }
  const auto limit = static_cast<std::size_t>(request.Int(limit_name).value_or(page_max));
  const std::size_t end = std::min(rows.size(), first + limit);
  Value::List page;
  for (std::size_t i = first; i < end; ++i) page.push_back(std::move(rows[i].value));
  Value answer = Value::MakeStruct({{std::string(member), std::move(page)}});
  if (end < rows.size() && end > first) {
    answer.Set("nextToken", context.tokens.Seal(question, rows[end - 1].key, context.now));
  }
  return answer;
}

ShapePtr NameShape() { return Text(1, kNameMax); }
Member GroupIdentifierMember() { return Optional("logGroupIdentifier", Text(1, 2048)); }

}  // namespace securebase::aws::logs

#include "aws/api_document.h"

#include <vector>

#include "aws/known_operations.h"
#include "aws/operation.h"

namespace securebase::aws {
namespace {

std::string_view TypeName(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::kStruct:
      return "structure";
    case Shape::Kind::kList:
      return "list";
    case Shape::Kind::kMap:
      return "map";
    case Shape::Kind::kText:
      return "text";
    case Shape::Kind::kInt:
      return "integer";
    case Shape::Kind::kDouble:
      return "number";
    case Shape::Kind::kBool:
      return "boolean";
    case Shape::Kind::kTime:
      return "time";
    case Shape::Kind::kBlob:
      return "bytes";
    case Shape::Kind::kDocument:
      return "document";
  }
  return "";
}

std::string_view UseName(Use use) {
  switch (use) {
    case Use::kEvaluated:
      return "evaluated";
    case Use::kAccepted:
      return "accepted without effect";
    case Use::kRefused:
      return "refused";
  }
  return "";
}

/// "1 to 255", "up to 30", "a, b or c".
std::string LimitsOf(const Shape& shape) {
  std::string out;
  if (!shape.choices.empty()) {
    constexpr std::size_t kShown = 8;
    for (std::size_t i = 0; i < shape.choices.size() && i < kShown; ++i) {
      out += (i == 0 ? "`" : ", `") + shape.choices[i] + "`";
    }
    if (shape.choices.size() > kShown) {
      out += " and " + std::to_string(shape.choices.size() - kShown) + " more";
    }
    return out;
  }
  if (shape.min && shape.max) {
    return std::to_string(*shape.min) + " to " + std::to_string(*shape.max);
  }
  if (shape.max) return "up to " + std::to_string(*shape.max);
  if (shape.min) return "from " + std::to_string(*shape.min);
  return out;
}

/// The members of a structure as rows, those of its structures below them.
class Rows {
 public:
  explicit Rows(std::string& out) : out_(out) {}

  void Add(const Shape& shape, const std::string& path, Use use) {
    if (++depth_ <= kDepthMax) AddBelow(shape, path, use);
    --depth_;
  }

 private:
  // Shapes that hold themselves (filters within filters) are shown this far.
  static constexpr int kDepthMax = 6;

  void AddBelow(const Shape& shape, const std::string& path, Use use) {
    if (shape.kind == Shape::Kind::kList) return Add(*shape.element, path + "[]", use);
    if (shape.kind == Shape::Kind::kMap) return Add(*shape.element, path + "{}", use);
    for (const Member& member : shape.members) {
      const std::string name = path.empty() ? member.name : path + "." + member.name;
      // What lies below a member without effect has none either.
      const Use own = use == Use::kEvaluated ? member.use : use;
      const bool refused = own == Use::kRefused;
      out_ += "| `" + name + "` | " + (refused ? "" : std::string(TypeName(*member.shape))) +
              (member.required ? ", required" : "") + " | " +
              (refused ? "" : LimitsOf(*member.shape)) + " | " + std::string(UseName(own)) + " |\n";
      if (!refused) Add(*member.shape, name, own);
    }
  }

  std::string& out_;
  int depth_ = 0;
};

void AppendOperation(const Operation& operation, std::string& out) {
  out += "\n## " + operation.name + "\n\nNeeds the role " +
         std::string(api::ToText(operation.role)) + ".";
  std::string rows;
  if (operation.input) Rows(rows).Add(*operation.input, "", Use::kEvaluated);
  if (rows.empty()) {
    out += " No parameters.\n";
    return;
  }
  out += "\n\n| parameter | type | limits | here |\n|---|---|---|---|\n" + rows;
}

std::string_view Title(Service service) {
  switch (service) {
    case Service::kCloudWatch:
      return "CloudWatch";
    case Service::kLogs:
      return "CloudWatch Logs";
    case Service::kSns:
      return "SNS";
    case Service::kDynamoDb:
      return "DynamoDB";
  }
  return "";
}

}  // namespace

std::string_view PageName(Service service) {
  switch (service) {
    case Service::kCloudWatch:
      return "cloudwatch";
    case Service::kLogs:
      return "logs";
    case Service::kSns:
      return "sns";
    case Service::kDynamoDb:
      return "dynamodb";
  }
  return "";
}

std::string ApiPage(Service service) {
  std::vector<const Operation*> built;
  std::string refused;
  for (const std::string_view name : KnownOperations(service)) {
    if (const Operation* operation = FindOperation(service, name)) {
      built.push_back(operation);
    } else {
      refused += (refused.empty() ? "" : ", ") + std::string(name);
    }
  }
  std::string out = "# " + std::string(Title(service)) +
                    ": operations and parameters\n\n"
                    "<!-- Written by `securebase api-docs docs/api` from the shapes that read the "
                    "requests; do not edit. -->\n\n"
                    "A parameter that is not listed is refused by name. A list is `name[]`, a map "
                    "`name{}`; limits are of a text's length, a list's or map's size, or a "
                    "number.\n";
  for (const Operation* operation : built) AppendOperation(*operation, out);
  if (!refused.empty()) {
    out +=
        "\n## Refused\n\nKnown to AWS, not built here; the answer is status 501 with the "
        "operation's name: " +
        refused + ".\n";
  }
  return out;
}

}  // namespace securebase::aws

#include "analytics/filter.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analytics/datasets.h"
#include "base/time.h"

namespace securebase::analytics {
namespace {

using query::Literal;
using query::Predicate;
using Op = Predicate::Op;

constexpr int kDepthMax = 8;
constexpr std::size_t kConditionsMax = 1000;
constexpr std::size_t kValuesMax = 10'000;

struct Operator {
  std::string_view name;
  Op op;
  enum class Takes { kValue, kList, kText, kBool } takes;
};

constexpr Operator kOperators[] = {
    {"eq", Op::kEqual, Operator::Takes::kValue},
    {"ne", Op::kNotEqual, Operator::Takes::kValue},
    {"gt", Op::kGreater, Operator::Takes::kValue},
    {"gte", Op::kGreaterOrEqual, Operator::Takes::kValue},
    {"lt", Op::kLess, Operator::Takes::kValue},
    {"lte", Op::kLessOrEqual, Operator::Takes::kValue},
    {"in", Op::kIn, Operator::Takes::kList},
    {"nin", Op::kNotIn, Operator::Takes::kList},
    {"contains", Op::kContains, Operator::Takes::kText},
    {"startsWith", Op::kStartsWith, Operator::Takes::kText},
    {"exists", Op::kExists, Operator::Takes::kBool},
};

const Operator* FindOperator(std::string_view name) {
  for (const Operator& candidate : kOperators) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

class Parser {
 public:
  explicit Parser(const events::Schema& schema) : schema_(schema) {}

  Result<Predicate> Object(const json::Value& value, const std::string& path, int depth) {
    if (!value.IsObject()) return InvalidArgument(path, "must be a JSON object of conditions");
    if (depth > kDepthMax) return InvalidArgument(path, "is nested too deeply");
    Predicate all{.op = Op::kAnd};
    for (const auto& [name, condition] : value.AsObject()) {
      const std::string at = path + "." + name;
      if (name == "or" || name == "and") {
        SB_TRY(Predicate list, List(condition, at, depth, name == "or" ? Op::kOr : Op::kAnd));
        all.children.push_back(std::move(list));
      } else {
        SB_TRY_OK(Field(name, condition, at, all.children));
      }
    }
    if (all.children.empty()) return Predicate{};
    if (all.children.size() == 1) return Predicate(std::move(all.children.front()));
    return all;
  }

 private:
  Result<Predicate> List(const json::Value& value, const std::string& path, int depth, Op op) {
    if (!value.IsArray() || value.AsArray().empty()) {
      return InvalidArgument(path, "must be an array of at least one filter object");
    }
    Predicate list{.op = op};
    std::size_t index = 0;
    for (const json::Value& child : value.AsArray()) {
      SB_TRY(Predicate predicate, Object(child, path + "." + std::to_string(index++), depth + 1));
      list.children.push_back(std::move(predicate));
    }
    return list;
  }

  Result<> Field(std::string_view name, const json::Value& condition, const std::string& path,
                 std::vector<Predicate>& out) {
    std::string field(name);
    query::Type type = query::Type::kString;
    if (const auto index = FindField(schema_, name)) {
      field = schema_.fields[*index].name;
      type = schema_.fields[*index].type;
    } else if (!IsTagField(name)) {
      return InvalidArgument(path, "is no field of " + schema_.dataset + "; fields are " +
                                       FieldList(schema_) + ", tags.NAME");
    }
    if (!condition.IsObject()) {
      SB_TRY(Literal literal, Value(condition, type, path));
      return Add(out, Op::kEqual, std::move(field), {std::move(literal)}, path);
    }
    if (condition.AsObject().empty()) {
      return InvalidArgument(path, "must name at least one operator");
    }
    for (const auto& [operator_name, operand] : condition.AsObject()) {
      SB_TRY_OK(Operation(field, type, operator_name, operand, path + "." + operator_name, out));
    }
    return {};
  }

  Result<> Operation(const std::string& field, query::Type type, std::string_view name,
                     const json::Value& operand, const std::string& path,
                     std::vector<Predicate>& out) {
    const Operator* found = FindOperator(name);
    if (found == nullptr) {
      return InvalidArgument(path,
                             "is no operator; operators are eq, ne, gt, gte, lt, lte, in, "
                             "nin, contains, startsWith, exists");
    }
    switch (found->takes) {
      case Operator::Takes::kBool: {
        if (!operand.IsBool()) return InvalidArgument(path, "must be true or false");
        return Add(out, operand.AsBool() ? Op::kExists : Op::kNotExists, field, {}, path);
      }
      case Operator::Takes::kText: {
        if (type != query::Type::kString) {
          return InvalidArgument(path, "applies to text fields only");
        }
        if (!operand.IsString()) return InvalidArgument(path, "must be a string");
        return Add(out, found->op, field, {operand.AsString()}, path);
      }
      case Operator::Takes::kList: {
        if (!operand.IsArray() || operand.AsArray().empty()) {
          return InvalidArgument(path, "must be an array of at least one value");
        }
        std::vector<Literal> literals;
        for (std::size_t i = 0; i < operand.AsArray().size(); ++i) {
          SB_TRY(Literal literal,
                 Value(operand.AsArray()[i], type, path + "." + std::to_string(i)));
          literals.push_back(std::move(literal));
        }
        return Add(out, found->op, field, std::move(literals), path);
      }
      case Operator::Takes::kValue:
        break;
    }
    SB_TRY(Literal literal, Value(operand, type, path));
    return Add(out, found->op, field, {std::move(literal)}, path);
  }

  static Result<Literal> Value(const json::Value& value, query::Type type,
                               const std::string& path) {
    if (type == query::Type::kString) {
      if (!value.IsString()) return InvalidArgument(path, "must be a string");
      return Literal(value.AsString());
    }
    if (type == query::Type::kTime) {
      if (!value.IsString()) return InvalidArgument(path, "must be an ISO 8601 time");
      const auto time = ParseIso(value.AsString());
      if (!time.ok()) return InvalidArgument(path, "must be an ISO 8601 time");
      return Literal(ToUnixMillis(*time));
    }
    if (!value.IsNumber()) return InvalidArgument(path, "must be a number");
    return Literal(value.AsNumber());
  }

  Result<> Add(std::vector<Predicate>& out, Op op, std::string field, std::vector<Literal> literals,
               const std::string& path) {
    conditions_ += 1;
    values_ += literals.size();
    if (conditions_ > kConditionsMax || values_ > kValuesMax) {
      return InvalidArgument(path, "exceeds 1,000 conditions or 10,000 values");
    }
    out.push_back(Predicate{.op = op, .field = std::move(field), .literals = std::move(literals)});
    return {};
  }

  const events::Schema& schema_;
  std::size_t conditions_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

Result<query::Predicate> FilterOf(const json::Value& filters, const events::Schema& schema) {
  return Parser(schema).Object(filters, "filters", 0);
}

Result<query::Predicate> ParseFilters(std::string_view text, const events::Schema& schema) {
  auto parsed = json::Parse(text, {.depth_max = 32, .size_max = 256 << 10});
  if (!parsed.ok()) {
    const std::string& field = parsed.error().field();
    return Error(ErrorCode::kInvalidArgument, parsed.error().message(),
                 field.empty() ? "filters" : "filters." + field, "INVALID_REQUEST");
  }
  return FilterOf(*parsed, schema);
}

}  // namespace securebase::analytics

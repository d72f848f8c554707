#include <fmt/format.h>

#include "documents/expression.h"
#include "documents/internal/condition_node.h"

namespace securebase::documents {
namespace {

using Node = Condition::Node;
using Op = Node::Op;

Error Refused(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), "KeyConditionExpression",
               "ValidationException");
}

Error InvalidOperator(Op op) {
  return Refused(fmt::format(
      "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: {}",
      internal::ToText(op)));
}

bool HasType(const Value& value, KeyType type) {
  return value.type().size() == 1 && value.type()[0] == static_cast<char>(type);
}

std::optional<SortCondition::Op> SortOp(Op op) {
  switch (op) {
    case Op::kEqual:
      return SortCondition::Op::kEqual;
    case Op::kLess:
      return SortCondition::Op::kLess;
    case Op::kLessOrEqual:
      return SortCondition::Op::kLessOrEqual;
    case Op::kGreater:
      return SortCondition::Op::kGreater;
    case Op::kGreaterOrEqual:
      return SortCondition::Op::kGreaterOrEqual;
    case Op::kBetween:
      return SortCondition::Op::kBetween;
    case Op::kBeginsWith:
      return SortCondition::Op::kBeginsWith;
    default:
      return {};
  }
}

/// The one condition on a key attribute: the name on its left, values on its right.
Result<std::string> NameOf(const Node& term) {
  if (term.op == Op::kAnd) return Refused("Conditions can be of length 1 or 2 only");
  if (!SortOp(term.op)) return InvalidOperator(term.op);
  using Kind = Node::Operand::Kind;
  const Node::Operand& left = term.operands[0];
  if (left.kind == Kind::kSize) {
    return Refused(
        "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: size");
  }
  bool plain = left.kind == Kind::kPath;
  for (std::size_t i = 1; i < term.operands.size(); ++i) {
    plain = plain && term.operands[i].kind == Kind::kValue;
  }
  if (!plain) {
    return Refused(
        "Invalid KeyConditionExpression: Invalid condition in KeyConditionExpression: an "
        "attribute must be compared with a value");
  }
  if (left.path.size() > 1) {
    return Refused(
        "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested "
        "attributes");
  }
  return std::get<std::string>(left.path.front());
}

/// Types and, as for any key, no empty strings.
Result<> CheckValues(const Node& term, const KeyAttribute& key) {
  for (std::size_t i = 1; i < term.operands.size(); ++i) {
    const Value& value = term.operands[i].value;
    if (!HasType(value, key.type)) {
      return Refused(
          "One or more parameter values were invalid: Condition parameter type does not match "
          "schema type");
    }
    if (term.op != Op::kBeginsWith && value.string() && value.string()->empty()) {
      return Refused(fmt::format(
          "One or more parameter values are not valid. The AttributeValue for a key attribute "
          "cannot contain an empty string value. Key: {}",
          key.name));
    }
  }
  return {};
}

Error MissedKey(const std::string& name) {
  return Refused(fmt::format("Query condition missed key schema element: {}", name));
}

/// The conditions on the two keys, whichever comes first.
struct Terms {
  const Node* partition = nullptr;
  const Node* sort = nullptr;
};

Result<Terms> AssignTerms(const std::vector<const Node*>& terms, const TableDescription& table) {
  Terms assigned;
  for (const Node* term : terms) {
    SB_TRY(std::string name, NameOf(*term));
    bool is_partition = name == table.partition_key.name;
    if (!is_partition && !(table.sort_key && name == table.sort_key->name)) {
      // The wording of the service: it looks for its key rather than at what it was given.
      return MissedKey(terms.size() > 1 && table.sort_key && assigned.partition != nullptr
                           ? table.sort_key->name
                           : table.partition_key.name);
    }
    const Node*& place = is_partition ? assigned.partition : assigned.sort;
    if (place != nullptr) {
      return Refused(
          "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one "
          "condition per key");
    }
    place = term;
  }
  if (assigned.partition == nullptr) return MissedKey(table.partition_key.name);
  return assigned;
}

}  // namespace

Result<KeyCondition> ParseKeyCondition(std::string_view text, ExpressionContext& context,
                                       const TableDescription& table) {
  SB_TRY(Condition condition, ParseCondition(text, context, ExpressionKind::kKeyCondition));
  std::vector<const Node*> terms;
  const Node& root = condition.root();
  if (root.op == Op::kAnd) {
    for (const auto& child : root.children) terms.push_back(child.get());
  } else {
    terms.push_back(&root);
  }
  if (terms.size() > 2) return Refused("Conditions can be of length 1 or 2 only");
  SB_TRY(Terms assigned, AssignTerms(terms, table));
  if (assigned.partition->op != Op::kEqual) return Refused("Query key condition not supported");
  SB_TRY_OK(CheckValues(*assigned.partition, table.partition_key));
  KeyCondition key{.partition = assigned.partition->operands[1].value, .sort = {}};
  if (assigned.sort == nullptr) return key;
  SB_TRY_OK(CheckValues(*assigned.sort, *table.sort_key));
  if (assigned.sort->op == Op::kBeginsWith && table.sort_key->type == KeyType::kNumber) {
    return Refused("Query key condition not supported");
  }
  SortCondition sort;
  sort.op = *SortOp(assigned.sort->op);
  sort.low = assigned.sort->operands[1].value;
  if (sort.op == SortCondition::Op::kBetween) sort.high = assigned.sort->operands[2].value;
  key.sort = std::move(sort);
  return key;
}

}  // namespace securebase::documents

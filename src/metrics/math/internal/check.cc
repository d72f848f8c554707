#include "metrics/math/internal/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "metrics/math/internal/token.h"

namespace securebase::metrics::math {
namespace {

std::string_view Describe(Type type) {
  switch (type) {
    case Type::kScalar:
      return "a single number";
    case Type::kSeries:
      return "a time series";
    case Type::kArray:
      return "an array of time series";
  }
  return "";
}

bool IsWholePeriod(double seconds) {
  for (double legal : {1, 5, 10, 20, 30}) {
    if (seconds == legal) return true;
  }
  return seconds >= 60 && seconds <= 1e9 && std::fmod(seconds, 60) == 0;
}

class Checker {
 public:
  Checker(std::string_view expression, const QueryTypes& queries)
      : expression_(expression), queries_(queries) {}

  Result<> Check(Node& node) {
    switch (node.kind) {
      case Node::Kind::kNumber:
        node.type = Type::kScalar;
        return {};
      case Node::Kind::kText:
        return Fault(node, "A text can only be the argument of a function that takes one");
      case Node::Kind::kWord:
        return Fault(node, "Unknown name '" + node.text + "'");
      case Node::Kind::kReference:
        node.type = queries_.TypeOf(node.queries[0]);
        return {};
      case Node::Kind::kNegate:
        SB_TRY_OK(Check(*node.children[0]));
        node.type = node.children[0]->type;
        return {};
      case Node::Kind::kBinary:
        return CheckBinary(node);
      case Node::Kind::kCall:
        return CheckCall(node);
      case Node::Kind::kList:
        return CheckList(node);
      case Node::Kind::kSelect:
        node.type = node.insights->group_by.empty() ? Type::kSeries : Type::kArray;
        return {};
    }
    return {};
  }

 private:
  Error Fault(const Node& node, std::string_view message) const {
    return FaultAt(expression_, node.at, message);
  }
  Error WrongType(const Node& call, const Node& argument, std::string_view wanted) const {
    return Fault(argument, std::string(call.function->name) + " takes " + std::string(wanted) +
                               ", not " + std::string(Describe(argument.type)));
  }

  Result<> CheckBinary(Node& node) {
    SB_TRY_OK(Check(*node.children[0]));
    SB_TRY_OK(Check(*node.children[1]));
    const Type left = node.children[0]->type, right = node.children[1]->type;
    if (left == Type::kArray && right == Type::kArray) {
      return Fault(node, "The operator '" + std::string(ToText(node.op)) +
                             "' cannot combine two arrays of time series");
    }
    node.type = std::max(left, right);
    return {};
  }

  Result<> CheckList(Node& node) {
    if (node.children.empty()) return Fault(node, "An array needs at least one time series");
    for (const NodePtr& child : node.children) {
      SB_TRY_OK(Check(*child));
      if (child->type == Type::kScalar) {
        return Fault(*child, "An array holds time series, not single numbers");
      }
    }
    node.type = Type::kArray;
    return {};
  }

  Result<> CheckCall(Node& node) {
    const Function& function = *node.function;
    if (function.id == FunctionId::kUnsupported) {
      return Fault(node,
                   "Function '" + std::string(function.name) + "' is not supported by this server");
    }
    if (node.children.size() < function.arguments_min ||
        node.children.size() > function.arguments_max) {
      std::string wanted = std::to_string(function.arguments_min);
      if (function.arguments_max != function.arguments_min) {
        wanted += " to " + std::to_string(function.arguments_max);
      }
      return Fault(node, "Function '" + std::string(function.name) + "' takes " + wanted +
                             (wanted == "1" ? " argument" : " arguments") + ", not " +
                             std::to_string(node.children.size()));
    }
    if (IsPointwise(function.id)) return CheckPointwise(node);
    if (IsReduction(function.id)) return CheckReduction(node);
    if (IsTimePart(function.id)) {
      SB_TRY_OK(CheckArgument(node, 0, Type::kSeries));
      node.type = Type::kSeries;
      return {};
    }
    return CheckOther(node);
  }

  Result<> CheckArgument(Node& call, std::size_t place, Type wanted) {
    Node& argument = *call.children[place];
    SB_TRY_OK(Check(argument));
    if (argument.type == wanted) return {};
    return WrongType(call, argument, Describe(wanted));
  }

  Result<> CheckPointwise(Node& node) {
    SB_TRY_OK(Check(*node.children[0]));
    node.type = node.children[0]->type;
    if (node.type != Type::kScalar) return {};
    return WrongType(node, *node.children[0], "a time series or an array of time series");
  }

  Result<> CheckReduction(Node& node) {
    SB_TRY_OK(CheckPointwise(node));
    node.type = node.type == Type::kArray ? Type::kSeries : Type::kScalar;
    return {};
  }

  Result<> CheckOther(Node& node) {
    switch (node.function->id) {
      case FunctionId::kMetricCount:
        SB_TRY_OK(CheckArgument(node, 0, Type::kArray));
        node.type = Type::kScalar;
        return {};
      case FunctionId::kFill:
        return CheckFill(node);
      case FunctionId::kFirst:
      case FunctionId::kLast:
        SB_TRY_OK(CheckArgument(node, 0, Type::kArray));
        node.type = Type::kSeries;
        return {};
      case FunctionId::kSlice:
        return CheckSlice(node);
      case FunctionId::kSort:
        return CheckSort(node);
      case FunctionId::kRemoveEmpty:
        SB_TRY_OK(CheckArgument(node, 0, Type::kArray));
        node.type = Type::kArray;
        return {};
      case FunctionId::kIf:
        return CheckIf(node);
      case FunctionId::kMetrics:
        if (!node.children.empty() && node.children[0]->kind != Node::Kind::kText) {
          return Fault(*node.children[0], "METRICS takes a text in quotes");
        }
        node.type = Type::kArray;
        return {};
      case FunctionId::kTimeSeries:
        SB_TRY_OK(CheckArgument(node, 0, Type::kScalar));
        node.type = Type::kSeries;
        return {};
      case FunctionId::kPeriod:
        return CheckPeriod(node);
      case FunctionId::kBand:
        SB_TRY_OK(CheckArgument(node, 0, Type::kSeries));
        if (node.children.size() > 1) SB_TRY_OK(CheckArgument(node, 1, Type::kScalar));
        node.type = Type::kArray;
        return {};
      default:
        return CheckSearch(node);
    }
  }

  Result<> CheckFill(Node& node) {
    SB_TRY_OK(CheckPointwise(node));
    Node& filler = *node.children[1];
    if (filler.kind == Node::Kind::kWord && (filler.text == "REPEAT" || filler.text == "LINEAR")) {
      return {};
    }
    SB_TRY_OK(Check(filler));
    if (filler.type != Type::kArray) return {};
    return WrongType(node, filler, "a number, a time series, REPEAT or LINEAR");
  }

  Result<> CheckSlice(Node& node) {
    SB_TRY_OK(CheckArgument(node, 0, Type::kArray));
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      SB_TRY_OK(CheckArgument(node, i, Type::kScalar));
    }
    // Of one element, if the text itself says so.
    const bool one =
        node.children.size() == 3 && node.children[1]->kind == Node::Kind::kNumber &&
        node.children[2]->kind == Node::Kind::kNumber &&
        std::floor(node.children[2]->number) - std::floor(node.children[1]->number) == 1;
    node.type = one ? Type::kSeries : Type::kArray;
    return {};
  }

  bool IsWordAmong(const Node& node, std::initializer_list<std::string_view> words) const {
    return node.kind == Node::Kind::kWord &&
           std::find(words.begin(), words.end(), node.text) != words.end();
  }

  Result<> CheckSort(Node& node) {
    SB_TRY_OK(CheckArgument(node, 0, Type::kArray));
    if (!IsWordAmong(*node.children[1], {"AVG", "MIN", "MAX", "SUM"})) {
      return Fault(*node.children[1], "SORT takes AVG, MIN, MAX or SUM as its second argument");
    }
    if (!IsWordAmong(*node.children[2], {"ASC", "DESC"})) {
      return Fault(*node.children[2], "SORT takes ASC or DESC as its third argument");
    }
    if (node.children.size() > 3) SB_TRY_OK(CheckArgument(node, 3, Type::kScalar));
    node.type = Type::kArray;
    return {};
  }

  Result<> CheckIf(Node& node) {
    Node& condition = *node.children[0];
    SB_TRY_OK(Check(condition));
    if (condition.type == Type::kArray) {
      return WrongType(node, condition, "a number or a time series as its condition");
    }
    node.type = condition.type;
    std::size_t arrays = 0;
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      SB_TRY_OK(Check(*node.children[i]));
      node.type = std::max(node.type, node.children[i]->type);
      if (node.children[i]->type == Type::kArray && ++arrays > 1) {
        return Fault(*node.children[i], "IF cannot combine two arrays of time series");
      }
    }
    return {};
  }

  Result<> CheckPeriod(Node& node) {
    Node& argument = *node.children[0];
    SB_TRY_OK(Check(argument));
    if (argument.kind != Node::Kind::kReference || !queries_.IsMetric(argument.queries[0])) {
      return Fault(argument, "PERIOD takes the Id of a metric");
    }
    node.type = Type::kScalar;
    return {};
  }

  Result<> CheckSearch(Node& node) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (node.children[i]->kind != Node::Kind::kText) {
        return Fault(*node.children[i],
                     "SEARCH takes two texts in quotes: what to search for, and "
                     "the statistic");
      }
    }
    const Node& text = *node.children[0];
    SB_TRY(Search search, ParseSearch(text.text, expression_, text.at + 1));
    node.search = std::make_shared<const Search>(std::move(search));
    const Node& name = *node.children[1];
    Result<Statistic> statistic = ParseStatistic(name.text);
    if (!statistic.ok()) {
      return Fault(name, "The statistic '" + ToValidUtf8(name.text) + "' is not supported");
    }
    node.statistic = std::make_shared<const Statistic>(*std::move(statistic));
    if (node.children.size() > 2) {
      const Node& period = *node.children[2];
      if (period.kind != Node::Kind::kNumber || !IsWholePeriod(period.number)) {
        return Fault(period, "The period must be 1, 5, 10, 20, 30 or a multiple of 60");
      }
      node.number = period.number;
    }
    node.type = Type::kArray;
    return {};
  }

  const std::string_view expression_;
  const QueryTypes& queries_;
};

}  // namespace

Result<> CheckTypes(Node& node, std::string_view expression, const QueryTypes& queries) {
  return Checker(expression, queries).Check(node);
}

}  // namespace securebase::metrics::math

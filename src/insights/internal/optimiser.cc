#include <algorithm>
#include <set>

#include "base/text.h"
#include "insights/internal/binder.h"
#include "insights/internal/in_set.h"

// What makes a plan cheaper without changing its answer.

namespace securebase::insights::internal {
namespace {

using query::Predicate;
using POp = query::Predicate::Op;

// A sort may move behind it: it neither drops the order nor multiplies rows.
bool Commutes(const Stage& stage) {
  if (dynamic_cast<const FilterStage*>(&stage) != nullptr) return true;
  if (dynamic_cast<const ComputeStage*>(&stage) != nullptr) return true;
  if (const auto* parse = dynamic_cast<const ParseStage*>(&stage)) return !parse->multi;
  return dynamic_cast<const LookupStage*>(&stage) != nullptr;
}

// Groups rows by themselves: their order before means nothing.
bool ForgetsOrder(const Stage& stage) {
  if (const auto* stats = dynamic_cast<const StatsStage*>(&stage)) return stats->timed;
  return false;
}

Predicate Condition(POp op, std::string field, std::vector<query::Literal> literals) {
  Predicate p;
  p.op = op;
  p.field = std::move(field);
  p.literals = std::move(literals);
  return p;
}

Predicate Either(Predicate a, Predicate b) {
  Predicate p;
  p.op = POp::kOr;
  p.children.push_back(std::move(a));
  p.children.push_back(std::move(b));
  return p;
}

POp Mirror(POp op) {
  switch (op) {
    case POp::kLess:
      return POp::kGreater;
    case POp::kLessOrEqual:
      return POp::kGreaterOrEqual;
    case POp::kGreater:
      return POp::kLess;
    case POp::kGreaterOrEqual:
      return POp::kLessOrEqual;
    default:
      return op;
  }
}

std::optional<POp> OpOf(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return POp::kEqual;
    case Comparison::kLess:
      return POp::kLess;
    case Comparison::kLessOrEqual:
      return POp::kLessOrEqual;
    case Comparison::kGreater:
      return POp::kGreater;
    case Comparison::kGreaterOrEqual:
      return POp::kGreaterOrEqual;
    case Comparison::kNotEqual:
      return std::nullopt;
  }
  return std::nullopt;
}

// Rows that may be equal to (or ordered to) a constant. Inputs read it with the language's own
// coercions.
std::optional<Predicate> CompareWith(const std::string& field, POp op, const Cell& constant) {
  if (const auto number = NumberOf(constant)) {
    return Condition(op, field, {*number});
  }
  if (constant.kind != Kind::kString || op != POp::kEqual) return std::nullopt;
  if (EqualsIgnoreCase(constant.text(), "true") || EqualsIgnoreCase(constant.text(), "false")) {
    return std::nullopt;
  }
  return Condition(POp::kEqual, field, {std::string(constant.text())});
}

class PredicateMaker {
 public:
  explicit PredicateMaker(const Plan& plan) : plan_(plan) {}

  std::optional<Predicate> Make(const Node& node) const {
    if (node.op == Node::Op::kAnd || node.op == Node::Op::kOr) {
      auto a = Make(*node.args[0]), b = Make(*node.args[1]);
      if (node.op == Node::Op::kOr) {
        if (!a || !b) return std::nullopt;
        return Either(std::move(*a), std::move(*b));
      }
      if (!a) return b;
      if (!b) return a;
      Predicate p;
      p.op = POp::kAnd;
      p.children = {std::move(*a), std::move(*b)};
      return p;
    }
    if (node.op != Node::Op::kCall) return std::nullopt;
    if (node.function == &kCompareFunction) return MakeCompare(node);
    if (node.function == &kLikeFunction) return MakeLike(node);
    if (node.function == &kInFunction) return MakeIn(node);
    return std::nullopt;
  }

 private:
  const std::string* FieldOf(const Node& node) const {
    if (node.op != Node::Op::kSlot) return nullptr;
    for (const SourceField& field : plan_.fields) {
      if (field.slot == node.slot && !field.tree && field.name != "@ingestionTime") {
        return &field.name;
      }
    }
    return nullptr;
  }

  std::optional<Predicate> MakeCompare(const Node& node) const {
    auto op = OpOf(node.comparison);
    const Node* left = node.args[0].get();
    const Node* right = node.args[1].get();
    if (!op) return std::nullopt;
    if (left->op == Node::Op::kConst) {
      std::swap(left, right);
      op = Mirror(*op);
    }
    const std::string* field = FieldOf(*left);
    if (field == nullptr || right->op != Node::Op::kConst) return std::nullopt;
    return CompareWith(*field, *op, right->constant);
  }

  std::optional<Predicate> MakeLike(const Node& node) const {
    const std::string* field = FieldOf(*node.args[0]);
    if (field == nullptr || node.negated || node.args.size() != 1 || node.literal.size() < 3) {
      return std::nullopt;
    }
    return Condition(POp::kContains, *field, {node.literal});
  }

  std::optional<Predicate> MakeIn(const Node& node) const {
    const std::string* field = FieldOf(*node.args[0]);
    if (field == nullptr || node.negated || !node.set || node.args.size() != 1 ||
        node.set->has_others() || node.set->values().size() > 100) {
      return std::nullopt;
    }
    Predicate p;
    p.op = POp::kOr;
    for (const Cell& value : node.set->values()) {
      auto one = CompareWith(*field, POp::kEqual, value);
      if (!one) return std::nullopt;
      p.children.push_back(std::move(*one));
    }
    if (p.children.empty()) return std::nullopt;
    return p;
  }

  const Plan& plan_;
};

}  // namespace

void Binder::MoveSorts() {
  auto& stages = plan_->stages;
  for (std::size_t i = stages.size(); i-- > 0;) {
    if (dynamic_cast<SortStage*>(stages[i].get()) == nullptr) continue;
    std::size_t at = i;
    while (at + 1 < stages.size() && Commutes(*stages[at + 1])) {
      std::swap(stages[at], stages[at + 1]);
      ++at;
    }
    if (at + 1 < stages.size() && ForgetsOrder(*stages[at + 1])) {
      stages.erase(stages.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
}

void Binder::RemoveDead() {
  std::set<int> live = {kTimeSlot, kSequenceSlot};
  for (const Output& column : plan_->columns) live.insert(column.slot);
  if (plan_->pointers) live.insert(kPointerSlot);
  if (right_) {
    // Now it is known which of its fields the join's other side is asked for.
    std::vector<Output> wanted;
    for (const int slot : join_->right) wanted.push_back({"", slot});
    for (const auto& [from, to] : join_->copies) wanted.push_back({"", from});
    right_->plan_->columns = std::move(wanted);
    right_->plan_->pointers = false;
    right_->MoveSorts();
    right_->RemoveDead();
    right_->PushDown();
    plan_->subqueries[join_->subquery].plan = right_->plan_;
  }
  auto& stages = plan_->stages;
  std::vector<int> slots;
  for (std::size_t i = stages.size(); i-- > 0;) {
    Stage& stage = *stages[i];
    slots.clear();
    stage.Writes(slots);
    if (stage.removable() &&
        std::none_of(slots.begin(), slots.end(), [&](int slot) { return live.contains(slot); })) {
      stages.erase(stages.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    const bool groups = dynamic_cast<StatsStage*>(&stage) != nullptr ||
                        dynamic_cast<PatternStage*>(&stage) != nullptr;
    if (groups) live = {kTimeSlot, kSequenceSlot};
    slots.clear();
    stage.Reads(slots);
    live.insert(slots.begin(), slots.end());
  }
  std::erase_if(plan_->fields, [&](const SourceField& f) { return !live.contains(f.slot); });
  plan_->live.assign(live.begin(), live.end());
}

void Binder::PushDown() {
  std::vector<Predicate> all;
  const PredicateMaker maker(*plan_);
  for (const auto& stage : plan_->stages) {
    if (!stage->streaming()) break;
    if (const auto* filter = dynamic_cast<const FilterStage*>(stage.get())) {
      if (auto predicate = maker.Make(*filter->condition)) {
        all.push_back(std::move(*predicate));
        plan_->where_text += (plan_->where_text.empty() ? "" : " and ") + filter->text;
      }
    }
  }
  if (all.size() == 1) {
    plan_->where = std::move(all[0]);
  } else if (!all.empty()) {
    plan_->where.op = POp::kAnd;
    plan_->where.children = std::move(all);
  }
}

}  // namespace securebase::insights::internal

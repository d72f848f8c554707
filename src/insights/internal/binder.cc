#include "insights/internal/binder.h"

#include <algorithm>

namespace securebase::insights::internal {

Binder::Binder(std::string_view text, bool nested)
    : text_(text), nested_(nested), plan_(std::make_shared<Plan>()) {}

void Binder::Bind(const QueryAst& query, std::size_t count) {
  query_ = &query;
  plan_->groups = query.groups;
  for (std::size_t i = 0; i < std::min(count, query.commands.size()); ++i) {
    command_ = i;
    BindCommand(query.commands[i]);
  }
}

void Binder::BindCommand(const Command& command) {
  if (dedup_ && command.kind != Kind::kLimit && command.kind != Kind::kTail) {
    Fail("unexpected symbol found " + TextOfSpan(command.keyword) + ": only limit can follow dedup",
         command.keyword);
  }
  switch (command.kind) {
    case Kind::kFields:
    case Kind::kDisplay:
    case Kind::kExtend:
      return BindFields(command);
    case Kind::kFilter:
      return BindFilter(*command.items[0].expr);
    case Kind::kStats:
      return BindStats(command);
    case Kind::kSort:
      return BindSort(command);
    case Kind::kLimit:
    case Kind::kTail:
      return BindLimit(command);
    case Kind::kParse:
      return BindParse(command);
    case Kind::kJsonField:
      return BindJsonField(command);
    case Kind::kDedup:
      return BindDedup(command);
    case Kind::kPattern:
      return BindPattern(command);
    case Kind::kDiff:
    case Kind::kAnomaly:
      return BindCompare(command, *query_);
    case Kind::kUnmask:
      return;  // nothing is masked here
    case Kind::kUnnest:
    case Kind::kExpand:
      return BindUnnest(command);
    case Kind::kLookup:
    case Kind::kCidrLookup:
      return BindLookup(command);
    case Kind::kJoin:
      return BindJoin(command);
    case Kind::kAppendCols:
      return BindAppendCols(command);
    case Kind::kAddTotals:
      return BindAddTotals(command);
    case Kind::kAccum:
      return BindAccum(command);
    case Kind::kAutoRegress:
      return BindAutoRegress(command);
    case Kind::kFillDown:
      return BindFillDown(command);
    case Kind::kFillMissing:
      return BindFillMissing(command);
    case Kind::kOutlier:
      return BindOutlier(command);
    case Kind::kSessionize:
      return BindSessionize(command);
    case Kind::kCountFrequent:
      return BindCountFrequent(command);
    case Kind::kEstimate:
      plan_->estimate = true;
      return;
    case Kind::kRelevantFields:
    case Kind::kLogCompare:
      Fail(TextOfSpan(command.keyword) + " is not supported", command.keyword);
  }
}

void Binder::Compute(NodePtr node, int slot, std::string text) {
  if (node->op == Node::Op::kCall && node->function == &kBinFunction) {
    periods_[slot] = node->period;
  } else if (node->op == Node::Op::kSlot && periods_.contains(node->slot)) {
    periods_[slot] = periods_.at(node->slot);
  }
  auto stage = std::make_unique<ComputeStage>();
  stage->node = std::move(node);
  stage->slot = slot;
  stage->text = std::move(text);
  plan_->stages.push_back(std::move(stage));
}

int Binder::ComputeSlot(const Expr& expr) {
  NodePtr node = BindExpr(expr);
  if (node->op == Node::Op::kSlot) return node->slot;
  const int slot = NewSlot();
  Compute(std::move(node), slot, TextOfSpan(expr.span));
  return slot;
}

void Binder::BindFields(const Command& command) {
  std::vector<Output> columns;
  for (const Item& item : command.items) {
    NodePtr node = BindExpr(*item.expr);
    const bool plain = !item.has_alias && item.expr->op == Expr::Op::kName;
    int slot = node->slot;
    if (node->op != Node::Op::kSlot || item.has_alias) {
      slot = NewSlot();
      Compute(std::move(node), slot,
              item.label + (item.has_alias ? " = " + TextOfSpan(item.expr->span) : ""));
      if (!plain) Define(item.label, slot);
    }
    const auto same = std::find_if(columns.begin(), columns.end(),
                                   [&](const Output& c) { return c.name == item.label; });
    if (same != columns.end()) {
      same->slot = slot;
    } else {
      columns.push_back({item.label, slot});
    }
  }
  if (command.kind == Kind::kDisplay) {
    display_ = std::move(columns);
    return;
  }
  for (const Output& column : columns) {
    if (command.kind == Kind::kFields) {
      Show(column.name, column.slot);
      continue;
    }
    Make(column.name, column.slot);
    // Added to the present columns, also after display.
    if (display_ && std::none_of(display_->begin(), display_->end(),
                                 [&](const Output& c) { return c.name == column.name; })) {
      display_->push_back(column);
    }
  }
}

void Binder::BindFilter(const Expr& expr) {
  // `a and b` is two filters: the second sees fewer rows.
  if (expr.op == Expr::Op::kAnd) {
    BindFilter(*expr.args[0]);
    BindFilter(*expr.args[1]);
    return;
  }
  auto stage = std::make_unique<FilterStage>();
  stage->condition = BindExpr(expr);
  stage->text = TextOfSpan(expr.span);
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindSort(const Command& command) {
  if (!sort_or_limit_) sort_or_limit_ = command.keyword;
  auto stage = std::make_unique<SortStage>();
  stage->text = TextOfSpan(command.span);
  for (const Item& item : command.items) {
    stage->keys.push_back({ComputeSlot(*item.expr), item.descending});
  }
  plan_->stages.push_back(std::move(stage));
}

void Binder::BindLimit(const Command& command) {
  if (!sort_or_limit_) sort_or_limit_ = command.keyword;
  auto stage = std::make_unique<LimitStage>();
  stage->text = TextOfSpan(command.span);
  stage->count = command.count;
  stage->any = command.any;
  stage->tail = command.kind == Kind::kTail;
  plan_->stages.push_back(std::move(stage));
  plan_->has_limit = true;
}

std::shared_ptr<Plan> Binder::BindNested(const QueryAst& query, Binder& binder) {
  binder.Bind(query);
  return binder.Finish();
}

std::shared_ptr<Plan> Binder::Finish() {
  plan_->columns = CurrentColumns();
  MoveSorts();
  RemoveDead();
  PushDown();
  return plan_;
}

}  // namespace securebase::insights::internal

#include <algorithm>
#include <cmath>

#include "insights/internal/binder.h"

// Source: logs-insights, Commands, stats; stats functions.

namespace securebase::insights::internal {
namespace {

// Length of a period for rate(): months as 30 days.
double Milliseconds(const Period& period) {
  switch (period.unit) {
    case Period::Unit::kWeek:
      return static_cast<double>(period.count) * 7 * 86'400'000;
    case Period::Unit::kMonth:
      return static_cast<double>(period.count) * 30 * 86'400'000;
    default:
      return static_cast<double>(period.count);
  }
}

}  // namespace

double Binder::ConstNumber(const Expr& expr, std::string_view what) const {
  std::optional<double> number;
  if (expr.op == Expr::Op::kNumber) number = expr.number;
  if (expr.op == Expr::Op::kString) number = ReadNumber(expr.name);
  if (!number)
    Fail(std::string(what) + " must be a number, found " + TextOfSpan(expr.span), expr.span);
  return *number;
}

NodePtr Binder::BindStatistic(const Expr& expr, StatsStage& stage) {
  const StatisticName& name = *FindStatistic(expr.name);
  if (expr.star && name.statistic != Statistic::kCount && name.statistic != Statistic::kCountRows) {
    Fail("wrong number of arguments of " + expr.parts[0] + ": expected a field, found *",
         expr.span);
  }
  Statistic statistic = name.statistic;
  Statistic kind = name.accumulator;
  if (!expr.star) CheckCount(expr, name.args_min, name.args_max);
  if (expr.distinct) {
    if (statistic != Statistic::kCount) Fail("distinct can only stand in count", expr.span);
    statistic = kind = Statistic::kCountDistinct;
  }
  StatisticCall call;
  call.statistic = statistic;
  const Expr* value = expr.args.empty() ? nullptr : expr.args[0].get();
  if (statistic == Statistic::kPercentile) {
    call.parameter = ConstNumber(*expr.args[1], "the percentile");
    if (!(call.parameter >= 0) || call.parameter > 100) {
      Fail("a percentile must be from 0 to 100", expr.args[1]->span);
    }
  } else if (statistic == Statistic::kTopK) {
    call.parameter = ConstNumber(*expr.args[0], "k");
    if (call.parameter < 1 || call.parameter != std::floor(call.parameter)) {
      Fail("k must be a whole number of at least 1", expr.args[0]->span);
    }
    value = expr.args[1].get();
  } else if (statistic == Statistic::kRate) {
    if (expr.args[1]->op != Expr::Op::kPeriod) {
      Fail("a period such as 5m or 1h is wanted", expr.args[1]->span);
    }
    call.parameter = Milliseconds(expr.args[1]->period);
  } else if (statistic == Statistic::kCountRows) {
    value = nullptr;
  }
  AccumulatorCall accumulator;
  accumulator.kind = kind;
  if (value != nullptr) {
    accumulator.args.push_back(BindExpr(*value));
    accumulator.text = TextOfSpan(value->span);
  }
  std::size_t index = 0;
  while (index < stage.accumulators.size() &&
         (stage.accumulators[index].kind != kind ||
          stage.accumulators[index].text != accumulator.text ||
          stage.accumulators[index].args.size() != accumulator.args.size())) {
    ++index;
  }
  if (index == stage.accumulators.size()) stage.accumulators.push_back(std::move(accumulator));
  call.accumulator = index;
  call.slot = NewSlot();
  stage.calls.push_back(call);
  return SlotNode(call.slot);
}

NodePtr Binder::BindAggregate(const Expr& expr, StatsStage& stage,
                              const std::map<std::string, int>& names, bool& any) {
  if (expr.op == Expr::Op::kCall && FindStatistic(expr.name) != nullptr) {
    any = true;
    return BindStatistic(expr, stage);
  }
  if (expr.op == Expr::Op::kName) {
    const auto at = names.find(expr.name);
    if (at == names.end()) {
      Fail("Unknown symbols found in or after stats: " + expr.name, expr.span);
    }
    any = true;
    return SlotNode(at->second);
  }
  switch (expr.op) {
    case Expr::Op::kNumber:
    case Expr::Op::kString:
      return BindExpr(expr);
    case Expr::Op::kPeriod:
    case Expr::Op::kRegex:
    case Expr::Op::kPath:
      Fail("Unknown symbols found in or after stats: " + TextOfSpan(expr.span), expr.span);
    default:
      break;
  }
  // The expression over its operands, each put into a slot first.
  std::map<std::string, int> outer = std::move(names_);
  const bool open = open_, grouped = grouped_;
  names_.clear();
  open_ = grouped_ = false;
  // Arguments become names that cannot be written.
  auto copy = std::make_unique<Expr>();
  copy->op = expr.op;
  copy->span = expr.span;
  copy->name = expr.name;
  copy->parts = expr.parts;
  copy->negated = expr.negated;
  copy->star = expr.star;
  copy->period = expr.period;
  std::map<std::string, int> operands;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const Expr& arg = *expr.args[i];
    const bool literal = arg.op == Expr::Op::kString || arg.op == Expr::Op::kNumber ||
                         arg.op == Expr::Op::kRegex || arg.op == Expr::Op::kPeriod;
    auto stand_in = std::make_unique<Expr>();
    if (literal) {
      stand_in->op = arg.op;
      stand_in->number = arg.number;
      stand_in->name = arg.name;
      stand_in->period = arg.period;
    } else {
      names_ = outer;
      open_ = open;
      grouped_ = grouped;
      NodePtr node = BindAggregate(arg, stage, names, any);
      outer = std::move(names_);
      names_.clear();
      open_ = grouped_ = false;
      int slot = node->slot;
      if (node->op != Node::Op::kSlot) {
        slot = NewSlot();
        pending_.push_back({std::move(node), slot, TextOfSpan(arg.span)});
      }
      stand_in->op = Expr::Op::kName;
      stand_in->name = std::string(1, '\0') + std::to_string(i);
      stand_in->parts = {stand_in->name};
      operands[stand_in->name] = slot;
    }
    stand_in->span = arg.span;
    copy->args.push_back(std::move(stand_in));
  }
  names_ = operands;
  NodePtr node = BindExpr(*copy);
  names_ = std::move(outer);
  open_ = open;
  grouped_ = grouped;
  return node;
}

void Binder::BindKeys(const Command& command, StatsStage& stage,
                      std::map<std::string, int>& names) {
  if (command.period) {
    bin_offset_ms_ = static_cast<std::int64_t>(Milliseconds(*command.period));
  }
  std::map<int, Period> periods;
  for (const Item& item : command.by) {
    GroupKey key;
    key.node = BindExpr(*item.expr);
    key.slot = NewSlot();
    std::optional<Period> period;
    if (key.node->op == Node::Op::kCall && key.node->function == &kBinFunction) {
      period = key.node->period;
    } else if (key.node->op == Node::Op::kSlot && periods_.contains(key.node->slot)) {
      period = periods_.at(key.node->slot);
    }
    if (period) periods[key.slot] = *period;
    if (names.contains(item.label)) continue;  // grouped by twice
    names[item.label] = key.slot;
    stage.keys.push_back(std::move(key));
    key_columns_.push_back({item.label, names[item.label]});
  }
  bin_offset_ms_ = 0;
  periods_ = std::move(periods);
}

void Binder::BindStats(const Command& command) {
  if (++stats_ > 10) Fail("more than 10 stats commands", command.keyword);
  if (stats_ > 1 && sort_or_limit_) {
    Fail("unexpected symbol found " + TextOfSpan(*sort_or_limit_) +
             ": with several stats, sort and limit can only follow the last",
         *sort_or_limit_);
  }
  auto stage = std::make_unique<StatsStage>();
  stage->timed = !grouped_;
  stage->text = TextOfSpan(command.span);
  strict_ = true;
  std::map<std::string, int> names;
  key_columns_.clear();
  BindKeys(command, *stage, names);
  std::vector<Output> columns = key_columns_;
  struct Made {
    NodePtr node;
    int slot;
    std::string text;
  };
  std::vector<Made> made;
  std::size_t topk = 0;
  for (const Item& item : command.items) {
    bool any = false;
    pending_.clear();
    const std::size_t calls = stage->calls.size();
    NodePtr node = BindAggregate(*item.expr, *stage, names, any);
    if (!any) Fail("Unknown symbols found in or after stats: " + TextOfSpan(item.span), item.span);
    for (Pending& operand : pending_) {
      made.push_back({std::move(operand.node), operand.slot, std::move(operand.text)});
    }
    for (std::size_t i = calls; i < stage->calls.size(); ++i) {
      if (stage->calls[i].statistic == Statistic::kTopK) ++topk;
    }
    int slot = node->slot;
    if (node->op != Node::Op::kSlot) {
      slot = NewSlot();
      made.push_back({std::move(node), slot, item.label});
    }
    names[item.label] = slot;
    const auto same = std::find_if(columns.begin(), columns.end(),
                                   [&](const Output& c) { return c.name == item.label; });
    if (same != columns.end()) {
      same->slot = slot;
    } else {
      columns.push_back({item.label, slot});
    }
  }
  if (topk > 0 && (!stage->keys.empty() || stage->calls.size() > 1)) {
    Fail("topk can stand neither with by nor with other aggregates", command.span);
  }
  strict_ = false;
  plan_->time_column.reset();
  for (const Output& column : key_columns_) {
    if (periods_.contains(column.slot) && !plan_->time_column) plan_->time_column = column.name;
  }
  last_stats_ = stage.get();
  plan_->stages.push_back(std::move(stage));
  for (Made& computed : made) {
    Compute(std::move(computed.node), computed.slot, std::move(computed.text));
  }
  Close(std::move(names), std::move(columns));
}

}  // namespace securebase::insights::internal

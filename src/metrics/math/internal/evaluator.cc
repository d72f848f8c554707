#include "metrics/math/internal/evaluator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "metrics/math/internal/vector_ops.h"

namespace securebase::metrics::math {
namespace {

// Arrays of arrays grow with each expression that names one twice.
constexpr std::size_t kArrayMax = 50'000;
// How far from now buckets are made: whoever asks for all of time means all that there is.
constexpr Duration kReach = std::chrono::hours(24 * 3660);

}  // namespace

Result<> Budget::Check(std::size_t buckets) const {
  if (buckets <= left_) return {};
  return Error(ErrorCode::kLimitExceeded,
               "The request would read more than " + std::to_string(most_) +
                   " datapoints at once. Raise the Period or shorten the time range.",
               "Period", "ValidationError");
}

void Operand::Inherit(const Operand& other) {
  partial |= other.partial;
  for (const Message& message : other.messages) Say(message.code, message.text);
}

void Operand::Say(std::string code, std::string text) {
  const bool said = std::any_of(messages.begin(), messages.end(), [&](const Message& one) {
    return one.code == code && one.text == text;
  });
  if (!said) messages.push_back({std::move(code), std::move(text)});
}

Grid Evaluator::GridAt(Duration period) const {
  // A number that reads nothing has no period; any grid does.
  if (period <= Duration(0)) period = std::chrono::minutes(1);
  if (request_.exact_start) return {request_.start, request_.end, period, true};
  Grid grid = QueryGrid(request_.start, request_.end, period, request_.now);
  const Duration before = request_.now - kReach - grid.start;
  if (before > Duration(0)) grid.start += before / period * period;
  grid.end = std::min(grid.end, request_.now + kReach);
  return grid;
}

Result<> Evaluator::Continue(std::size_t buckets) const {
  if (request_.cancelled && request_.cancelled()) {
    return Error(ErrorCode::kCancelled, "The evaluation was cancelled.");
  }
  return budget_->Check(buckets);
}

SeriesPtr Evaluator::Make(Values values, const SeriesData* like) const {
  auto series = std::make_shared<SeriesData>(std::move(values), budget_);
  if (like != nullptr) {
    series->label = like->label;
    series->origin = like->origin;
  }
  return series;
}

SeriesPtr Evaluator::Constant(double number, const Grid& grid) const {
  return Make(Values(grid.count(), number));
}

Operand Evaluator::Widen(Operand operand, Type type, const Grid& grid) const {
  if (operand.type == Type::kScalar && type != Type::kScalar) {
    operand.series = {Constant(operand.number, grid)};
  }
  operand.type = type;
  return operand;
}

Result<Operand> Evaluator::Query(std::size_t query, Duration period) {
  // What the query refers to comes first, so that evaluating it needs no deep recursion.
  for (std::size_t dependency : plan_.state().planned[query].dependencies) {
    SB_TRY_OK(Compute(dependency, period));
  }
  return Compute(query, period);
}

Result<Operand> Evaluator::Reference(std::size_t query, Duration period) {
  const auto found = done_.find({query, period});
  return found != done_.end() ? found->second : Query(query, period);
}

Result<Operand> Evaluator::Compute(std::size_t query, Duration period) {
  const auto key = std::make_pair(query, period);
  if (const auto found = done_.find(key); found != done_.end()) return found->second;
  const Grid grid = GridAt(period);
  SB_TRY_OK(Continue(grid.count()));
  const PlannedQuery& planned = plan_.state().planned[query];
  Operand result;
  if (planned.root == nullptr) {
    SB_TRY(result, ReadMetric(query, grid));
  } else {
    SB_TRY(result, Eval(*planned.root, {query, grid, !planned.referenced}));
    if (result.type == Type::kSeries) {
      // Within other expressions it goes by the name of the query.
      auto named = std::make_shared<SeriesData>(result.series[0]->values, budget_);
      named->label = labels_[query];
      named->origin = result.series[0]->origin;
      result.series[0] = std::move(named);
    }
  }
  if (!grid.kept && planned.type != Type::kScalar && !planned.reads.metrics.empty()) {
    result.Say("PeriodNotKept", "Data of this age is not kept at a period of " +
                                    std::to_string(period.count() / 1000) + " seconds.");
  }
  return done_[key] = std::move(result);
}

Result<Operand> Evaluator::ReadMetric(std::size_t query, const Grid& grid) {
  const MetricStat& stat = *plan_.queries()[query].metric_stat;
  UnitValues read;
  if (grid.kept) {
    SB_TRY(read, source_.Read(stat, grid));
  }
  read.values.resize(grid.count(), kMissing);
  Operand out;
  out.type = Type::kSeries;
  auto series = std::make_shared<SeriesData>(std::move(read.values), budget_);
  series->label = labels_[query];
  series->origin =
      std::make_shared<SeriesOrigin>(SeriesOrigin{stat.metric, stat.statistic.text, grid.period});
  out.series.push_back(std::move(series));
  if (read.units.size() > 1) {
    std::string units;
    for (const std::string& unit : read.units) units += (units.empty() ? "" : ", ") + unit;
    out.Say("MultipleUnits", "Multiple units returned: '[" + units + "]'");
  }
  return out;
}

Result<Operand> Evaluator::Eval(const Node& node, const Frame& frame) {
  switch (node.kind) {
    case Node::Kind::kNumber: {
      Operand out;
      out.number = node.number;
      return out;
    }
    case Node::Kind::kReference:
      return Reference(node.queries[0], frame.grid.period);
    case Node::Kind::kNegate:
      return EvalNegate(node, frame);
    case Node::Kind::kBinary:
      return EvalBinary(node, frame);
    case Node::Kind::kList:
      return EvalList(node, frame);
    case Node::Kind::kSelect:
      return EvalInsights(node, frame);
    case Node::Kind::kCall:
      return EvalCall(node, {frame.query, frame.grid, frame.root});
    case Node::Kind::kText:
    case Node::Kind::kWord:
      break;
  }
  return Internal("an argument was evaluated as a value");
}

Result<Operand> Evaluator::EvalNegate(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], {frame.query, frame.grid}));
  out.number = Combine(Operator::kSubtract, 0, out.number);
  SB_TRY_OK(Continue(out.series.size() * frame.grid.count()));
  for (SeriesPtr& series : out.series) series = Make(Negate(series->values), series.get());
  return out;
}

Result<Operand> Evaluator::EvalBinary(const Node& node, const Frame& frame) {
  SB_TRY(const Operand left, Eval(*node.children[0], {frame.query, frame.grid}));
  SB_TRY(const Operand right, Eval(*node.children[1], {frame.query, frame.grid}));
  Operand out;
  out.type = node.type;
  out.Inherit(left);
  out.Inherit(right);
  if (node.type == Type::kScalar) {
    out.number = Combine(node.op, left.number, right.number);
    return out;
  }
  SB_TRY_OK(Continue((left.series.size() + right.series.size()) * frame.grid.count()));
  if (left.type == Type::kScalar) {
    for (const SeriesPtr& one : right.series) {
      out.series.push_back(Make(Combine(node.op, left.number, one->values), one.get()));
    }
  } else if (right.type == Type::kScalar) {
    for (const SeriesPtr& one : left.series) {
      out.series.push_back(Make(Combine(node.op, one->values, right.number), one.get()));
    }
  } else if (left.type == Type::kArray) {
    for (const SeriesPtr& one : left.series) {
      out.series.push_back(Make(Combine(node.op, one->values, right.series[0]->values), one.get()));
    }
  } else {
    const bool several = right.type == Type::kArray;
    for (const SeriesPtr& one : right.series) {
      out.series.push_back(Make(Combine(node.op, left.series[0]->values, one->values),
                                several ? one.get() : nullptr));
    }
  }
  return out;
}

Result<Operand> Evaluator::EvalList(const Node& node, const Frame& frame) {
  Operand out;
  out.type = Type::kArray;
  for (const NodePtr& child : node.children) {
    SB_TRY(Operand one, Eval(*child, {frame.query, frame.grid}));
    out.Inherit(one);
    if (out.series.size() + one.series.size() > kArrayMax) {
      return Error(ErrorCode::kLimitExceeded, "An array would hold more than 50000 time series.",
                   plan_.queries()[frame.query].id, "ValidationError");
    }
    out.series.insert(out.series.end(), one.series.begin(), one.series.end());
  }
  return out;
}

Result<Operand> Evaluator::EvalMetrics(const Node& node, const Frame& frame) {
  Operand out;
  out.type = Type::kArray;
  for (std::size_t query : node.queries) {
    SB_TRY(Operand one, Reference(query, frame.grid.period));
    out.Inherit(one);
    out.series.push_back(one.series[0]);
  }
  return out;
}

Result<Operand> Evaluator::EvalCall(const Node& node, const Frame& frame) {
  const FunctionId id = node.function->id;
  if (IsPointwise(id)) return EvalPointwise(node, {frame.query, frame.grid});
  if (IsReduction(id)) return EvalReduction(node, {frame.query, frame.grid});
  Operand out;
  out.type = node.type;
  if (IsTimePart(id)) {
    out.series.push_back(Make(TimePart(id, frame.grid)));
    return out;
  }
  switch (id) {
    case FunctionId::kMetricCount: {
      SB_TRY(const Operand array, Eval(*node.children[0], {frame.query, frame.grid}));
      out.Inherit(array);
      out.number = static_cast<double>(array.series.size());
      return out;
    }
    case FunctionId::kTimeSeries: {
      SB_TRY(Operand number, Eval(*node.children[0], {frame.query, frame.grid}));
      return Widen(std::move(number), Type::kSeries, frame.grid);
    }
    case FunctionId::kPeriod: {
      const MetricDataQuery& query = plan_.queries()[node.children[0]->queries[0]];
      out.number = static_cast<double>(query.metric_stat->period.count()) / 1000;
      return out;
    }
    case FunctionId::kFill:
      return EvalFill(node, {frame.query, frame.grid});
    case FunctionId::kFirst:
    case FunctionId::kLast:
    case FunctionId::kSlice:
      return EvalPick(node, {frame.query, frame.grid});
    case FunctionId::kSort:
      return EvalSort(node, {frame.query, frame.grid});
    case FunctionId::kRemoveEmpty:
      return EvalRemoveEmpty(node, {frame.query, frame.grid});
    case FunctionId::kIf:
      return EvalIf(node, {frame.query, frame.grid});
    case FunctionId::kMetrics:
      return EvalMetrics(node, frame);
    case FunctionId::kBand:
      return EvalBand(node, {frame.query, frame.grid});
    default:
      return EvalSearch(node, frame);
  }
}

Result<Operand> Evaluator::EvalPointwise(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], frame));
  SB_TRY_OK(Continue(out.series.size() * frame.grid.count()));
  for (SeriesPtr& series : out.series) {
    series = Make(Pointwise(node.function->id, series->values, frame.grid), series.get());
  }
  return out;
}

Result<Operand> Evaluator::EvalReduction(const Node& node, const Frame& frame) {
  const Node& child = *node.children[0];
  if (child.kind == Node::Kind::kCall && child.function->id == FunctionId::kSearch) {
    return ReduceSearch(node, frame);
  }
  SB_TRY(const Operand in, Eval(child, frame));
  Operand out;
  out.type = node.type;
  out.Inherit(in);
  if (in.type == Type::kSeries) {
    out.number = Reduce(node.function->id, in.series[0]->values);
    return out;
  }
  Reduction reduction(node.function->id, frame.grid.count());
  for (const SeriesPtr& series : in.series) reduction.Add(series->values);
  out.series.push_back(Make(reduction.Finish()));
  return out;
}

Result<Operand> Evaluator::EvalFill(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], frame));
  SB_TRY_OK(Continue(out.series.size() * frame.grid.count()));
  const Node& filler = *node.children[1];
  Operand with;
  if (filler.kind != Node::Kind::kWord) {
    SB_TRY(with, Eval(filler, frame));
    out.Inherit(with);
  }
  for (SeriesPtr& series : out.series) {
    Values values;
    if (filler.kind == Node::Kind::kWord) {
      values = filler.text == "REPEAT" ? FillRepeat(series->values) : FillLinear(series->values);
    } else if (with.type == Type::kScalar) {
      values = FillWith(series->values, with.number);
    } else {
      values = FillWith(series->values, with.series[0]->values);
    }
    series = Make(std::move(values), series.get());
  }
  return out;
}

Result<Operand> Evaluator::EvalPick(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], frame));
  const auto size = static_cast<double>(out.series.size());
  double from = 0, to = size;
  if (node.function->id == FunctionId::kFirst) {
    to = 1;
  } else if (node.function->id == FunctionId::kLast) {
    from = size - 1;
  } else {
    SB_TRY(const Operand first, Eval(*node.children[1], frame));
    from = first.number;
    if (node.children.size() > 2) {
      SB_TRY(const Operand last, Eval(*node.children[2], frame));
      to = last.number;
    }
  }
  // A bound that does not exist selects nothing.
  from = IsMissing(from) ? size : std::clamp(std::floor(from), 0.0, size);
  to = IsMissing(to) ? 0 : std::clamp(std::floor(to), 0.0, size);
  out.series.resize(static_cast<std::size_t>(to));
  out.series.erase(out.series.begin(), out.series.begin() + static_cast<long>(std::min(from, to)));
  out.type = node.type;
  if (node.type == Type::kSeries && out.series.empty()) {
    out.series.push_back(Constant(kMissing, frame.grid));
  }
  return out;
}

Result<Operand> Evaluator::EvalSort(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], frame));
  const FunctionId by = FindFunction(node.children[1]->text)->id;
  const bool descending = node.children[2]->text == "DESC";
  std::vector<std::pair<double, SeriesPtr>> keyed;
  for (SeriesPtr& series : out.series) {
    const double key = Reduce(by, series->values);
    keyed.emplace_back(key, std::move(series));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [descending](const auto& a, const auto& b) {
    if (IsMissing(a.first) || IsMissing(b.first)) return !IsMissing(a.first) && IsMissing(b.first);
    return descending ? a.first > b.first : a.first < b.first;
  });
  if (node.children.size() > 3) {
    SB_TRY(const Operand limit, Eval(*node.children[3], frame));
    const double most = IsMissing(limit.number) ? 0 : std::max(0.0, std::floor(limit.number));
    if (most < static_cast<double>(keyed.size())) keyed.resize(static_cast<std::size_t>(most));
  }
  out.series.clear();
  for (auto& [key, series] : keyed) out.series.push_back(std::move(series));
  return out;
}

Result<Operand> Evaluator::EvalRemoveEmpty(const Node& node, const Frame& frame) {
  SB_TRY(Operand out, Eval(*node.children[0], frame));
  std::erase_if(out.series, [](const SeriesPtr& series) {
    return std::all_of(series->values.begin(), series->values.end(), IsMissing);
  });
  return out;
}

Result<Operand> Evaluator::EvalIf(const Node& node, const Frame& frame) {
  SB_TRY(const Operand condition, Eval(*node.children[0], frame));
  SB_TRY(Operand then, Eval(*node.children[1], frame));
  std::optional<Operand> otherwise;
  if (node.children.size() > 2) {
    SB_TRY(otherwise, Eval(*node.children[2], frame));
  }
  Operand out;
  out.type = node.type;
  for (const Operand* one : {&condition, const_cast<const Operand*>(&then)}) out.Inherit(*one);
  if (otherwise) out.Inherit(*otherwise);
  if (condition.type == Type::kScalar) {
    const bool exists = !IsMissing(condition.number);
    Operand chosen;
    if (exists && condition.number != 0) chosen = std::move(then);
    if (exists && condition.number == 0 && otherwise) chosen = *std::move(otherwise);
    chosen = Widen(std::move(chosen), node.type, frame.grid);
    out.number = chosen.number;
    out.series = std::move(chosen.series);
    return out;
  }
  const Operand* array = then.type == Type::kArray ? &then : nullptr;
  if (otherwise && otherwise->type == Type::kArray) array = &*otherwise;
  const std::size_t count = array != nullptr ? array->series.size() : 1;
  SB_TRY_OK(Continue(count * frame.grid.count()));
  auto choice = [](const Operand& from, std::size_t i) {
    if (from.type == Type::kScalar) return Choice{.number = from.number};
    return Choice{.series = &from.series[from.type == Type::kArray ? i : 0]->values};
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<Choice> other;
    if (otherwise) other = choice(*otherwise, i);
    out.series.push_back(Make(Select(condition.series[0]->values, choice(then, i), other),
                              array != nullptr ? array->series[i].get() : nullptr));
  }
  return out;
}

Result<Operand> Evaluator::EvalBand(const Node& node, const Frame& frame) {
  double deviations = 2;
  Operand out;
  out.type = Type::kArray;
  if (node.children.size() > 1) {
    SB_TRY(const Operand given, Eval(*node.children[1], frame));
    out.Inherit(given);
    deviations = given.number;
  }
  // The model learns from the past at the same period.
  const Grid& grid = frame.grid;
  const auto past = static_cast<std::size_t>(
      grid.period >= std::chrono::minutes(1) ? kTrainingRange / grid.period : 0);
  EvaluationRequest longer = request_;
  longer.start = grid.start - grid.period * static_cast<std::int64_t>(past);
  longer.end = grid.end;
  longer.exact_start = true;
  SB_TRY_OK(Continue(past + grid.count()));
  Evaluator evaluator(plan_, source_, longer, labels_, budget_);
  const Node& argument = *node.children[0];
  const Grid all = evaluator.GridAt(grid.period);
  SB_TRY(const Operand points, evaluator.Eval(argument, {frame.query, all}));
  DetectorConfiguration configuration;
  if (request_.detectors != nullptr && argument.kind == Node::Kind::kReference) {
    const auto& stat = plan_.queries()[argument.queries[0]].metric_stat;
    if (stat) {
      configuration = request_.detectors->Find(stat->metric, stat->statistic.text)
                          .value_or(DetectorConfiguration());
    }
  }
  Band band = PredictBand(all, points.series[0]->values, past, deviations, configuration);
  out.Inherit(points);
  const std::string& name = points.series[0]->label;
  for (auto* values : {&band.upper, &band.lower}) {
    auto series = std::make_shared<SeriesData>(std::move(*values), budget_);
    series->label = name + (values == &band.upper ? " upper" : " lower");
    series->origin = points.series[0]->origin;
    out.series.push_back(std::move(series));
  }
  return out;
}

}  // namespace securebase::metrics::math

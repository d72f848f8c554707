#pragma once

// Evaluates the queries of a plan, each once a grid.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/math/evaluate.h"
#include "metrics/math/internal/operand.h"
#include "metrics/math/internal/plan_state.h"

namespace securebase::metrics::math {

class Evaluator {
 public:
  /// `labels`: of each query, what its series are called within other expressions.
  Evaluator(const Plan& plan, const Source& source, const EvaluationRequest& request,
            const std::vector<std::string>& labels, std::shared_ptr<Budget> budget)
      : plan_(plan),
        source_(source),
        request_(request),
        labels_(labels),
        budget_(std::move(budget)) {}

  /// The result of a query, its operands read at `period`.
  Result<Operand> Query(std::size_t query, Duration period);
  Grid GridAt(Duration period) const;

 private:
  /// Where an expression is evaluated.
  struct Frame {
    std::size_t query;
    const Grid& grid;
    bool root = false;  // the result leaves the expression, and nobody else refers to it
  };

  Result<Operand> Compute(std::size_t query, Duration period);
  Result<Operand> Reference(std::size_t query, Duration period);
  Result<Operand> ReadMetric(std::size_t query, const Grid& grid);
  Result<Operand> Eval(const Node& node, const Frame& frame);
  Result<Operand> EvalNegate(const Node& node, const Frame& frame);
  Result<Operand> EvalBinary(const Node& node, const Frame& frame);
  Result<Operand> EvalList(const Node& node, const Frame& frame);
  Result<Operand> EvalMetrics(const Node& node, const Frame& frame);
  Result<Operand> EvalCall(const Node& node, const Frame& frame);
  Result<Operand> EvalPointwise(const Node& node, const Frame& frame);
  Result<Operand> EvalReduction(const Node& node, const Frame& frame);
  Result<Operand> EvalFill(const Node& node, const Frame& frame);
  Result<Operand> EvalPick(const Node& node, const Frame& frame);  // FIRST, LAST, SLICE
  Result<Operand> EvalSort(const Node& node, const Frame& frame);
  Result<Operand> EvalRemoveEmpty(const Node& node, const Frame& frame);
  Result<Operand> EvalIf(const Node& node, const Frame& frame);
  Result<Operand> EvalBand(const Node& node, const Frame& frame);
  // search_evaluator.cc
  Result<Operand> EvalSearch(const Node& node, const Frame& frame);
  Result<Operand> ReduceSearch(const Node& reduction, const Frame& frame);
  Result<Operand> EvalInsights(const Node& node, const Frame& frame);
  /// Reads the metrics that a SEARCH means, some at a time, and hands each series over.
  Result<> VisitSearch(
      const Node& node, const Frame& frame, Operand& about,
      const std::function<Result<>(const Metric&, std::string label, Values)>& use);

  Result<> Continue(std::size_t buckets) const;
  SeriesPtr Make(Values values, const SeriesData* like = nullptr) const;
  SeriesPtr Constant(double number, const Grid& grid) const;
  /// As one of `type`, of a smaller one.
  Operand Widen(Operand operand, Type type, const Grid& grid) const;

  const Plan& plan_;
  const Source& source_;
  const EvaluationRequest& request_;
  const std::vector<std::string>& labels_;
  const std::shared_ptr<Budget> budget_;
  std::map<std::pair<std::size_t, Duration>, Operand> done_;
};

/// Names for metrics by what tells them apart: dimension values, then the metric's name.
std::vector<std::string> DistinguishingLabels(const std::vector<Metric>& metrics);

}  // namespace securebase::metrics::math

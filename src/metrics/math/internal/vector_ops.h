#pragma once

// Arithmetic on whole series, with the rules for missing points (spec: cloudwatch-api 5.3 to 5.5).
// All series of a call have the same grid. Whatever is not finite becomes missing.

#include <cstddef>
#include <optional>
#include <vector>

#include "metrics/math/grid.h"
#include "metrics/math/internal/expression.h"
#include "metrics/math/internal/function.h"

namespace securebase::metrics::math {

/// Two numbers; missing where one is.
double Combine(Operator op, double a, double b);
/// Point by point; a side missing alone counts as 0.
Values Combine(Operator op, const Values& a, const Values& b);
/// Each existing point; all missing where the number is.
Values Combine(Operator op, const Values& a, double b);
Values Combine(Operator op, double a, const Values& b);
Values Negate(const Values& a);

/// A function of IsPointwise.
Values Pointwise(FunctionId id, const Values& a, const Grid& grid);
/// A function of IsReduction over the points of one series; missing where it has none.
double Reduce(FunctionId id, const Values& a);
/// A function of IsReduction over series that come one after the other.
class Reduction {
 public:
  Reduction(FunctionId id, std::size_t count);
  void Add(const Values& series);
  Values Finish();

 private:
  const FunctionId id_;
  std::size_t series_ = 0;
  Values values_;               // sums, least, greatest
  std::vector<double> counts_;  // of existing points
  Values squares_;              // of STDDEV: sums of squared distances from the running mean
};

/// A function of IsTimePart: non-sparse, UTC.
Values TimePart(FunctionId id, const Grid& grid);

Values FillWith(const Values& a, double filler);
Values FillWith(const Values& a, const Values& filler);
Values FillRepeat(const Values& a);
Values FillLinear(const Values& a);

/// What IF chooses from: a number, a series, or nothing.
struct Choice {
  double number = kMissing;
  const Values* series = nullptr;
};
/// IF with a series as its condition.
Values Select(const Values& condition, const Choice& then, const std::optional<Choice>& otherwise);

}  // namespace securebase::metrics::math

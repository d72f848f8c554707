#pragma once

// Success criteria: GET /criteria, POST /criteria/coverage, GET /criteria/runs.

#include <vector>

#include "api/route.h"
#include "base/clock.h"
#include "criteria/evaluator.h"

namespace securebase::api {

/// All outlive the routes.
struct CriteriaRouteDependencies {
  const criteria::Evaluator& evaluator;
  const Clock& clock;
};

/// GET /criteria?window=1h&record=true: criteria::ToJson of a new run. With record=false (pages
/// that refresh) nothing is published or kept.
/// GET /criteria/runs?limit=20: {"runs": [..]}, newest first.
/// POST /criteria/coverage {"percent": 93.2} or {"linesCovered": 932, "linesValid": 1000}, as JSON;
/// or the text of a Cobertura, LCOV or coverage.py file under another Content-Type.
std::vector<Route> CriteriaRoutes(CriteriaRouteDependencies dependencies);

}  // namespace securebase::api

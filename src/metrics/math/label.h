#pragma once

// Labels of results, with ${...} (spec: cloudwatch-api 4.2).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "metrics/math/grid.h"
#include "metrics/metric_store.h"

namespace securebase::metrics::math {

/// What a label can speak of.
struct LabelContext {
  std::string_view own;  // ${LABEL}: what the label would be without
  const TimeSeries* series = nullptr;
  const Metric* metric = nullptr;  // null: PROP of a metric is empty
  std::string_view statistic;
  Duration period{0};
  const Account* account = nullptr;
  Duration offset{0};  // of local time from UTC
  Instant now;         // for *_TIME_RELATIVE
};

/// `text` with every ${...} that is known replaced; others stay as they are.
std::string ExpandLabel(std::string_view text, const LabelContext& context);
bool IsDynamicLabel(std::string_view text);

/// "+0130", "-0800"; kInvalidArgument, `field` empty, for anything else.
Result<Duration> ParseLabelTimezone(std::string_view text);

}  // namespace securebase::metrics::math

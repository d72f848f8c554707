#pragma once

// The text formats that Prometheus scrapes: its own (0.0.4) and OpenMetrics 1.0; read from others,
// written about ourselves.
// Source: Prometheus "Exposition formats"; OpenMetrics 1.0 specification.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace securebase::ingest {

struct TextSample {
  std::string name;  // "http_request_seconds_bucket"
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;                     // may be infinite or NaN
  std::optional<std::int64_t> time_ms;  // none: the time of the scrape
};

/// Samples under one "# TYPE"; samples without one are families of their own.
struct TextFamily {
  enum class Type { kUnknown, kCounter, kGauge, kHistogram, kSummary, kInfo, kStateSet };
  std::string name;
  Type type = Type::kUnknown;
  std::string unit;  // of OpenMetrics: "seconds"
  std::vector<TextSample> samples;
};

/// `open_metrics`: times are seconds and "# EOF" must end the text. Errors: kInvalidArgument with
/// the number of the line.
Result<std::vector<TextFamily>> ParseExposition(std::string_view text, bool open_metrics);

/// Writes one of both formats. A family is begun before its samples.
class ExpositionWriter {
 public:
  explicit ExpositionWriter(bool open_metrics) : open_metrics_(open_metrics) {}
  /// `name` of a counter without "_total".
  void Begin(std::string_view name, TextFamily::Type type, std::string_view help);
  /// `suffix`: "", "_total", "_bucket", "_sum", "_count".
  void Sample(std::string_view suffix,
              const std::vector<std::pair<std::string_view, std::string_view>>& labels,
              double value);
  /// The whole text.
  std::string Finish();

  static std::string_view ContentType(bool open_metrics);
  /// Whether an Accept header asks for OpenMetrics rather than Prometheus's own text.
  static bool WantsOpenMetrics(std::string_view accept);

 private:
  const bool open_metrics_;
  std::string name_;
  std::string out_;
};

}  // namespace securebase::ingest

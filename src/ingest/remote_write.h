#pragma once

// Prometheus remote write 1.0: POST /api/v1/write (docs/ingest.md says what becomes what).
// Source: Prometheus Remote-Write 1.0 specification; prompb types.proto and remote.proto.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/data_builder.h"
#include "ingest/ingest.h"
#include "ingest/metric_sink.h"

namespace securebase::ingest {

struct RemoteSample {
  std::int64_t time_ms = 0;
  double value = 0;
};

struct RemoteSeries {
  Labels labels;  // with __name__
  std::vector<RemoteSample> samples;
  bool native_histograms = false;
};

struct RemoteMetadata {
  std::uint64_t type = 0;  // 1: a counter, 2: a gauge, 3: a histogram, 5: a summary
  std::string family;
};

struct RemoteWrite {
  std::vector<RemoteSeries> series;
  std::vector<RemoteMetadata> metadata;
};

/// Reads a decompressed WriteRequest. Errors: kInvalidArgument.
Result<RemoteWrite> ReadRemoteWrite(std::string_view message);

/// What senders said of the types of their metrics, by account. Thread-safe.
class MetricTypes {
 public:
  MetricTypes();
  ~MetricTypes();
  void Learn(const std::string& owner, const std::vector<RemoteMetadata>& metadata);
  /// Whether the series counts up: as its sender said, or else as its name ends ("_total",
  /// "_count", "_sum", "_bucket").
  bool IsCounter(const std::string& owner, std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Route RemoteWriteRoute(MetricSink sink);

}  // namespace securebase::ingest

#pragma once

// What of ingestion can be told in the configuration (docs/ingest.md).

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace securebase::ingest {

struct OtlpSettings {
  /// Resource attributes that become dimensions: what tells the instances of a service apart.
  std::vector<std::string> resource_dimensions = {"service.instance.id", "host.name",
                                                  "k8s.pod.name"};
};

struct ScrapeTarget {
  std::string url;  // "http://127.0.0.1:9100/metrics"
  std::string namespace_name = "Prometheus";
  std::vector<std::pair<std::string, std::string>> labels;  // added to every series
  std::string bearer_token;
};

struct ScrapeSettings {
  std::vector<ScrapeTarget> targets;
  Duration interval{60'000};
  Duration timeout{10'000};
};

struct StatsdSettings {
  std::string address;  // numeric; empty: off
  std::uint16_t port = 8125;
  std::string namespace_name = "StatsD";
  Duration interval{10'000};  // between two writes
};

struct IngestSettings {
  OtlpSettings otlp;
  ScrapeSettings scrape;
  StatsdSettings statsd;
};

}  // namespace securebase::ingest

#include "metrics/series_key.h"

#include <algorithm>

namespace securebase::metrics {

std::string EncodeSeriesKey(const Account& account, const Metric& metric, std::string_view unit) {
  std::string out;
  AppendSeriesKey(account, metric, unit, out);
  return out;
}

void AppendSeriesKey(const Account& account, const Metric& metric, std::string_view unit,
                     std::string& out) {
  PutBytes(out, account.id);
  PutBytes(out, account.region);
  PutBytes(out, metric.namespace_name);
  PutBytes(out, metric.name);
  PutBytes(out, unit);
  PutVarint(out, metric.dimensions.size());
  const auto put = [&](const std::vector<Dimension>& dimensions) {
    for (const Dimension& dimension : dimensions) {
      PutBytes(out, dimension.name);
      PutBytes(out, dimension.value);
    }
  };
  if (std::is_sorted(metric.dimensions.begin(), metric.dimensions.end())) {
    put(metric.dimensions);
  } else {
    std::vector<Dimension> sorted = metric.dimensions;
    std::sort(sorted.begin(), sorted.end());
    put(sorted);
  }
}

std::optional<SeriesKey> DecodeSeriesKey(std::string_view bytes) {
  ByteReader reader(bytes);
  SeriesKey key;
  key.account.id = reader.Bytes();
  key.account.region = reader.Bytes();
  key.metric.namespace_name = reader.Bytes();
  key.metric.name = reader.Bytes();
  key.unit = reader.Bytes();
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    Dimension dimension;
    dimension.name = reader.Bytes();
    dimension.value = reader.Bytes();
    key.metric.dimensions.push_back(std::move(dimension));
  }
  if (!reader.ok() || !reader.empty()) return std::nullopt;
  return key;
}

}  // namespace securebase::metrics

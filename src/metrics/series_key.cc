#include "metrics/series_key.h"

#include <algorithm>

namespace securebase::metrics {
namespace {

template <class Dimensions>
void AppendKey(const Account& account, std::string_view namespace_name, std::string_view name,
               std::string_view unit, const Dimensions& dimensions, std::string& out) {
  PutBytes(out, account.id);
  PutBytes(out, account.region);
  PutBytes(out, namespace_name);
  PutBytes(out, name);
  PutBytes(out, unit);
  PutVarint(out, dimensions.size());
  for (const auto& dimension : dimensions) {
    PutBytes(out, dimension.name);
    PutBytes(out, dimension.value);
  }
}

}  // namespace

std::string EncodeSeriesKey(const Account& account, const Metric& metric, std::string_view unit) {
  std::string out;
  AppendSeriesKey(account, metric, unit, out);
  return out;
}

void AppendSeriesKey(const Account& account, const Metric& metric, std::string_view unit,
                     std::string& out) {
  if (std::is_sorted(metric.dimensions.begin(), metric.dimensions.end())) {
    AppendKey(account, metric.namespace_name, metric.name, unit, metric.dimensions, out);
    return;
  }
  std::vector<Dimension> sorted = metric.dimensions;
  std::sort(sorted.begin(), sorted.end());
  AppendKey(account, metric.namespace_name, metric.name, unit, sorted, out);
}

void AppendSeriesKey(const Account& account, const DatumView& datum, std::string& out) {
  AppendKey(account, datum.namespace_name, datum.name, datum.unit, datum.dimensions, out);
}

std::optional<SeriesKeyView> ViewSeriesKey(std::string_view bytes) {
  ByteReader reader(bytes);
  SeriesKeyView key;
  key.account_id = reader.Bytes();
  key.region = reader.Bytes();
  key.namespace_name = reader.Bytes();
  key.name = reader.Bytes();
  key.before_unit = bytes.substr(0, bytes.size() - reader.remaining());
  key.unit = reader.Bytes();
  key.dimensions = bytes.substr(bytes.size() - reader.remaining());
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return std::nullopt;
  for (std::uint64_t i = 0; i < 2 * count; ++i) reader.Bytes();
  if (!reader.ok() || !reader.empty()) return std::nullopt;
  return key;
}

void MetricOf(const SeriesKeyView& key, Metric& out) {
  out.namespace_name = key.namespace_name;
  out.name = key.name;
  std::size_t count = 0;
  key.VisitDimensions([&](std::string_view name, std::string_view value) {
    if (count == out.dimensions.size()) out.dimensions.emplace_back();
    out.dimensions[count].name = name;
    out.dimensions[count++].value = value;
    return true;
  });
  out.dimensions.resize(count);
}

std::strong_ordering CompareMetrics(const SeriesKeyView& a, const SeriesKeyView& b) {
  if (const auto order = a.namespace_name <=> b.namespace_name; order != 0) return order;
  if (const auto order = a.name <=> b.name; order != 0) return order;
  ByteReader left(a.dimensions), right(b.dimensions);
  const std::uint64_t left_count = left.Varint(), right_count = right.Varint();
  for (std::uint64_t i = 0; i < 2 * std::min(left_count, right_count); ++i) {
    if (const auto order = left.Bytes() <=> right.Bytes(); order != 0) return order;
  }
  return left_count <=> right_count;
}

}  // namespace securebase::metrics

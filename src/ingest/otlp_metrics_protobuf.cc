#include "base/text.h"
#include "ingest/otlp_metrics_model.h"

namespace securebase::ingest {
namespace {

using Kind = OtlpMetric::Kind;
using Type = WireField::Type;

constexpr std::uint64_t kNoRecordedValue = 1;  // of a point's flags

std::string TextOf(std::string_view bytes) {
  return IsValidUtf8(bytes) ? std::string(bytes) : ToValidUtf8(bytes);
}

/// Takes the number of a field where its type is that.
Result<> Take(const WireField& field, Type type, std::int64_t& into) {
  SB_TRY_OK(WireReader::Expect(field, type));
  into = field.Int();
  return {};
}
Result<> Take(const WireField& field, Type type, std::uint64_t& into) {
  SB_TRY_OK(WireReader::Expect(field, type));
  into = field.Uint();
  return {};
}
Result<> Take(const WireField& field, std::optional<double>& into) {
  SB_TRY_OK(WireReader::Expect(field, Type::kFixed64));
  into = field.Double();
  return {};
}
Result<> TakeFlags(const WireField& field, OtlpPoint& point) {
  SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
  point.no_value = (field.Uint() & kNoRecordedValue) != 0;
  return {};
}
Result<> TakeAttribute(const WireField& field, OtlpPoint& point) {
  SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
  return ReadKeyValue(field.bytes, point.attributes);
}

Result<> TakeNumberField(const WireField& field, OtlpPoint& point) {
  switch (field.number) {
    case 2:
      return Take(field, Type::kFixed64, point.start_ns);
    case 3:
      return Take(field, Type::kFixed64, point.time_ns);
    case 4:
      return Take(field, point.value);
    case 6:
      SB_TRY_OK(WireReader::Expect(field, Type::kFixed64));
      point.value = static_cast<double>(field.Int());
      return {};
    case 7:
      return TakeAttribute(field, point);
    case 8:
      return TakeFlags(field, point);
    default:
      return {};
  }
}

Result<> TakeHistogramField(const WireField& field, OtlpPoint& point) {
  switch (field.number) {
    case 2:
      return Take(field, Type::kFixed64, point.start_ns);
    case 3:
      return Take(field, Type::kFixed64, point.time_ns);
    case 4:
      return Take(field, Type::kFixed64, point.count);
    case 5:
      return Take(field, point.sum);
    case 6:
      return WireReader::Numbers(field, Type::kFixed64,
                                 [&](std::uint64_t bits) { point.bucket_counts.push_back(bits); });
    case 7:
      return WireReader::Numbers(field, Type::kFixed64, [&](std::uint64_t bits) {
        point.bounds.push_back(std::bit_cast<double>(bits));
      });
    case 9:
      return TakeAttribute(field, point);
    case 10:
      return TakeFlags(field, point);
    case 11:
      return Take(field, point.minimum);
    case 12:
      return Take(field, point.maximum);
    default:
      return {};
  }
}

Result<> TakePowers(const WireField& field, OtlpPoint::Powers& powers) {
  SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
  return ForEachField(field.bytes, [&](const WireField& inner) -> Result<> {
    if (inner.number == 1) {
      SB_TRY_OK(WireReader::Expect(inner, Type::kVarint));
      powers.offset = inner.ZigZagInt();
    } else if (inner.number == 2) {
      return WireReader::Numbers(inner, Type::kVarint,
                                 [&](std::uint64_t bits) { powers.counts.push_back(bits); });
    }
    return {};
  });
}

Result<> TakeExponentialField(const WireField& field, OtlpPoint& point) {
  switch (field.number) {
    case 1:
      return TakeAttribute(field, point);
    case 2:
      return Take(field, Type::kFixed64, point.start_ns);
    case 3:
      return Take(field, Type::kFixed64, point.time_ns);
    case 4:
      return Take(field, Type::kFixed64, point.count);
    case 5:
      return Take(field, point.sum);
    case 6:
      SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
      point.scale = field.ZigZagInt();
      return {};
    case 7:
      return Take(field, Type::kFixed64, point.zero_count);
    case 8:
      return TakePowers(field, point.positive);
    case 9:
      return TakePowers(field, point.negative);
    case 10:
      return TakeFlags(field, point);
    case 12:
      return Take(field, point.minimum);
    case 13:
      return Take(field, point.maximum);
    default:
      return {};
  }
}

Result<> TakeSummaryField(const WireField& field, OtlpPoint& point) {
  switch (field.number) {
    case 2:
      return Take(field, Type::kFixed64, point.start_ns);
    case 3:
      return Take(field, Type::kFixed64, point.time_ns);
    case 4:
      return Take(field, Type::kFixed64, point.count);
    case 5:
      return Take(field, point.sum);
    case 6: {
      SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
      std::optional<double> quantile, value;
      SB_TRY_OK(ForEachField(field.bytes, [&](const WireField& inner) -> Result<> {
        if (inner.number == 1) return Take(inner, quantile);
        if (inner.number == 2) return Take(inner, value);
        return {};
      }));
      point.quantiles.emplace_back(quantile.value_or(0), value.value_or(0));
      return {};
    }
    case 7:
      return TakeAttribute(field, point);
    case 8:
      return TakeFlags(field, point);
    default:
      return {};
  }
}

using TakeField = Result<> (*)(const WireField& field, OtlpPoint& point);

/// The data of a metric: its points and how they are to be read.
Result<> TakeData(const WireField& data, Kind kind, TakeField take, OtlpMetric& metric) {
  SB_TRY_OK(WireReader::Expect(data, Type::kBytes));
  metric.kind = kind;
  return ForEachField(data.bytes, [&](const WireField& field) -> Result<> {
    if (field.number == 1) {
      SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
      OtlpPoint& point = metric.points.emplace_back();
      return ForEachField(field.bytes, [&](const WireField& inner) { return take(inner, point); });
    }
    if (field.number == 2 && field.type == Type::kVarint && field.Uint() <= 2) {
      metric.temporality = static_cast<OtlpMetric::Temporality>(field.Uint());
    }
    if (field.number == 3 && field.type == Type::kVarint) metric.monotonic = field.Bool();
    return {};
  });
}

Result<OtlpMetric> ReadMetric(std::string_view message) {
  OtlpMetric metric;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    switch (field.number) {
      case 1:
      case 3:
        SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
        (field.number == 1 ? metric.name : metric.unit) = TextOf(field.bytes);
        return {};
      case 5:
        return TakeData(field, Kind::kGauge, TakeNumberField, metric);
      case 7:
        return TakeData(field, Kind::kSum, TakeNumberField, metric);
      case 9:
        return TakeData(field, Kind::kHistogram, TakeHistogramField, metric);
      case 10:
        return TakeData(field, Kind::kExponentialHistogram, TakeExponentialField, metric);
      case 11:
        return TakeData(field, Kind::kSummary, TakeSummaryField, metric);
      default:
        return {};
    }
  }));
  return metric;
}

Result<OtlpScopeMetrics> ReadScopeMetrics(std::string_view message) {
  OtlpScopeMetrics out;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number > 2) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    if (field.number == 1) {
      SB_TRY(out.scope, ReadOtlpScope(field.bytes));
      return {};
    }
    SB_TRY(OtlpMetric metric, ReadMetric(field.bytes));
    out.metrics.push_back(std::move(metric));
    return {};
  }));
  return out;
}

}  // namespace

Result<OtlpMetrics> ReadOtlpMetricsProtobuf(std::string_view body) {
  OtlpMetrics all;
  SB_TRY_OK(ForEachField(body, [&](const WireField& outer) -> Result<> {
    if (outer.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(outer, Type::kBytes));
    OtlpResourceMetrics& resource = all.emplace_back();
    return ForEachField(outer.bytes, [&](const WireField& field) -> Result<> {
      if (field.number > 2) return {};
      SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
      if (field.number == 1) {
        SB_TRY(resource.resource, ReadOtlpResource(field.bytes));
        return {};
      }
      SB_TRY(OtlpScopeMetrics scope, ReadScopeMetrics(field.bytes));
      resource.scopes.push_back(std::move(scope));
      return {};
    });
  }));
  return all;
}

}  // namespace securebase::ingest

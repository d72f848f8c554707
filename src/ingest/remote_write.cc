#include "ingest/remote_write.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "ingest/wire_reader.h"

namespace securebase::ingest {
namespace {

using Type = WireField::Type;

constexpr std::string_view kDefaultNamespace = "Prometheus";
constexpr std::string_view kNameLabel = "__name__";
constexpr std::uint64_t kStaleMarker = 0x7FF0000000000002;
constexpr std::size_t kTypesMax = 100'000;
constexpr std::uint64_t kCounter = 1, kHistogram = 3, kSummary = 5;

std::string TextOf(std::string_view bytes) {
  return IsValidUtf8(bytes) ? std::string(bytes) : ToValidUtf8(bytes);
}

Result<> ReadLabel(std::string_view message, Labels& labels) {
  auto& label = labels.emplace_back();
  return ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number != 1 && field.number != 2) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    (field.number == 1 ? label.first : label.second) = TextOf(field.bytes);
    return {};
  });
}

Result<> ReadSample(std::string_view message, std::vector<RemoteSample>& samples) {
  RemoteSample& sample = samples.emplace_back();
  return ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 1) {
      SB_TRY_OK(WireReader::Expect(field, Type::kFixed64));
      sample.value = field.Double();
    } else if (field.number == 2) {
      SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
      sample.time_ms = field.Int();
    }
    return {};
  });
}

Result<> ReadSeries(std::string_view message, RemoteSeries& series) {
  return ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 4) series.native_histograms = true;
    if (field.number != 1 && field.number != 2) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    return field.number == 1 ? ReadLabel(field.bytes, series.labels)
                             : ReadSample(field.bytes, series.samples);
  });
}

Result<> ReadMetadata(std::string_view message, RemoteMetadata& metadata) {
  return ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 1) {
      SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
      metadata.type = field.Uint();
    } else if (field.number == 2) {
      SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
      metadata.family = TextOf(field.bytes);
    }
    return {};
  });
}

/// What is left of a name when its ending is taken off; empty where it ends otherwise.
std::string_view Without(std::string_view name, std::string_view ending) {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : std::string_view();
}

class Converter {
 public:
  Converter(std::string namespace_name, std::string owner, MetricSink sink,
            const MetricTypes& types, TotalsTracker::Undo& undo, DataBuilder& data)
      : namespace_name_(std::move(namespace_name)),
        owner_(std::move(owner)),
        sink_(sink),
        types_(types),
        undo_(undo),
        data_(data) {}

  void Convert(RemoteSeries& series) {
    std::sort(series.labels.begin(), series.labels.end());
    std::string name;
    Labels labels;
    for (auto& [label, value] : series.labels) {
      if (label == kNameLabel) {
        name = std::move(value);
      } else {
        labels.emplace_back(std::move(label), std::move(value));
      }
    }
    if (series.native_histograms) {
      data_.Reject("metric " + name + ": native histograms are not supported");
    }
    std::string key = "prometheus";
    PutBytes(key, owner_);
    PutBytes(key, namespace_name_);
    PutBytes(key, name);
    for (const auto& [label, value] : labels) {
      PutBytes(key, label);
      PutBytes(key, value);
    }
    const bool counter = types_.IsCounter(owner_, name);
    const DataBuilder::Series to{namespace_name_, name, labels, UnitOfName(name)};
    for (const RemoteSample& sample : series.samples) ConvertSample(to, key, counter, sample);
  }

 private:
  void ConvertSample(const DataBuilder::Series& to, const std::string& key, bool counter,
                     const RemoteSample& sample) {
    // The end of a series, and quantiles without samples: no value, and no fault.
    if (std::bit_cast<std::uint64_t>(sample.value) == kStaleMarker || std::isnan(sample.value)) {
      return;
    }
    if (std::abs(sample.time_ms) > INT64_MAX / 1'000'000) {
      return data_.Reject("metric " + std::string(to.name) + ": the time is out of range");
    }
    const std::int64_t time_ns = sample.time_ms * 1'000'000;
    double value = sample.value;
    if (counter && std::isfinite(value)) {
      Totals totals{.time_ns = time_ns, .sum = value};
      const TotalsTracker::Outcome outcome = sink_.totals.Advance(key, totals, undo_);
      if (outcome == TotalsTracker::Outcome::kTooMany) {
        data_.Reject("metric " + std::string(to.name) + ": too many counters");
      }
      if (outcome != TotalsTracker::Outcome::kAdded) return;
      value = totals.sum;
    }
    data_.AddValue(to, time_ns, value);
  }

  const std::string namespace_name_;
  const std::string owner_;
  MetricSink sink_;
  const MetricTypes& types_;
  TotalsTracker::Undo& undo_;
  DataBuilder& data_;
};

/// Error: what the sender must change.
Result<std::string> NamespaceOf(const http::Request& request) {
  const auto parameters = http::ParseForm(request.query);
  if (!parameters) return InvalidArgument("query", "the query string is broken");
  std::string name(kDefaultNamespace);
  for (const auto& [key, value] : *parameters) {
    if (key != "namespace") {
      return InvalidArgument(key, "the parameter " + key + " is unknown; there is namespace");
    }
    name = value;
  }
  return name;
}

Result<> CheckHeaders(const http::Request& request) {
  const std::string type = ToLower(request.headers.Get("Content-Type"));
  if (type.find("io.prometheus.write.v2") != std::string::npos) {
    return InvalidArgument("Content-Type", "remote write 2.0 is not supported; send 1.0");
  }
  const std::string_view encoding = request.headers.Get("Content-Encoding");
  if (!encoding.empty() && !EqualsIgnoreCase(encoding, "snappy")) {
    return InvalidArgument("Content-Encoding", "remote write is compressed with snappy");
  }
  return {};
}

Result<RemoteWrite> ReadDelivery(const Delivery& delivery, std::size_t size_max) {
  SB_TRY_OK(CheckHeaders(delivery.request));
  SB_TRY(const std::string message, SnappyDecode(delivery.body, size_max));
  return ReadRemoteWrite(message);
}

void Receive(MetricSink sink, MetricTypes& types, std::size_t size_max, Delivery delivery,
             http::Respond respond) {
  Result<std::string> namespace_name = NamespaceOf(delivery.request);
  if (!namespace_name.ok()) return respond(ErrorText(delivery.request, namespace_name.error()));
  Result<RemoteWrite> request = ReadDelivery(delivery, size_max);
  if (!request.ok()) return respond(ErrorText(delivery.request, request.error()));
  const std::string owner = delivery.account.id + "/" + delivery.account.region;
  types.Learn(owner, request->metadata);
  DataBuilder data(delivery.now, delivery.caller.role == api::Role::kAdmin);
  TotalsTracker::Undo undo(sink.totals);
  Converter converter(*std::move(namespace_name), owner, sink, types, undo, data);
  for (RemoteSeries& series : request->series) converter.Convert(series);
  Store(sink, delivery.account, data.TakeData(), std::move(undo),
        [rejected = data.rejected(), reasons = data.reasons(),
         respond = std::move(respond)](Result<> stored) {
          if (!stored.ok()) return respond(ErrorText({}, stored.error()));
          if (rejected == 0) return respond({.status = 204});
          // The good ones are stored; a 400 keeps the sender from sending all of them again.
          respond(http::Response::Text(
              400, std::to_string(rejected) + " samples were rejected: " + reasons + "\n"));
        });
}

}  // namespace

Result<RemoteWrite> ReadRemoteWrite(std::string_view message) {
  RemoteWrite request;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number != 1 && field.number != 3) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    return field.number == 1 ? ReadSeries(field.bytes, request.series.emplace_back())
                             : ReadMetadata(field.bytes, request.metadata.emplace_back());
  }));
  return request;
}

struct MetricTypes::State {
  mutable std::mutex mutex;
  std::unordered_map<std::string, std::uint64_t> types;  // guarded by mutex; by owner and family
};

MetricTypes::MetricTypes() : state_(std::make_unique<State>()) {}
MetricTypes::~MetricTypes() = default;

void MetricTypes::Learn(const std::string& owner, const std::vector<RemoteMetadata>& metadata) {
  std::lock_guard lock(state_->mutex);
  for (const RemoteMetadata& one : metadata) {
    if (state_->types.size() >= kTypesMax) return;
    state_->types.insert_or_assign(owner + '\n' + one.family, one.type);
  }
}

bool MetricTypes::IsCounter(const std::string& owner, std::string_view name) const {
  auto type_of = [&](std::string_view family) -> std::uint64_t {
    std::lock_guard lock(state_->mutex);
    const auto found = state_->types.find(owner + '\n' + std::string(family));
    return found == state_->types.end() ? 0 : found->second;
  };
  if (const std::uint64_t type = type_of(name); type != 0) return type == kCounter;
  for (const std::string_view ending : {"_bucket", "_count", "_sum"}) {
    const std::string_view family = Without(name, ending);
    if (family.empty()) continue;
    const std::uint64_t type = type_of(family);
    return type == 0 || type == kHistogram || type == kSummary;
  }
  return name.ends_with("_total");
}

Route RemoteWriteRoute(MetricSink sink) {
  auto types = std::make_shared<MetricTypes>();
  constexpr std::size_t kMessageMax = 64u << 20;
  return {.path = "/api/v1/write",
          .handler = [sink, types](Delivery delivery, http::Respond respond) {
            Receive(sink, *types, kMessageMax, std::move(delivery), std::move(respond));
          }};
}

}  // namespace securebase::ingest

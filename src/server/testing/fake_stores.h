#pragma once

// Stores in memory that remember what they were given and fail on demand.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/log_store.h"
#include "metrics/metric_store.h"

namespace securebase::server {

class FakeMetricStore final : public metrics::MetricStore {
 public:
  using metrics::MetricStore::Put;
  void Put(const Account& of, std::vector<metrics::Datum> put,
           std::function<void(Result<>)> done) override {
    if (error) return done(*error);
    {
      std::lock_guard lock(mutex);
      account = of;
      for (metrics::Datum& datum : put) data.push_back(std::move(datum));
      changed.notify_all();
    }
    done({});
  }
  Result<std::vector<metrics::UnitSeries>> Query(const Account&,
                                                 const metrics::StatisticsRequest&) const override {
    return std::vector<metrics::UnitSeries>();
  }
  Result<metrics::ListPage> List(const Account&, const metrics::ListRequest&) const override {
    return metrics::ListPage();
  }
  metrics::MetricStoreStatistics statistics() const override { return {}; }

  void WaitForData() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return !data.empty(); });
  }
  /// Samples of a metric that were put with so many dimensions.
  double CountOf(std::string_view name, std::size_t dimensions) {
    return Total(name, [&](const metrics::Datum& datum, double, double count) {
      return datum.metric.dimensions.size() == dimensions ? count : 0;
    });
  }
  double SumOf(std::string_view name) {
    return Total(name,
                 [](const metrics::Datum&, double value, double count) { return value * count; });
  }
  /// Sum of the values that a metric has without dimensions.
  double SumWithoutDimensions(std::string_view name) {
    return Total(name, [](const metrics::Datum& datum, double value, double count) {
      return datum.metric.dimensions.empty() ? value * count : 0;
    });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<metrics::Datum> data;
  Account account{"none", "none"};
  std::optional<Error> error;

 private:
  double Total(std::string_view name,
               const std::function<double(const metrics::Datum&, double, double)>& of) {
    std::lock_guard lock(mutex);
    double total = 0;
    for (const metrics::Datum& datum : data) {
      if (datum.metric.name != name) continue;
      for (const auto& [value, count] : datum.values) total += of(datum, value, count);
    }
    return total;
  }
};

class FakeLogStore final : public events::LogStore {
 public:
  Result<> Append(const Account&, std::string_view group, std::string_view stream,
                  std::vector<events::LogEvent> events) override {
    if (error) return *error;
    ++appends;
    streams.emplace_back(stream);
    for (events::LogEvent& event : events) {
      lines.emplace_back(std::string(group), std::move(event.message));
    }
    return {};
  }
  void SetObserver(events::LogObserver*) override {}
  Result<> CreateGroup(const Account&, std::string_view, const events::LogAttributes&) override {
    return Unimplemented("a fake");
  }
  Result<> DeleteGroup(const Account&, std::string_view) override {
    return Unimplemented("a fake");
  }
  Result<> SetRetention(const Account&, std::string_view, int) override {
    return Unimplemented("a fake");
  }
  Result<> ChangeAttributes(const Account&, std::string_view,
                            const std::map<std::string, std::optional<std::string>>&) override {
    return Unimplemented("a fake");
  }
  std::optional<events::LogGroup> FindGroup(const Account&, std::string_view) const override {
    return std::nullopt;
  }
  std::vector<events::LogGroup> ListGroups(const Account&,
                                           const events::GroupListRequest&) const override {
    return {};
  }
  Result<> CreateStream(const Account&, std::string_view, std::string_view) override {
    return Unimplemented("a fake");
  }
  Result<> DeleteStream(const Account&, std::string_view, std::string_view) override {
    return Unimplemented("a fake");
  }
  Result<std::optional<events::LogStream>> FindStream(const Account&, std::string_view,
                                                      std::string_view) const override {
    return std::optional<events::LogStream>();
  }
  Result<Located> ReadOne(const Account&, std::string_view) const override {
    return Unimplemented("a fake");
  }
  Result<std::vector<std::unique_ptr<events::LogSource>>> Scan(
      const Account&, const events::LogScanRequest&) const override {
    return Unimplemented("a fake");
  }
  Result<events::FieldCounts> CountFields(const Account&, std::string_view, Instant,
                                          Instant) const override {
    return events::FieldCounts();
  }
  Result<std::vector<events::LogStream>> Streams(const Account&, std::string_view,
                                                 std::string_view) const override {
    return std::vector<events::LogStream>();
  }
  Result<std::vector<events::ReadEvent>> Read(const Account&,
                                              const events::ReadRequest&) const override {
    return std::vector<events::ReadEvent>();
  }

  std::vector<std::string> Messages(std::string_view group) const {
    std::vector<std::string> messages;
    for (const auto& [of, message] : lines) {
      if (of == group) messages.push_back(message);
    }
    return messages;
  }

  std::vector<std::pair<std::string, std::string>> lines;  // group and message
  std::vector<std::string> streams;
  int appends = 0;
  std::optional<Error> error;
};

}  // namespace securebase::server

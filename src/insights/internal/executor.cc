#include "insights/internal/executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <set>

#include "insights/internal/in_set.h"
#include "insights/internal/row_stages.h"

namespace securebase::insights::internal {
namespace {

// Batches between two reports of progress, of one thread.
constexpr std::uint64_t kBatchesPerReport = 32;
// The same between two looks at the memory that is used.
constexpr std::uint64_t kBatchesPerMeasure = 4;

// The slots that the stages from `first` on, and the answer, read.
std::set<int> LiveFrom(const Plan& plan, std::size_t first) {
  std::set<int> live;
  for (const Output& column : plan.columns) live.insert(column.slot);
  if (plan.pointers) live.insert(kPointerSlot);
  std::vector<int> slots;
  for (std::size_t i = plan.stages.size(); i-- > first;) {
    const Stage& stage = *plan.stages[i];
    if (dynamic_cast<const StatsStage*>(&stage) != nullptr ||
        dynamic_cast<const PatternStage*>(&stage) != nullptr) {
      live.clear();
    }
    slots.clear();
    stage.Reads(slots);
    live.insert(slots.begin(), slots.end());
  }
  live.erase(kTimeSlot);
  live.erase(kSequenceSlot);
  return live;
}

}  // namespace

/// What one thread gathers.
struct ThreadSink {
  std::mutex mutex;  // taken per batch, and by who wants partial results
  std::unique_ptr<Aggregation> aggregation;
  std::unique_ptr<Collector> collector;
  Statistics statistics;
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;  // as last measured
};

struct Executor::Scan {
  const Plan* plan = nullptr;
  const Runtime* runtime = nullptr;
  Range range;
  std::size_t most = 0;
  bool outermost = false;

  // Layout: streaming stages, what gathers, the stages after it.
  std::size_t streaming = 0;
  std::size_t last_filter = 0;  // one past it
  const StatsStage* stats = nullptr;
  CollectorOptions collect;
  std::size_t rest = 0;

  std::vector<int> slots;  // of the columns that are read
  std::vector<ScanPart> parts;
  std::vector<std::size_t> order;  // of the parts, the most promising first
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> oldest_wanted{kNoTime};
  std::atomic<std::uint64_t> memory{0};
  std::atomic<std::uint64_t> rows_done{0};
  std::uint64_t rows_all = 0;
  std::vector<std::unique_ptr<ThreadSink>> sinks;

  // Threads that help.
  std::mutex mutex;
  std::condition_variable done;
  std::size_t running = 0;
  bool closed = false;
  std::optional<Error> error;

  void Fail(Error e) {
    const std::lock_guard lock(mutex);
    if (!error) error = std::move(e);
    stop = true;
  }
  void Work(std::size_t thread, const Executor& executor);
  Result<> ReadPart(std::size_t number, Worker& worker, FrameReader& reader, ThreadSink& sink,
                    const Executor& executor);
  Result<> AddFrame(Frame& frame, Worker& worker, ThreadSink& sink);
};

Result<> Executor::Scan::AddFrame(Frame& frame, Worker& worker, ThreadSink& sink) {
  for (std::size_t i = 0; i < streaming && frame.rows > 0; ++i) {
    if (i == last_filter) sink.statistics.records_matched += frame.rows;
    SB_TRY_OK(plan->stages[i]->Apply(worker, frame));
  }
  if (last_filter == streaming) sink.statistics.records_matched += frame.rows;
  if (frame.rows == 0) return {};
  const std::lock_guard lock(sink.mutex);
  // Measuring costs a walk over the groups: not after every batch.
  const bool measure = ++sink.batches % kBatchesPerMeasure == 0;
  std::uint64_t bytes = 0;
  if (stats != nullptr) {
    sink.aggregation->Add(worker.evaluator, frame);
    if (measure) bytes = sink.aggregation->bytes();
  } else {
    sink.collector->Add(frame);
    if (measure) bytes = sink.collector->bytes();
    const std::int64_t wanted = sink.collector->oldest_wanted();
    if (wanted > oldest_wanted.load(std::memory_order_relaxed)) oldest_wanted = wanted;
    if (sink.collector->full()) stop = true;
  }
  if (!measure) return {};
  const std::uint64_t grown = bytes - sink.bytes;  // wraps round where it shrank
  sink.bytes = bytes;
  const std::uint64_t used = memory.fetch_add(grown) + grown;
  if (runtime->control != nullptr && used > runtime->control->memory_max) {
    std::string text;
    AppendNumber(text, static_cast<double>(runtime->control->memory_max >> 20));
    return LimitExceeded("memory", "the query needs more than its memory limit of " + text +
                                       " MiB: filter, shorten the time range, group by fewer "
                                       "values or set a limit");
  }
  return {};
}

Result<> Executor::Scan::ReadPart(std::size_t number, Worker& worker, FrameReader& reader,
                                  ThreadSink& sink, const Executor& executor) {
  ScanPart& part = parts[number];
  if (part.time_max < oldest_wanted.load(std::memory_order_relaxed)) {
    sink.statistics.records_skipped += part.rows;
    sink.statistics.bytes_skipped += part.bytes;
    ++sink.statistics.segments_skipped;
    ++sink.statistics.segments;
    rows_done += part.rows;
    part.source.reset();
    return {};
  }
  query::Batch batch;
  std::uint64_t batches = 0, counted = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    if (runtime->control != nullptr) SB_TRY_OK(runtime->control->Check());
    batch = query::Batch();
    SB_TRY(const bool more, part.source->Next(batch));
    if (!more) break;
    if (batch.rows == 0) continue;
    counted += batch.rows;
    rows_done += batch.rows;
    Frame frame = reader.Read(batch);
    SB_TRY_OK(AddFrame(frame, worker, sink));
    if (part.frontier && part.frontier() < oldest_wanted.load(std::memory_order_relaxed)) break;
    if (++batches % kBatchesPerReport == 0 && outermost) executor.Report(*this);
  }
  if (part.rows > counted) rows_done += part.rows - counted;
  const query::ScanStatistics& read = part.source->statistics();
  Statistics& s = sink.statistics;
  s.records_scanned += read.rows;
  s.bytes_scanned += read.message_bytes;
  s.segments += read.segments;
  s.segments_skipped += read.segments_skipped;
  s.chunks_skipped_by_time += read.chunks_skipped_by_time;
  s.chunks_skipped_by_zone += read.chunks_skipped_by_zone;
  s.chunks_skipped_by_text += read.chunks_skipped_by_text;
  s.records_skipped += read.rows_skipped;
  s.bytes_skipped += read.message_bytes_skipped;
  part.source.reset();
  return {};
}

void Executor::Scan::Work(std::size_t thread, const Executor& executor) {
  Worker worker(*runtime, plan->node_count);
  FrameReader reader(slots, plan->slot_count, range.start_ms, range.end_ms);
  while (!stop) {
    const std::size_t at = next.fetch_add(1);
    if (at >= order.size()) return;
    const auto read = ReadPart(order[at], worker, reader, *sinks[thread], executor);
    if (!read.ok()) Fail(read.error());
  }
}

Result<> Executor::PrepareTables(const Plan& plan, Runtime& runtime) {
  for (const std::string& name : plan.tables) {
    const auto at = options_.lookups.find(name);
    if (at == options_.lookups.end()) {
      return NotFound("the lookup table '" + name + "' does not exist");
    }
    runtime.tables.push_back(at->second);
  }
  for (const auto& stage : plan.stages) {
    if (const auto* lookup = dynamic_cast<const LookupStage*>(stage.get())) {
      SB_TRY_OK(lookup->Check(*runtime.tables[lookup->table]));
    }
  }
  return {};
}

Result<> Executor::PrepareSubqueries(const Plan& plan, Range range, Runtime& runtime) {
  for (const Subquery& subquery : plan.subqueries) {
    Range other = range;
    if (subquery.use == Subquery::Use::kEarlier) {
      const std::int64_t length = range.end_ms - range.start_ms + 1;
      const std::int64_t shift = subquery.shift_ms == 0 ? length : subquery.shift_ms;
      other.start_ms -= shift;
      other.end_ms -= shift;
    }
    SB_TRY(Frame frame, RunOver(*subquery.plan, 1'000'000, other, false));
    auto rows = std::make_shared<Frame>(std::move(frame));
    std::shared_ptr<InSet> set;
    if (subquery.use == Subquery::Use::kSet) {
      set = std::make_shared<InSet>();
      for (std::size_t row = 0; row < rows->rows && !subquery.plan->columns.empty(); ++row) {
        set->Add(rows->At(subquery.plan->columns[0].slot, row));
      }
    }
    runtime.sets.push_back(std::move(set));
    runtime.subframes.push_back(std::move(rows));
  }
  return {};
}

Result<std::vector<ScanPart>> Executor::Open(const Plan& plan, Range range, const Scan& scan) {
  ScanRequest request;
  request.start_ms = range.start_ms;
  request.end_ms = range.end_ms;
  request.where = plan.where;
  request.newest_first = scan.stats == nullptr && scan.collect.limit.has_value() &&
                         (scan.collect.keys.empty() || (scan.collect.keys[0].slot == kTimeSlot &&
                                                        scan.collect.keys[0].descending));
  if (plan.groups.empty()) {
    request.groups = options_.groups;
  } else {
    SB_TRY(request.groups, input_.Resolve(plan.groups));
    if (request.groups.empty()) return std::vector<ScanPart>();
  }
  request.fields.push_back({"@timestamp"});
  request.fields.push_back({"@arrival"});
  for (const SourceField& field : plan.fields) request.fields.push_back({field.name, field.tree});
  if (std::find(plan.live.begin(), plan.live.end(), kPointerSlot) != plan.live.end()) {
    request.fields.push_back({"@ptr"});
  }
  statistics_.groups_scanned += request.groups.size();
  return input_.Open(request, options_.workers == nullptr ? 1 : options_.threads);
}

void Executor::Layout(const Plan& plan, std::size_t most, Scan& scan) const {
  const auto& stages = plan.stages;
  while (scan.streaming < stages.size() && stages[scan.streaming]->streaming()) {
    ++scan.streaming;
    if (dynamic_cast<const FilterStage*>(stages[scan.streaming - 1].get()) != nullptr) {
      scan.last_filter = scan.streaming;
    }
  }
  std::size_t at = scan.streaming;
  if (at < stages.size()) {
    scan.stats = dynamic_cast<const StatsStage*>(stages[at].get());
    if (scan.stats != nullptr) {
      scan.rest = at + 1;
      return;
    }
  }
  if (at < stages.size()) {
    if (const auto* sort = dynamic_cast<const SortStage*>(stages[at].get())) {
      scan.collect.keys = sort->keys;
      ++at;
    }
  }
  if (at < stages.size()) {
    if (const auto* limit = dynamic_cast<const LimitStage*>(stages[at].get());
        limit != nullptr && !limit->tail) {
      scan.collect.limit = limit->count;
      scan.collect.any = limit->any && scan.collect.keys.empty();
      ++at;
    }
  }
  if (at == stages.size()) {
    scan.collect.limit = std::min(scan.collect.limit.value_or(most), most);
  }
  scan.rest = at;
  std::set<int> live = LiveFrom(plan, at);
  for (const SortKeySlot& key : scan.collect.keys) {
    if (key.slot != kTimeSlot && key.slot != kSequenceSlot) live.insert(key.slot);
  }
  scan.collect.slots.assign(live.begin(), live.end());
}

Result<> Executor::RunScan(Scan& scan) {
  const std::size_t parts = scan.parts.size();
  std::size_t threads =
      options_.workers == nullptr ? 1 : std::max<std::size_t>(options_.threads, 1);
  threads = std::min(threads, std::max<std::size_t>(parts, 1));
  for (std::size_t i = 0; i < threads; ++i) {
    auto sink = std::make_unique<ThreadSink>();
    if (scan.stats != nullptr) {
      sink->aggregation = std::make_unique<Aggregation>(*scan.stats);
    } else {
      sink->collector = std::make_unique<Collector>(scan.collect);
    }
    scan.sinks.push_back(std::move(sink));
  }
  for (std::size_t i = 0; i < parts; ++i) {
    scan.order.push_back(i);
    scan.rows_all += scan.parts[i].rows;
  }
  std::stable_sort(scan.order.begin(), scan.order.end(), [&](std::size_t a, std::size_t b) {
    return scan.parts[a].time_max > scan.parts[b].time_max;
  });
  // A helper that starts after the work is done finds the scan closed and leaves it alone.
  struct Gate {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t running = 0;
    bool closed = false;
  };
  auto gate = std::make_shared<Gate>();
  for (std::size_t i = 1; i < threads; ++i) {
    const bool posted = options_.workers->Post([gate, &scan, this, i] {
      {
        const std::lock_guard lock(gate->mutex);
        if (gate->closed) return;
        ++gate->running;
      }
      scan.Work(i, *this);
      const std::lock_guard lock(gate->mutex);
      --gate->running;
      gate->done.notify_all();
    });
    if (!posted) break;
  }
  scan.Work(0, *this);
  std::unique_lock lock(gate->mutex);
  gate->closed = true;
  gate->done.wait(lock, [&] { return gate->running == 0; });
  if (scan.error) return *scan.error;
  return {};
}

Result<Frame> Executor::Merged(const Scan& scan, Worker& worker) const {
  Frame frame;
  if (scan.stats != nullptr) {
    Aggregation all(*scan.stats);
    for (const auto& sink : scan.sinks) {
      const std::lock_guard lock(sink->mutex);
      all.Merge(*sink->aggregation);
    }
    frame = all.Finish(scan.plan->slot_count);
  } else {
    Collector all(scan.collect);
    for (const auto& sink : scan.sinks) {
      const std::lock_guard lock(sink->mutex);
      all.Merge(*sink->collector);
    }
    frame = all.Finish(scan.plan->slot_count);
  }
  for (std::size_t i = scan.rest; i < scan.plan->stages.size(); ++i) {
    if (scan.runtime->control != nullptr) SB_TRY_OK(scan.runtime->control->Check());
    SB_TRY_OK(scan.plan->stages[i]->Apply(worker, frame));
  }
  return frame;
}

void Executor::Report(Scan& scan) const {
  if (!options_.on_progress) return;
  Progress progress;
  progress.fraction =
      scan.rows_all == 0
          ? 0
          : std::min(1.0, static_cast<double>(scan.rows_done) / static_cast<double>(scan.rows_all));
  progress.statistics = statistics_;
  progress.statistics.records_scanned += scan.rows_done;
  progress.partial = [&]() -> Table {
    Worker worker(*scan.runtime, scan.plan->node_count);
    const Result<Frame> frame = Merged(scan, worker);
    return frame.ok() ? ToTable(*scan.plan, *frame, scan.most) : Table{};
  };
  options_.on_progress(progress);
}

Result<Frame> Executor::Run(const Plan& plan, std::size_t most) {
  return RunOver(plan, most, {options_.start_ms, options_.end_ms}, true);
}

Result<Frame> Executor::RunOver(const Plan& plan, std::size_t most, Range range, bool outermost) {
  if (plan.groups.start_ms) range.start_ms = *plan.groups.start_ms;
  if (plan.groups.end_ms) range.end_ms = *plan.groups.end_ms;
  Runtime runtime;
  runtime.times = {range.start_ms, range.end_ms, options_.now_ms};
  runtime.control = &options_.control;
  SB_TRY_OK(PrepareTables(plan, runtime));
  SB_TRY_OK(PrepareSubqueries(plan, range, runtime));
  Scan scan;
  scan.plan = &plan;
  scan.runtime = &runtime;
  scan.range = range;
  scan.most = most;
  scan.outermost = outermost;
  Layout(plan, most, scan);
  scan.slots = {kTimeSlot, kSequenceSlot};
  for (const SourceField& field : plan.fields) scan.slots.push_back(field.slot);
  if (std::find(plan.live.begin(), plan.live.end(), kPointerSlot) != plan.live.end()) {
    scan.slots.push_back(kPointerSlot);
  }
  SB_TRY(scan.parts, Open(plan, range, scan));
  if (plan.estimate) {
    for (const ScanPart& part : scan.parts) {
      statistics_.bytes_scanned += part.bytes;
      statistics_.records_scanned += part.rows;
    }
    return Frame{};
  }
  SB_TRY_OK(RunScan(scan));
  for (const auto& sink : scan.sinks) {
    const Statistics& s = sink->statistics;
    if (outermost) statistics_.records_matched += s.records_matched;
    statistics_.records_scanned += s.records_scanned;
    statistics_.bytes_scanned += s.bytes_scanned;
    statistics_.records_skipped += s.records_skipped;
    statistics_.bytes_skipped += s.bytes_skipped;
    statistics_.chunks_skipped_by_time += s.chunks_skipped_by_time;
    statistics_.chunks_skipped_by_zone += s.chunks_skipped_by_zone;
    statistics_.chunks_skipped_by_text += s.chunks_skipped_by_text;
    statistics_.segments += s.segments;
    statistics_.segments_skipped += s.segments_skipped;
  }
  Worker worker(runtime, plan.node_count);
  return Merged(scan, worker);
}

}  // namespace securebase::insights::internal

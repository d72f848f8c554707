#pragma once

// Runs plans: scans in parallel, gathers or groups, then the stages that want all rows.

#include <memory>
#include <mutex>
#include <vector>

#include "insights/internal/aggregation.h"
#include "insights/internal/collector.h"
#include "insights/internal/frame_reader.h"
#include "insights/internal/plan.h"
#include "insights/run.h"

namespace securebase::insights {

/// The answer's columns as text, at most `limit` rows.
Table ToTable(const internal::Plan& plan, const internal::Frame& frame, std::size_t limit);

}  // namespace securebase::insights

namespace securebase::insights::internal {

class Executor {
 public:
  Executor(const Input& input, const RunOptions& options) : input_(input), options_(options) {}

  /// The rows of the plan, at most `most`.
  Result<Frame> Run(const Plan& plan, std::size_t most);
  const Statistics& statistics() const { return statistics_; }

 private:
  struct Scan;  // a running scan, shared by its threads

  Result<Frame> RunOver(const Plan& plan, std::size_t most, Range range, bool outermost);
  Result<> PrepareSubqueries(const Plan& plan, Range range, Runtime& runtime);
  Result<> PrepareTables(const Plan& plan, Runtime& runtime);
  Result<std::vector<ScanPart>> Open(const Plan& plan, Range range, const Scan& scan);
  void Layout(const Plan& plan, std::size_t most, Scan& scan) const;
  Result<> RunScan(Scan& scan);
  Result<> Finish(const Scan& scan, Worker& worker, Frame& frame) const;
  Result<Frame> Merged(const Scan& scan, Worker& worker) const;
  void Report(Scan& scan) const;

  const Input& input_;
  const RunOptions& options_;
  Statistics statistics_;
};

}  // namespace securebase::insights::internal

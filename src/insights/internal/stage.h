#pragma once

// One step of a plan.

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "insights/internal/evaluator.h"
#include "insights/internal/vector.h"
#include "query/source.h"

namespace securebase::insights {
struct LookupTable;
}

namespace securebase::insights::internal {

struct Plan;

/// What the stages of a running query share: immutable once the scan begins.
struct Runtime {
  QueryTimes times;
  std::vector<std::shared_ptr<const InSet>> sets;          // by subquery
  std::vector<std::shared_ptr<const Frame>> subframes;     // by subquery: its rows
  std::vector<std::shared_ptr<const LookupTable>> tables;  // by number in the plan
  const query::Control* control = nullptr;
};

/// One thread's state.
struct Worker {
  const Runtime& runtime;
  Evaluator evaluator;
  /// What a stage made once for all batches (indexes), by stage.
  std::unordered_map<const void*, std::shared_ptr<const void>> states;

  template <class T, class Make>
  const T& State(const void* stage, Make&& make) {
    std::shared_ptr<const void>& state = states[stage];
    if (!state) state = std::make_shared<const T>(make());
    return *static_cast<const T*>(state.get());
  }

  Worker(const Runtime& shared, int node_count)
      : runtime(shared), evaluator(shared.times, shared.sets, node_count) {}
};

class Stage {
 public:
  virtual ~Stage() = default;
  /// It can be applied batch by batch, in any order of rows.
  virtual bool streaming() const { return true; }
  /// It may be left out when nothing reads what it writes.
  virtual bool removable() const { return false; }
  virtual void Reads(std::vector<int>& slots) const = 0;
  virtual void Writes(std::vector<int>& slots) const { static_cast<void>(slots); }
  /// Changes the frame in place. A stage that does not stream gets all rows at once, in order.
  virtual Result<> Apply(Worker& worker, Frame& frame) const = 0;
  /// One line for a person.
  virtual std::string Explain() const = 0;
};

/// The slots that an expression reads.
void SlotsOf(const Node& node, std::vector<int>& slots);

}  // namespace securebase::insights::internal

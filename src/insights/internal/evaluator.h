#pragma once

// Expressions over frames.

#include <memory>
#include <vector>

#include "insights/internal/expression.h"
#include "insights/internal/vector.h"

namespace securebase::insights::internal {

/// Computes expressions column by column. A function of one dictionary column runs once per value
/// of the dictionary. One thread's.
class Evaluator {
 public:
  Evaluator(const QueryTimes& times, const std::vector<std::shared_ptr<const InSet>>& sets,
            int node_count);

  VectorRef Evaluate(const Node& node, const Frame& frame);
  /// The rows where the expression is true, ascending.
  void Select(const Node& node, const Frame& frame, std::vector<std::uint32_t>& rows);

 private:
  // What a node made of a dictionary, kept while the dictionary is the same.
  struct Memo {
    std::shared_ptr<CellDictionary> input;
    std::shared_ptr<CellDictionary> output;
  };

  VectorRef Call(const Node& node, const Frame& frame);
  VectorRef CallWith(const Node& node, const Frame& frame, const std::vector<VectorRef>& args);
  VectorRef CallOnDictionary(const Node& node, const std::vector<VectorRef>& args,
                             std::size_t which);
  VectorRef CallByRow(const Node& node, const Frame& frame, const std::vector<VectorRef>& args);
  VectorRef CallOnNumbers(const Node& node, const std::vector<VectorRef>& args, std::size_t rows);
  VectorRef Logic(const Node& node, const Frame& frame);

  CallContext context_;
  std::vector<Memo> memos_;
};

}  // namespace securebase::insights::internal

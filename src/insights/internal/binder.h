#pragma once

// From the query as written to a plan: names to slots, functions to code, commands to stages, and
// every check that a query must pass. Throws SyntaxError.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "insights/internal/aggregation.h"
#include "insights/internal/ast.h"
#include "insights/internal/lexer.h"
#include "insights/internal/plan.h"
#include "insights/internal/row_stages.h"
#include "insights/internal/table_stages.h"

namespace securebase::insights::internal {

class Binder {
 public:
  /// `text`: of the whole query, for labels and messages.
  explicit Binder(std::string_view text, bool nested = false);
  /// Binds all commands; `count` of them when given (the part before a `diff`).
  void Bind(const QueryAst& query, std::size_t count = SIZE_MAX);
  /// The plan; the binder is used up.
  std::shared_ptr<Plan> Finish();

 private:
  using Kind = Command::Kind;

  [[noreturn]] void Fail(std::string message, Span span) const;

  // Names (binder_names.cc).
  int NewSlot() { return plan_->slot_count++; }
  int SourceSlot(const std::string& name, bool tree);
  NodePtr SlotNode(int slot) const;
  NodePtr NewNode(Node::Op op);
  NodePtr CallNode(const Function& function, std::vector<NodePtr> args);
  NodePtr TextNode(std::string text);
  NodePtr NumberNode(double number);
  NodePtr ResolveName(const std::string& name, const std::vector<std::string>& parts, Span span,
                      bool tree = false);
  NodePtr ResolveIn(const std::map<std::string, int>& names, const std::string& name,
                    const std::vector<std::string>& parts, bool tree);
  int SlotOfName(const Name& name);
  void Define(const std::string& name, int slot);
  bool IsOpen() const { return open_; }

  // Expressions (binder_expressions.cc).
  NodePtr BindExpr(const Expr& expr);
  NodePtr BindTree(const Expr& expr);
  NodePtr BindCall(const Expr& expr);
  NodePtr BindLike(const Expr& expr);
  NodePtr BindIn(const Expr& expr);
  NodePtr BindPath(const Expr& expr);
  NodePtr BindPeriodCall(const Expr& expr, const Function& function);
  NodePtr BindLabel(const Expr& expr);
  std::shared_ptr<const re2::RE2> CompileRegex(const std::string& pattern, Span span,
                                               std::vector<std::string>* names = nullptr);
  void CheckCount(const Expr& expr, int least, int most) const;
  std::string TextOfSpan(Span span) const;

  // stats (binder_stats.cc).
  void BindStats(const Command& command);
  void BindKeys(const Command& command, StatsStage& stage, std::map<std::string, int>& names);
  NodePtr BindAggregate(const Expr& expr, StatsStage& stage,
                        const std::map<std::string, int>& names, bool& any);
  NodePtr BindStatistic(const Expr& expr, StatsStage& stage);
  double ConstNumber(const Expr& expr, std::string_view what) const;

  // Commands (binder.cc, binder_commands.cc).
  void BindCommand(const Command& command);
  void BindFields(const Command& command);
  void BindFilter(const Expr& expr);
  void BindSort(const Command& command);
  void BindLimit(const Command& command);
  void BindParse(const Command& command);
  void BindJsonField(const Command& command);
  void BindDedup(const Command& command);
  void BindUnnest(const Command& command);
  void BindLookup(const Command& command);
  void BindJoin(const Command& command);
  void BindAppendCols(const Command& command);
  void BindAddTotals(const Command& command);
  void BindAccum(const Command& command);
  void BindAutoRegress(const Command& command);
  void BindFillDown(const Command& command);
  void BindFillMissing(const Command& command);
  void BindOutlier(const Command& command);
  void BindSessionize(const Command& command);
  void BindCountFrequent(const Command& command);
  void BindPattern(const Command& command);
  void BindCompare(const Command& command, const QueryAst& query);
  void Compute(NodePtr node, int slot, std::string text);
  int ComputeSlot(const Expr& expr);
  void Close(std::map<std::string, int> names, std::vector<Output> columns);
  void Show(const std::string& name, int slot);
  void Make(const std::string& name, int slot);
  std::vector<Output> CurrentColumns();
  std::shared_ptr<Plan> BindNested(const QueryAst& query, Binder& binder);

  // Finishing (optimiser.cc).
  void MoveSorts();
  void RemoveDead();
  void PushDown();

  const std::string_view text_;
  const bool nested_;
  std::shared_ptr<Plan> plan_;

  // Scope.
  bool open_ = true;                    // discovered fields can be named
  std::map<std::string, int> names_;    // made by the query
  std::map<int, Period> periods_;       // slots that hold bins
  std::string left_name_, right_name_;  // of a join
  std::unique_ptr<Binder> right_;
  JoinStage* join_ = nullptr;
  bool strict_ = false;  // an unknown name is an error
  std::int64_t bin_offset_ms_ = 0;
  std::vector<Output> key_columns_;  // of the stats being bound
  // Operands of expressions over aggregates, computed after the stats.
  struct Pending {
    NodePtr node;
    int slot;
    std::string text;
  };
  std::vector<Pending> pending_;

  // Columns.
  std::vector<Output> shown_;
  std::vector<Output> made_;
  std::optional<std::vector<Output>> display_;
  bool grouped_ = false;  // rows are no events

  // What came before.
  int stats_ = 0;
  std::optional<Span> sort_or_limit_;
  bool dedup_ = false;
  PatternStage* pattern_stage_ = nullptr;
  StatsStage* last_stats_ = nullptr;
  std::size_t pattern_command_ = 0;
  const QueryAst* query_ = nullptr;
  std::size_t command_ = 0;
};

/// A text that every match of the regular expression holds; empty if none is known.
std::string RequiredLiteral(std::string_view regex);

}  // namespace securebase::insights::internal

#include "metrics/math/plan.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "metrics/math/internal/check.h"
#include "metrics/math/internal/plan_state.h"
#include "metrics/math/internal/token.h"

namespace securebase::metrics::math {
namespace {

constexpr std::size_t kSearchesMax = 100;
constexpr std::size_t kBandsMax = 50;
constexpr std::size_t kIdBytesMax = 255;
constexpr Duration kSearchPeriod = std::chrono::seconds(300);
constexpr Duration kInsightsPeriodLeast = std::chrono::seconds(60);

Error Refused(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationError");
}

Error InExpression(const std::string& id, const std::string& message) {
  return Refused(id, "Error in expression '" + id + "': " + message);
}

void Visit(Node& node, const std::function<void(Node&)>& use) {
  use(node);
  for (const NodePtr& child : node.children) Visit(*child, use);
}

class Planner final : public QueryTypes {
 public:
  explicit Planner(std::vector<MetricDataQuery> queries) : state_(std::make_shared<PlanState>()) {
    state_->queries = std::move(queries);
    state_->planned.resize(state_->queries.size());
    direct_.resize(state_->queries.size());
    own_bands_.resize(state_->queries.size());
  }

  Result<std::shared_ptr<const PlanState>> Run() {
    SB_TRY_OK(NumberIds());
    for (std::size_t i = 0; i < state_->queries.size(); ++i) SB_TRY_OK(Parse(i));
    SB_TRY_OK(OrderQueries());
    for (std::size_t i : order_) {
      SB_TRY_OK(Check(i));
      SumUp(i);
      SB_TRY_OK(CheckBands(i));
      SB_TRY_OK(CheckResult(i));
    }
    if (bands_ > kBandsMax) {
      return Refused("Expression", "At most 50 ANOMALY_DETECTION_BAND in a request.");
    }
    return std::shared_ptr<const PlanState>(std::move(state_));
  }

  Type TypeOf(std::size_t query) const override { return state_->planned[query].type; }
  bool IsMetric(std::size_t query) const override {
    return state_->queries[query].metric_stat.has_value();
  }

 private:
  Result<> NumberIds() {
    for (std::size_t i = 0; i < state_->queries.size(); ++i) {
      const MetricDataQuery& query = state_->queries[i];
      if (!IsQueryId(query.id)) {
        return Refused("Id", "The Id '" + query.id +
                                 "' must satisfy the pattern ^[a-z][a-zA-Z0-9_]*$ and have at most "
                                 "255 characters.");
      }
      if (!ids_.emplace(query.id, i).second) {
        return Refused("Id", "The values for parameter id in MetricDataQueries are not unique.");
      }
      if (query.metric_stat.has_value() == !query.expression.empty()) {
        return Refused(query.id, "Exactly one of MetricStat and Expression must be given for '" +
                                     query.id + "'.");
      }
    }
    return {};
  }

  Result<> Parse(std::size_t i) {
    const MetricDataQuery& query = state_->queries[i];
    if (query.metric_stat) return {};
    Result<NodePtr> root = ParseExpression(query.expression);
    if (!root.ok()) return InExpression(query.id, root.error().message());
    state_->planned[i].root = *std::move(root);
    const Node* unknown = nullptr;
    std::size_t searches = 0;
    Visit(*state_->planned[i].root, [&](Node& node) {
      if (!Resolve(node, i) && unknown == nullptr) unknown = &node;
      if (node.kind == Node::Kind::kCall && node.function->id == FunctionId::kSearch) ++searches;
    });
    std::sort(direct_[i].begin(), direct_[i].end());
    direct_[i].erase(std::unique(direct_[i].begin(), direct_[i].end()), direct_[i].end());
    if (unknown != nullptr) {
      return InExpression(
          query.id,
          FaultAt(query.expression, unknown->at, "Unknown Id '" + unknown->text + "'").message());
    }
    searches_ += searches;
    if (searches_ > kSearchesMax) return Refused("Expression", "At most 100 SEARCH in a request.");
    return {};
  }

  /// False for an Id that no query has.
  bool Resolve(Node& node, std::size_t i) {
    if (node.kind == Node::Kind::kReference) {
      const auto found = ids_.find(node.text);
      if (found == ids_.end()) return false;
      node.queries = {found->second};
    } else if (node.kind == Node::Kind::kCall && node.function->id == FunctionId::kMetrics) {
      const std::string part = node.children.empty() ? "" : node.children[0]->text;
      for (std::size_t k = 0; k < state_->queries.size(); ++k) {
        const MetricDataQuery& other = state_->queries[k];
        if (other.metric_stat && other.id.find(part) != std::string::npos) {
          node.queries.push_back(k);
        }
      }
    }
    direct_[i].insert(direct_[i].end(), node.queries.begin(), node.queries.end());
    return true;
  }

  /// Puts every query after those that it refers to; without recursion, since chains may be long.
  Result<> OrderQueries() {
    enum class Mark { kNew, kOpen, kDone };
    std::vector<Mark> marks(direct_.size(), Mark::kNew);
    for (std::size_t start = 0; start < direct_.size(); ++start) {
      std::vector<std::pair<std::size_t, std::size_t>> path;  // query, next of its references
      if (marks[start] == Mark::kNew) path.emplace_back(start, 0);
      marks[start] = marks[start] == Mark::kNew ? Mark::kOpen : marks[start];
      while (!path.empty()) {
        auto& [query, next] = path.back();
        if (next == direct_[query].size()) {
          marks[query] = Mark::kDone;
          order_.push_back(query);
          path.pop_back();
          continue;
        }
        const std::size_t to = direct_[query][next++];
        if (marks[to] == Mark::kOpen) return Cycle(path, to);
        if (marks[to] == Mark::kDone) continue;
        marks[to] = Mark::kOpen;
        path.emplace_back(to, 0);
      }
    }
    return {};
  }

  Error Cycle(const std::vector<std::pair<std::size_t, std::size_t>>& path, std::size_t to) const {
    std::string text;
    for (const auto& [query, next] : path) {
      if (query == to || !text.empty()) text += state_->queries[query].id + " -> ";
    }
    const std::string& id = state_->queries[to].id;
    return InExpression(id, "The expression refers to itself: " + text + id);
  }

  Result<> Check(std::size_t i) {
    PlannedQuery& planned = state_->planned[i];
    if (planned.root == nullptr) return {};
    const MetricDataQuery& query = state_->queries[i];
    const Result<> checked = CheckTypes(*planned.root, query.expression, *this);
    if (!checked.ok()) return InExpression(query.id, checked.error().message());
    planned.type = planned.root->type;
    return {};
  }

  /// What the query reads and at which period, from its own text and from what it refers to.
  void SumUp(std::size_t i) {
    PlannedQuery& planned = state_->planned[i];
    const MetricDataQuery& query = state_->queries[i];
    if (query.metric_stat) {
      planned.period = query.metric_stat->period;
      planned.reads.metrics = {i};
      return;
    }
    std::vector<bool> seen(state_->queries.size());
    for (std::size_t to : direct_[i]) {
      state_->planned[to].referenced = true;
      AddReads(state_->planned[to], planned);
      for (std::size_t dependency : state_->planned[to].dependencies) seen[dependency] = true;
      seen[to] = true;
    }
    for (std::size_t k : order_) {
      if (seen[k]) planned.dependencies.push_back(k);
    }
    auto& metrics = planned.reads.metrics;
    std::sort(metrics.begin(), metrics.end());
    metrics.erase(std::unique(metrics.begin(), metrics.end()), metrics.end());
    for (std::size_t k : planned.dependencies) planned.reads.bands += own_bands_[k];
    Visit(*planned.root, [&](Node& node) {
      AddReads(node, query, planned);
      if (IsBand(node)) ++own_bands_[i];
    });
    planned.reads.bands += own_bands_[i];
    bands_ += own_bands_[i];
    if (planned.period == Duration(0)) planned.period = query.period.value_or(Duration(0));
  }

  static void AddReads(const PlannedQuery& from, PlannedQuery& to) {
    to.reads.metrics.insert(to.reads.metrics.end(), from.reads.metrics.begin(),
                            from.reads.metrics.end());
    to.reads.uses_metrics_function |= from.reads.uses_metrics_function;
    to.reads.uses_search |= from.reads.uses_search;
    to.reads.uses_insights |= from.reads.uses_insights;
    to.reads.insights_grouped |= from.reads.insights_grouped;
    to.reads.insights_ordered |= from.reads.insights_ordered;
    to.period = std::max(to.period, from.period);
  }

  static void AddReads(const Node& node, const MetricDataQuery& query, PlannedQuery& to) {
    if (node.kind == Node::Kind::kSelect) {
      to.reads.uses_insights = true;
      to.reads.insights_grouped |= !node.insights->group_by.empty();
      to.reads.insights_ordered |= node.insights->order_by.has_value();
      if (query.period) to.period = std::max({to.period, *query.period, kInsightsPeriodLeast});
    }
    if (node.kind != Node::Kind::kCall) return;
    if (node.function->id == FunctionId::kMetrics) to.reads.uses_metrics_function = true;
    if (node.function->id != FunctionId::kSearch) return;
    to.reads.uses_search = true;
    const Duration own = node.number > 0 ? Duration(static_cast<std::int64_t>(node.number) * 1000)
                                         : query.period.value_or(kSearchPeriod);
    to.period = std::max(to.period, own);
  }

  static bool IsBand(const Node& node) {
    return node.kind == Node::Kind::kCall && node.function->id == FunctionId::kBand;
  }

  /// A band of a band would read two weeks more for each, and mean nothing.
  Result<> CheckBands(std::size_t i) const {
    const PlannedQuery& planned = state_->planned[i];
    if (planned.root == nullptr || own_bands_[i] == 0) return {};
    const MetricDataQuery& query = state_->queries[i];
    const Node* nested = nullptr;
    Visit(*planned.root, [&](Node& node) {
      if (!IsBand(node)) return;
      Visit(*node.children[0], [&](Node& inner) {
        const bool reads_band = inner.kind == Node::Kind::kReference &&
                                state_->planned[inner.queries[0]].reads.bands > 0;
        if (IsBand(inner) || reads_band) nested = &inner;
      });
    });
    if (nested == nullptr) return {};
    return InExpression(query.id, FaultAt(query.expression, nested->at,
                                          "ANOMALY_DETECTION_BAND cannot be applied to a band")
                                      .message());
  }

  Result<> CheckResult(std::size_t i) const {
    const MetricDataQuery& query = state_->queries[i];
    const PlannedQuery& planned = state_->planned[i];
    if (query.metric_stat) return {};
    if (planned.type == Type::kScalar) {
      if (!query.return_data) return {};
      return InExpression(query.id,
                          "The result must be a time series or an array of time series, not a "
                          "single number");
    }
    const bool own_period_needed = planned.root->kind == Node::Kind::kSelect
                                       ? !query.period
                                       : planned.period == Duration(0) && query.return_data;
    if (!own_period_needed) return {};
    return Refused("Period", "The parameter MetricDataQueries.member." + std::to_string(i + 1) +
                                 ".Period is required.\n");
  }

  std::shared_ptr<PlanState> state_;
  std::map<std::string, std::size_t, std::less<>> ids_;
  std::vector<std::vector<std::size_t>> direct_;  // references of each query
  std::vector<std::size_t> order_;
  std::vector<std::size_t> own_bands_;  // calls in the text of each query
  std::size_t searches_ = 0;
  std::size_t bands_ = 0;
};

}  // namespace

Result<Plan> Plan::Make(std::vector<MetricDataQuery> queries) {
  SB_TRY(std::shared_ptr<const PlanState> state, Planner(std::move(queries)).Run());
  return Plan(std::move(state));
}

const std::vector<MetricDataQuery>& Plan::queries() const { return state_->queries; }
Type Plan::type(std::size_t query) const { return state_->planned[query].type; }
Duration Plan::period(std::size_t query) const { return state_->planned[query].period; }
const Reads& Plan::reads(std::size_t query) const { return state_->planned[query].reads; }
const std::vector<std::size_t>& Plan::dependencies(std::size_t query) const {
  return state_->planned[query].dependencies;
}

bool IsQueryId(std::string_view text) {
  if (text.empty() || text.size() > kIdBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace securebase::metrics::math

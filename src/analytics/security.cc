#include "analytics/security.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "analytics/datasets.h"
#include "base/text.h"
#include "base/time.h"

namespace securebase::analytics {
namespace {

constexpr std::size_t kFindingsMax = 1'000'000;
constexpr std::size_t kResourcesShownMax = 20;
constexpr std::string_view kSeverities[] = {"critical", "high", "medium", "low", "informational"};

std::vector<std::string> ResourcesOf(std::string_view first, std::string_view all) {
  std::vector<std::string> resources;
  if (all.empty()) {
    if (!first.empty()) resources.emplace_back(first);
    return resources;
  }
  for (std::string_view id : Split(all, '\n')) resources.emplace_back(id);
  return resources;
}

/// Failing findings of one severity and title.
struct Issue {
  std::size_t count = 0;
  std::set<std::string, std::less<>> resources;
  std::int64_t last_seen_ms = 0;

  void Add(const Finding& finding) {
    ++count;
    resources.insert(finding.resources.begin(), finding.resources.end());
    last_seen_ms = std::max(last_seen_ms, finding.time_ms);
  }
};

struct Day {
  std::map<std::string_view, std::size_t> failing;  // by severity
  std::size_t passed = 0;
  SecurityScore score;
};

json::Value IssueRows(const std::map<std::pair<std::string, std::string>, Issue>& issues) {
  using Entry = std::pair<const std::pair<std::string, std::string>, Issue>;
  std::vector<const Entry*> order;
  for (const Entry& entry : issues) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    const int a_weight = SeverityWeight(a->first.first);
    const int b_weight = SeverityWeight(b->first.first);
    return std::tie(b_weight, b->second.count) < std::tie(a_weight, a->second.count);
  });
  json::Array rows;
  for (const Entry* entry : order) {
    const Issue& issue = entry->second;
    json::Array resources;
    for (const std::string& id : issue.resources) {
      if (resources.size() == kResourcesShownMax) break;
      resources.emplace_back(id);
    }
    json::Object row;
    row.emplace_back("severity", entry->first.first);
    row.emplace_back("title", entry->first.second);
    row.emplace_back("count", static_cast<std::int64_t>(issue.count));
    row.emplace_back("resourceCount", static_cast<std::int64_t>(issue.resources.size()));
    row.emplace_back("resources", std::move(resources));
    row.emplace_back("lastSeen", FormatIso(FromUnixMillis(issue.last_seen_ms)));
    rows.emplace_back(std::move(row));
  }
  return rows;
}

json::Value TrendRows(const std::map<std::int64_t, Day>& days) {
  json::Array rows;
  for (const auto& [start_ms, day] : days) {
    json::Object row;
    row.emplace_back("date", FormatDate(FromUnixMillis(start_ms)));
    std::size_t failing = 0;
    for (std::string_view severity : kSeverities) {
      const auto found = day.failing.find(severity);
      const std::size_t count = found == day.failing.end() ? 0 : found->second;
      row.emplace_back(std::string(severity), static_cast<std::int64_t>(count));
      failing += count;
    }
    row.emplace_back("failed", static_cast<std::int64_t>(failing));
    row.emplace_back("passed", static_cast<std::int64_t>(day.passed));
    row.emplace_back("securityScore", Rounded(day.score.Value()));
    rows.emplace_back(std::move(row));
  }
  return rows;
}

}  // namespace

json::Value Rounded(std::optional<double> value) {
  if (!value) return nullptr;
  return std::round(*value * 100) / 100;
}

bool Finding::Failing() const {
  if (status == "suppressed") return false;
  if (!compliance.empty()) return compliance == "failed";
  return status != "resolved";
}

bool Finding::Passing() const { return status != "suppressed" && compliance == "passed"; }

int SeverityWeight(std::string_view severity) {
  if (severity == "critical") return 10;
  if (severity == "high") return 5;
  if (severity == "medium") return 2;
  if (severity == "low") return 1;
  return 0;
}

void SecurityScore::Add(const Finding& finding) {
  const int weight = SeverityWeight(finding.severity);
  if (finding.Failing()) {
    failing_ += weight;
    all_ += weight;
  } else if (finding.Passing()) {
    all_ += std::max(weight, 1);
  }
}

std::optional<double> SecurityScore::Value() const {
  if (all_ <= 0) return std::nullopt;
  return 100 * (1 - failing_ / all_);
}

Result<std::vector<Finding>> LatestFindings(const Reader& reader, const DateRange& range) {
  enum {
    kTime,
    kId,
    kTitle,
    kSeverity,
    kStatus,
    kCompliance,
    kControl,
    kRequirements,
    kResource,
    kResources
  };
  boost::unordered_flat_map<std::string, std::size_t> by_id;
  std::vector<Finding> findings;
  SB_TRY_OK(reader.ForEach(
      kFindings, range,
      {"time", "id", "title", "severity", "status", "compliance_status", "control_id",
       "requirements", "resource_id", "resources"},
      [&](const Reader::Row& row) -> Result<> {
        const auto [place, added] = by_id.try_emplace(std::string(row.Text(kId)), findings.size());
        if (added) {
          if (findings.size() == kFindingsMax) {
            return LimitExceeded("dateRange", "holds more than a million findings");
          }
          findings.emplace_back();
        } else if (row.Time(kTime) < findings[place->second].time_ms) {
          return {};
        }
        findings[place->second] =
            Finding{.id = place->first,
                    .title = std::string(row.Text(kTitle)),
                    .severity = std::string(row.Text(kSeverity)),
                    .status = std::string(row.Text(kStatus)),
                    .compliance = std::string(row.Text(kCompliance)),
                    .control_id = std::string(row.Text(kControl)),
                    .requirements = std::string(row.Text(kRequirements)),
                    .resources = ResourcesOf(row.Text(kResource), row.Text(kResources)),
                    .time_ms = row.Time(kTime)};
        return {};
      }));
  return findings;
}

Result<json::Value> SecurityAnswer(const Reader& reader, const DateRange& range,
                                   std::string_view severity) {
  SB_TRY(const std::vector<Finding> findings, LatestFindings(reader, range));
  std::map<std::pair<std::string, std::string>, Issue> issues;
  std::map<std::string_view, std::size_t> by_severity;
  std::map<std::int64_t, Day> days;
  SecurityScore score;
  std::size_t passed = 0;
  for (const Finding& finding : findings) {
    score.Add(finding);
    Day& day =
        days[ToUnixMillis(std::chrono::floor<std::chrono::days>(FromUnixMillis(finding.time_ms)))];
    day.score.Add(finding);
    if (finding.Passing()) {
      ++passed;
      ++day.passed;
    }
    if (!finding.Failing()) continue;
    ++day.failing[finding.severity];
    ++by_severity[finding.severity];
    if (severity.empty() || finding.severity == severity) {
      issues[{finding.severity, finding.title}].Add(finding);
    }
  }

  json::Object counts;
  for (std::string_view name : kSeverities) {
    counts.emplace_back(std::string(name), static_cast<std::int64_t>(by_severity[name]));
  }
  json::Value answer;
  answer.Set("securityScore", Rounded(score.Value()));
  answer.Set("bySeverity", std::move(counts));
  answer.Set("findings", IssueRows(issues));
  answer.Set("trend", TrendRows(days));
  answer.Set("totalFindings", static_cast<std::int64_t>(findings.size()));
  answer.Set("passedChecks", static_cast<std::int64_t>(passed));
  answer.Set("startDate", FormatIso(range.start));
  answer.Set("endDate", FormatIso(range.end));
  return answer;
}

}  // namespace securebase::analytics

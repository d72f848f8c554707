#include "analytics/compliance.h"

#include <utility>

#include "analytics/datasets.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

using StatesByFramework = std::map<std::string, ControlStates, std::less<>>;

/// Rows of the controls dataset: the newest of each control counts.
Result<> AddControlRows(const Reader& reader, const DateRange& range, std::string_view framework,
                        StatesByFramework& states) {
  enum { kTime, kFramework, kId, kTitle, kStatus, kResources, kSeverity };
  return reader.ForEach(
      kControls, range,
      {"time", "framework", "control_id", "title", "status", "resources", "severity"},
      [&](const Reader::Row& row) -> Result<> {
        const std::string_view name = row.Text(kFramework);
        if (!framework.empty() && name != framework) return {};
        ControlState& control = states[std::string(name)].controls[std::string(row.Text(kId))];
        if (row.Time(kTime) < control.time_ms) return {};
        control = ControlState{.title = std::string(row.Text(kTitle)),
                               .severity = std::string(row.Text(kSeverity)),
                               .status = std::string(row.Text(kStatus)),
                               .time_ms = row.Time(kTime)};
        if (!row.Text(kResources).empty()) {
          for (std::string_view id : Split(row.Text(kResources), '\n')) {
            control.resources.emplace(id);
          }
        }
        return {};
      });
}

void AddFinding(const Finding& finding, ControlState& control) {
  const bool failing = finding.Failing();
  if (!failing && !finding.Passing()) return;
  if (control.title.empty() || (failing && control.status != "failed")) {
    control.title = finding.title;
    control.severity = finding.severity;
  }
  if (failing) {
    control.status = "failed";
    control.resources.insert(finding.resources.begin(), finding.resources.end());
  } else if (control.status != "failed") {
    control.status = "passed";
  }
}

json::Value FailedRows(const ControlStates& states) {
  json::Array rows;
  for (const auto& [id, control] : states.controls) {
    if (control.status != "failed") continue;
    json::Array resources;
    for (const std::string& resource : control.resources) resources.emplace_back(resource);
    json::Object row;
    row.emplace_back("id", id);
    row.emplace_back("title", control.title);
    row.emplace_back("status", control.status);
    if (!control.severity.empty()) row.emplace_back("severity", control.severity);
    row.emplace_back("resources", std::move(resources));
    rows.emplace_back(std::move(row));
  }
  return rows;
}

json::Value Figures(const std::string& framework, const ControlStates& states) {
  const auto passed = static_cast<std::int64_t>(states.Count("passed"));
  const auto failed = static_cast<std::int64_t>(states.Count("failed"));
  json::Value figures;
  figures.Set("framework", framework);
  figures.Set("score", Rounded(states.Score()));
  figures.Set("controls",
              json::Object{{"passed", passed}, {"failed", failed}, {"total", passed + failed}});
  figures.Set("failedControls", FailedRows(states));
  return figures;
}

}  // namespace

std::size_t ControlStates::Count(std::string_view status) const {
  std::size_t count = 0;
  for (const auto& [id, control] : controls) count += control.status == status;
  return count;
}

std::optional<double> ControlStates::Score() const {
  const auto passed = static_cast<double>(Count("passed"));
  const auto failed = static_cast<double>(Count("failed"));
  if (passed + failed == 0) return std::nullopt;
  return 100 * passed / (passed + failed);
}

Result<StatesByFramework> ReadControls(const Reader& reader, const DateRange& range,
                                       const std::vector<Finding>& findings,
                                       std::string_view framework) {
  StatesByFramework states;
  SB_TRY_OK(AddControlRows(reader, range, framework, states));
  for (const Finding& finding : findings) {
    if (finding.requirements.empty()) continue;
    for (std::string_view requirement : Split(finding.requirements, '|')) {
      const std::size_t slash = requirement.find('/');
      if (slash == std::string_view::npos) continue;
      const std::string_view name = requirement.substr(0, slash);
      if (!framework.empty() && name != framework) continue;
      AddFinding(finding,
                 states[std::string(name)].controls[std::string(requirement.substr(slash + 1))]);
    }
  }
  return states;
}

Result<json::Value> ComplianceAnswer(const Reader& reader, const DateRange& range,
                                     std::string_view framework) {
  SB_TRY(const std::vector<Finding> findings, LatestFindings(reader, range));
  SB_TRY(StatesByFramework states, ReadControls(reader, range, findings, framework));
  json::Value answer;
  if (!framework.empty()) {
    answer = Figures(std::string(framework), states[std::string(framework)]);
  } else {
    json::Array all;
    for (const auto& [name, controls] : states) all.push_back(Figures(name, controls));
    answer.Set("frameworks", std::move(all));
  }
  answer.Set("startDate", FormatIso(range.start));
  answer.Set("endDate", FormatIso(range.end));
  return answer;
}

}  // namespace securebase::analytics

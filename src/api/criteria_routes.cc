#include "api/criteria_routes.h"

#include <optional>
#include <utility>

#include "api/internal/body.h"
#include "base/log.h"
#include "criteria/coverage_file.h"

namespace securebase::api {
namespace {

constexpr std::size_t kCoverageBytesMax = 64u << 20;
constexpr std::uint64_t kRunsDefault = 20;
constexpr std::uint64_t kRunsMax = 500;

Result<http::Response> Measure(const Call& call, const criteria::Evaluator& evaluator) {
  SB_TRY_OK(call.CheckParameters({"window", "record"}));
  Duration window = criteria::kWindowDefault;
  if (const std::string* text = call.Parameter("window")) {
    const Result<Duration> parsed = ParseDuration(*text);
    if (!parsed.ok()) return InvalidArgument("window", parsed.error().message());
    window = *parsed;
  }
  bool record = true;
  if (const std::string* text = call.Parameter("record")) {
    if (*text != "true" && *text != "false") {
      return InvalidArgument("record", "must be true or false");
    }
    record = *text == "true";
  }
  SB_TRY(const criteria::Run run, evaluator.Measure(window));
  if (record) {
    // The verdict stands even where a full disk refuses to keep it.
    if (const Result<> kept = evaluator.Record(run); !kept.ok()) {
      Log(LogLevel::kWarn, "cannot keep a validation run", {{"error", kept.error().message()}});
    }
  }
  return JsonResponse(criteria::ToJson(run));
}

Result<http::Response> ListRuns(const Call& call, const criteria::Evaluator& evaluator) {
  SB_TRY_OK(call.CheckParameters({"limit"}));
  SB_TRY(const std::uint64_t limit, CountParameter(call, "limit", kRunsDefault, 1, kRunsMax));
  SB_TRY(const std::vector<criteria::Run> runs, evaluator.Runs(limit));
  json::Array list;
  for (const criteria::Run& run : runs) list.push_back(criteria::ToJson(run));
  return JsonResponse(json::Object{{"runs", std::move(list)}});
}

Result<criteria::Coverage> CoverageOfJson(const json::Value& value) {
  // A coverage.py report is JSON too.
  if (value.Find("totals") != nullptr) return criteria::ParseCoverageFile(json::Write(value));
  SB_TRY(const Body body, Body::Make(value, {"percent", "linesCovered", "linesValid"}));
  SB_TRY(const std::optional<double> percent, body.Number("percent"));
  SB_TRY(const std::optional<std::uint64_t> covered, body.Count("linesCovered"));
  SB_TRY(const std::optional<std::uint64_t> valid, body.Count("linesValid"));
  if (covered && valid) {
    if (percent) return InvalidArgument("percent", "cannot stand beside line counts");
    return criteria::CoverageOfLines(*covered, *valid, "lines");
  }
  if (covered || valid) {
    return InvalidArgument(covered ? "linesValid" : "linesCovered", "is required beside the other");
  }
  if (!percent) return InvalidArgument("percent", "is required, or linesCovered and linesValid");
  if (!(*percent >= 0 && *percent <= 100)) return InvalidArgument("percent", "must be 0 to 100");
  return criteria::Coverage{.percent = *percent, .format = "percent"};
}

Result<criteria::Coverage> CoverageOf(const Call& call) {
  const std::string_view type = call.request.headers.Get("Content-Type");
  if (type.empty() || type.starts_with("application/json")) {
    SB_TRY(const json::Value value, call.JsonBody(kCoverageBytesMax));
    return CoverageOfJson(value);
  }
  SB_TRY(const std::string text, http::DecodedBody(call.request, kCoverageBytesMax));
  return criteria::ParseCoverageFile(text);
}

Result<http::Response> PostCoverage(const Call& call, const criteria::Evaluator& evaluator) {
  SB_TRY_OK(call.CheckParameters({}));
  SB_TRY(const criteria::Coverage coverage, CoverageOf(call));
  SB_TRY_OK(evaluator.RecordCoverage(coverage));
  const auto count = [](const std::optional<std::uint64_t>& lines) {
    return lines ? json::Value(*lines) : json::Value();
  };
  return JsonResponse(json::Object{{"percent", coverage.percent},
                                   {"linesCovered", count(coverage.lines_covered)},
                                   {"linesValid", count(coverage.lines_valid)},
                                   {"format", coverage.format}},
                      201);
}

}  // namespace

std::vector<Route> CriteriaRoutes(CriteriaRouteDependencies dependencies) {
  const criteria::Evaluator& evaluator = dependencies.evaluator;
  const auto route = [&](std::string method, std::string pattern, Role role, auto answer) {
    return Route{.method = std::move(method),
                 .pattern = std::move(pattern),
                 .role = role,
                 .handler = Answering(dependencies.clock, [&evaluator, answer](const Call& call) {
                   return answer(call, evaluator);
                 })};
  };
  return {route("GET", "/criteria", Role::kViewer, Measure),
          route("GET", "/criteria/runs", Role::kViewer, ListRuns),
          route("POST", "/criteria/coverage", Role::kAnalyst, PostCoverage)};
}

}  // namespace securebase::api

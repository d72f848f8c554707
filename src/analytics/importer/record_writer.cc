#include "analytics/importer/record_writer.h"

#include <algorithm>
#include <cmath>

#include "analytics/datasets.h"
#include "analytics/importer/row_sink.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

struct Word {
  std::string_view text;  // compared without case
  std::string_view meaning;
};

constexpr Word kStatuses[] = {{"open", "open"},
                              {"new", "open"},
                              {"notified", "open"},
                              {"active", "open"},
                              {"suppressed", "suppressed"},
                              {"resolved", "resolved"},
                              {"archived", "resolved"}};
constexpr Word kComplianceWords[] = {{"passed", "passed"},   {"pass", "passed"},
                                     {"failed", "failed"},   {"fail", "failed"},
                                     {"warning", "warning"}, {"not_available", "not_available"}};
constexpr Word kControlWords[] = {{"passed", "passed"},
                                  {"pass", "passed"},
                                  {"failed", "failed"},
                                  {"fail", "failed"},
                                  {"not_applicable", "not_applicable"}};

template <std::size_t kSize>
std::string_view MeaningOf(const Word (&words)[kSize], std::string_view text) {
  for (const Word& word : words) {
    if (EqualsIgnoreCase(word.text, text)) return word.meaning;
  }
  return {};
}

/// The stored word for a field that takes only some: the text itself for all others, empty for
/// a word that the field does not take.
std::string_view Normalised(std::string_view dataset, std::size_t field, std::string_view text) {
  if (dataset == kFindings) {
    if (field == kFindingSeverity) return SeverityOf(text);
    if (field == kFindingStatus) return MeaningOf(kStatuses, text);
    if (field == kFindingCompliance) return MeaningOf(kComplianceWords, text);
  }
  if (dataset == kControls) {
    if (field == kControlFramework) return FrameworkOf(text);
    if (field == kControlStatus) return MeaningOf(kControlWords, text);
    if (field == kControlSeverity) return SeverityOf(text);
  }
  return text;
}

bool IsResources(std::string_view dataset, std::size_t field) {
  return (dataset == kFindings && field == kFindingResources) ||
         (dataset == kControls && field == kControlResources);
}

}  // namespace

std::vector<std::size_t> RecordWriter::Required(std::string_view dataset) {
  if (dataset == kCost) return {kCostTime, kCostBilled};
  if (dataset == kUsage) return {kUsageTime, kUsageMetric, kUsageValue};
  if (dataset == kFindings) return {kFindingTime, kFindingId, kFindingTitle, kFindingSeverity};
  return {kControlTime, kControlFramework, kControlControlId, kControlStatus};
}

RecordWriter::RecordWriter(const events::Schema& schema)
    : schema_(schema), required_(Required(schema.dataset)) {}

void RecordWriter::Fail(std::size_t field, std::string_view what) {
  if (problem_.empty()) problem_ = schema_.fields[field].name + " " + std::string(what);
}

void RecordWriter::SetString(events::Import& import, std::size_t field, std::string_view text) {
  if (text.size() > kTextBytesMax) return Fail(field, "is longer than 32 KiB");
  const std::string_view stored = Normalised(schema_.dataset, field, text);
  if (stored.empty())
    return Fail(field, "has no meaning we know: '" + std::string(text.substr(0, 64)) + "'");
  import.String(field, stored);
  present_ |= std::uint64_t{1} << field;
}

void RecordWriter::SetNumber(events::Import& import, std::size_t field, double value) {
  if (!(std::abs(value) <= 1e15)) return Fail(field, "is no number of a sensible size");
  import.Double(field, value);
  present_ |= std::uint64_t{1} << field;
  if (schema_.dataset == kCost && field == kCostBilled) billed_ = value;
}

void RecordWriter::SetText(events::Import& import, std::size_t field, std::string_view text) {
  if (IsAbsent(text)) return;
  switch (schema_.fields[field].type) {
    case query::Type::kTime: {
      const auto time = times_.Parse(text);
      if (!time) return Fail(field, times_.problem());
      import.Time(field, *time);
      present_ |= std::uint64_t{1} << field;
      return;
    }
    case query::Type::kDouble: {
      const auto amount = ParseAmount(text);
      if (!amount) return Fail(field, "is no number of a sensible size");
      return SetNumber(import, field, *amount);
    }
    default:
      break;
  }
  if (!IsResources(schema_.dataset, field)) return SetString(import, field, text);
  std::string lines(text);
  std::replace(lines.begin(), lines.end(), ';', '\n');
  SetString(import, field, lines);
}

void RecordWriter::SetJson(events::Import& import, std::size_t field, const json::Value& value) {
  if (value.IsNull()) return;
  switch (schema_.fields[field].type) {
    case query::Type::kTime:
      if (value.IsInt()) return SetText(import, field, std::to_string(value.AsInt()));
      if (value.IsString()) return SetText(import, field, value.AsString());
      return Fail(field, "must be an ISO 8601 time or epoch seconds");
    case query::Type::kDouble:
      if (!value.IsNumber()) return Fail(field, "must be a number");
      return SetNumber(import, field, value.AsNumber());
    default:
      break;
  }
  if (IsResources(schema_.dataset, field) && value.IsArray()) {
    std::string lines;
    for (const json::Value& id : value.AsArray()) {
      if (!id.IsString()) return Fail(field, "must be an array of strings");
      if (!lines.empty()) lines += '\n';
      lines += id.AsString();
    }
    if (!lines.empty()) SetString(import, field, lines);
    return;
  }
  if (!value.IsString()) return Fail(field, "must be a string");
  if (!value.AsString().empty()) SetString(import, field, value.AsString());
}

void RecordWriter::Finish(events::Import& import) {
  for (std::size_t field : required_) {
    if ((present_ >> field & 1) == 0) return Fail(field, "is missing");
  }
  // Without discounts the effective cost is what was billed.
  if (schema_.dataset == kCost && (present_ >> kCostEffective & 1) == 0) {
    import.Double(kCostEffective, billed_);
  }
}

}  // namespace securebase::analytics

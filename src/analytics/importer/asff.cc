// AWS Security Finding Format: a JSON array, the answer of GetFindings ({"Findings": [..]}, in
// any case), an EventBridge event ({"detail": {"findings": [..]}}), one finding, or any of these
// a line. Prowler writes it too.

#include <algorithm>
#include <set>

#include "analytics/datasets.h"
#include "analytics/importer/importers.h"
#include "analytics/importer/value_parser.h"
#include "base/json.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

constexpr json::ParseLimits kLimits{.depth_max = 64, .size_max = 1u << 30};

/// A string member at a path of names, or empty.
std::string_view TextAt(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* at = &value;
  for (std::string_view name : path) {
    at = at->Find(name);
    if (at == nullptr) return {};
  }
  return at->IsString() ? std::string_view(at->AsString()) : std::string_view();
}

std::string_view FirstOf(std::initializer_list<std::string_view> texts) {
  for (std::string_view text : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

/// The label, or what the format's specification makes of the normalised number.
std::string_view SeverityIn(const json::Value& finding) {
  const std::string_view label = SeverityOf(TextAt(finding, {"Severity", "Label"}));
  if (!label.empty()) return label;
  const json::Value* severity = finding.Find("Severity");
  const json::Value* number = severity == nullptr ? nullptr : severity->Find("Normalized");
  if (number == nullptr || !number->IsNumber()) return {};
  const double value = number->AsNumber();
  if (value < 0 || value > 100) return {};
  if (value >= 90) return "critical";
  if (value >= 70) return "high";
  if (value >= 40) return "medium";
  return value >= 1 ? "low" : "informational";
}

std::string_view StatusOf(const json::Value& finding) {
  if (TextAt(finding, {"RecordState"}) == "ARCHIVED") return "resolved";
  const std::string_view status =
      FirstOf({TextAt(finding, {"Workflow", "Status"}), TextAt(finding, {"WorkflowState"})});
  if (status == "SUPPRESSED") return "suppressed";
  return status == "RESOLVED" ? "resolved" : "open";
}

std::string_view ComplianceOf(const json::Value& finding) {
  const std::string_view status = TextAt(finding, {"Compliance", "Status"});
  if (status.empty()) return {};
  if (status == "PASSED") return "passed";
  if (status == "FAILED") return "failed";
  return status == "WARNING" ? "warning" : "not_available";
}

/// The controls that a text of RelatedRequirements names: "PCI DSS v3.2.1/1.2.1" one,
/// "CIS-1.4 5.2 5.3" two, "CIS AWS Foundations 1.10" one.
void AddRequirement(std::string_view text, std::set<std::string>& out) {
  const std::string_view framework = FrameworkOf(text);
  if (framework.empty()) return;
  auto add = [&](std::string_view control) {
    if (!control.empty() && control.size() <= 128 && control.find('|') == std::string_view::npos) {
      out.insert(std::string(framework) + "/" + std::string(control));
    }
  };
  if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos) {
    add(Trim(text.substr(slash + 1)));
    return;
  }
  bool first = true;
  for (std::string_view word : Split(text, ' ')) {
    const bool of_name = first || EqualsIgnoreCase(word, "dss") || EqualsIgnoreCase(word, "aws") ||
                         EqualsIgnoreCase(word, "foundations") ||
                         EqualsIgnoreCase(word, "benchmark") ||
                         (word.size() > 1 && word[0] == 'v' && word[1] >= '0' && word[1] <= '9');
    if (!of_name) add(word);
    first = false;
  }
}

std::string_view ControlOf(const json::Value& finding) {
  const std::string_view control = FirstOf({TextAt(finding, {"Compliance", "SecurityControlId"}),
                                            TextAt(finding, {"ProductFields", "ControlId"}),
                                            TextAt(finding, {"ProductFields", "RuleId"})});
  if (!control.empty()) return control;
  const std::string_view generator = TextAt(finding, {"GeneratorId"});
  return generator.substr(generator.rfind('/') + 1);
}

/// "|cis/5.2|pci-dss/1.2.1|", or empty.
std::string RequirementsOf(const json::Value& finding, std::string_view control) {
  std::set<std::string> found;
  const json::Value* compliance = finding.Find("Compliance");
  const json::Value* related =
      compliance == nullptr ? nullptr : compliance->Find("RelatedRequirements");
  if (related != nullptr && related->IsArray()) {
    for (const json::Value& text : related->AsArray()) {
      if (text.IsString()) AddRequirement(text.AsString(), found);
    }
  }
  auto add_standard = [&](std::string_view standard) {
    const std::string_view framework = FrameworkOf(standard);
    if (framework.empty() || control.empty()) return;
    const std::string prefix = std::string(framework) + "/";
    const auto place = found.lower_bound(prefix);
    const bool known = place != found.end() && place->starts_with(prefix);
    if (!known) found.insert(prefix + std::string(control));
  };
  add_standard(FirstOf({TextAt(finding, {"ProductFields", "StandardsArn"}),
                        TextAt(finding, {"ProductFields", "StandardsGuideArn"})}));
  const json::Value* standards =
      compliance == nullptr ? nullptr : compliance->Find("AssociatedStandards");
  if (standards != nullptr && standards->IsArray()) {
    for (const json::Value& standard : standards->AsArray()) {
      add_standard(TextAt(standard, {"StandardsId"}));
    }
  }
  std::string text;
  for (const std::string& requirement : found) text += "|" + requirement;
  return text.empty() ? text : text + "|";
}

struct Resources {
  std::string_view id;
  std::string_view type;
  std::string_view region;
  std::string all;  // a line each, where there are several
};

Resources ResourcesOf(const json::Value& finding) {
  Resources resources;
  const json::Value* list = finding.Find("Resources");
  if (list == nullptr || !list->IsArray()) return resources;
  for (const json::Value& resource : list->AsArray()) {
    const std::string_view id = TextAt(resource, {"Id"});
    if (id.empty() || id.find('\n') != std::string_view::npos) continue;
    if (resources.id.empty()) {
      resources.id = id;
      resources.type = TextAt(resource, {"Type"});
      resources.region = TextAt(resource, {"Region"});
    } else {
      if (resources.all.empty()) resources.all = resources.id;
      resources.all += "\n" + std::string(id);
    }
  }
  return resources;
}

/// The region of an ARN ("arn:aws:service:REGION:account:..").
std::string_view RegionOfArn(std::string_view arn) {
  const auto parts = Split(arn, ':');
  return parts.size() > 3 && parts[0] == "arn" ? parts[3] : std::string_view();
}

std::string_view ProductOf(const json::Value& finding) {
  const std::string_view name =
      FirstOf({TextAt(finding, {"ProductName"}),
               TextAt(finding, {"ProductFields", "aws/securityhub/ProductName"}),
               TextAt(finding, {"ProductFields", "ProviderName"})});
  if (!name.empty()) return name;
  const std::string_view arn = TextAt(finding, {"ProductArn"});
  return arn.substr(arn.rfind('/') + 1);
}

class AsffImporter {
 public:
  AsffImporter(const ImportInput& input, RowSink& sink, events::Import& import)
      : input_(input), sink_(sink), import_(import) {}

  Result<> Add(const json::Value& finding, std::uint64_t line) {
    if (!finding.IsObject()) {
      sink_.Reject(input_, line, "must be a finding, not " + std::string(finding.TypeName()));
      return {};
    }
    const std::string& column = sink_.options().customer_column;
    const std::string_view customer =
        column.empty() ? std::string_view(sink_.options().customer) : TextAt(finding, {column});
    return sink_.End(import_, customer, input_, line, Set(finding));
  }

 private:
  /// Sets the row; returns what is wrong with it.
  std::string Set(const json::Value& finding) {
    const std::string_view id = TextAt(finding, {"Id"});
    const std::string_view title = TextAt(finding, {"Title"});
    const std::string_view severity = SeverityIn(finding);
    const std::string_view when =
        FirstOf({TextAt(finding, {"UpdatedAt"}), TextAt(finding, {"LastObservedAt"}),
                 TextAt(finding, {"CreatedAt"})});
    if (id.empty()) return "Id must be a string";
    if (title.empty()) return "Title must be a string";
    if (severity.empty()) return "Severity must have a Label or a Normalized number";
    if (when.empty()) return "UpdatedAt must be a time";
    const auto time = times_.Parse(when);
    if (!time) return "UpdatedAt " + std::string(times_.problem());
    if (id.size() > kTextBytesMax || title.size() > kTextBytesMax) {
      return "Id or Title is longer than 32 KiB";
    }

    const std::string_view control = ControlOf(finding);
    const std::string requirements = RequirementsOf(finding, control);
    const Resources resources = ResourcesOf(finding);
    import_.Time(kFindingTime, *time);
    Text(kFindingId, id);
    Text(kFindingTitle, title);
    Text(kFindingSeverity, severity);
    Text(kFindingStatus, StatusOf(finding));
    Text(kFindingCompliance, ComplianceOf(finding));
    Text(kFindingControlId, control);
    Text(kFindingRequirements, requirements);
    Text(kFindingProduct, ProductOf(finding));
    Text(kFindingResourceType, resources.type);
    Text(kFindingResourceId, resources.id);
    Text(kFindingResources, resources.all);
    Text(kFindingRegion, FirstOf({TextAt(finding, {"Region"}), resources.region,
                                  RegionOfArn(TextAt(finding, {"ProductArn"}))}));
    Text(kFindingAccount, TextAt(finding, {"AwsAccountId"}));
    return {};
  }

  /// Cuts what is absurdly long: a list of resources may be.
  void Text(std::size_t field, std::string_view value) {
    if (value.size() > kTextBytesMax) {
      value = value.substr(0, kTextBytesMax);
      value = value.substr(0, value.find_last_of("\n|"));
      if (value.size() == kTextBytesMax) value = {};
    }
    if (!value.empty()) import_.String(field, value);
  }

  const ImportInput& input_;
  RowSink& sink_;
  events::Import& import_;
  TimeParser times_;
};

/// The list in an answer or event; null for what is a finding itself.
const json::Value* FindingsIn(const json::Value& document) {
  const json::Value* detail = document.Find("detail");
  const json::Value& holder = detail != nullptr && detail->IsObject() ? *detail : document;
  if (!holder.IsObject()) return nullptr;
  for (const auto& [name, value] : holder.AsObject()) {
    if (EqualsIgnoreCase(name, "Findings")) return &value;
  }
  return nullptr;
}

/// Each line is a document of its own.
bool IsNdjson(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with('{') || end == std::string_view::npos) return false;
  if (Trim(text.substr(end)).empty()) return false;
  return json::Parse(text.substr(0, end), kLimits).ok();
}

Result<> AddLines(std::string_view rest, const ImportInput& input, RowSink& sink,
                  AsffImporter& importer) {
  for (std::uint64_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = rest.find('\n');
    const std::string_view text = Trim(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (text.empty()) continue;
    sink.SetPosition(input.text.size() - rest.size());
    const auto finding = json::Parse(text, kLimits);
    if (!finding.ok()) {
      sink.Reject(input, line, finding.error().message());
      continue;
    }
    const json::Value* findings = FindingsIn(*finding);
    if (findings == nullptr || !findings->IsArray()) {
      SB_TRY_OK(importer.Add(*finding, line));
      continue;
    }
    for (const json::Value& one : findings->AsArray()) SB_TRY_OK(importer.Add(one, line));
  }
  return {};
}

}  // namespace

Result<> ImportAsff(const ImportInput& input, RowSink& sink, std::string_view source_key) {
  SB_TRY(events::Import * import, sink.Open(source_key));
  AsffImporter importer(input, sink, *import);
  std::string_view text = input.text;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = Trim(text);
  if (IsNdjson(text)) return AddLines(text, input, sink, importer);

  const auto document = json::Parse(text, kLimits);
  if (!document.ok()) {
    return Error(ErrorCode::kInvalidArgument, document.error().message(),
                 document.error().field().empty() ? "body" : document.error().field(),
                 "INVALID_REQUEST");
  }
  const json::Value* findings = document->IsArray() ? &*document : FindingsIn(*document);
  if (findings == nullptr) return importer.Add(*document, 1);  // one finding
  if (!findings->IsArray()) return InvalidArgument("Findings", "must be an array of findings");
  std::uint64_t number = 0;
  for (const json::Value& finding : findings->AsArray()) {
    SB_TRY_OK(importer.Add(finding, ++number));
  }
  sink.SetPosition(input.text.size());
  return {};
}

}  // namespace securebase::analytics

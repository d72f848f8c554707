#include "ingest/exposition.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace securebase::ingest {
namespace {

using Type = TextFamily::Type;

constexpr std::pair<std::string_view, Type> kTypes[] = {
    {"counter", Type::kCounter}, {"gauge", Type::kGauge},       {"histogram", Type::kHistogram},
    {"summary", Type::kSummary}, {"untyped", Type::kUnknown},   {"unknown", Type::kUnknown},
    {"info", Type::kInfo},       {"stateset", Type::kStateSet}, {"gaugehistogram", Type::kUnknown},
};
constexpr std::string_view kEndings[] = {"_total",   "_bucket", "_count",  "_sum",
                                         "_created", "_info",   "_gcount", "_gsum"};

bool IsNameCharacter(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         (!first && c >= '0' && c <= '9');
}

/// One line, read from the left.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  void SkipBlanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view Word() {
    SkipBlanks();
    std::size_t end = rest_.find_first_of(" \t");
    if (end == std::string_view::npos) end = rest_.size();
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  std::string_view Name() {
    std::size_t end = 0;
    while (end < rest_.size() && IsNameCharacter(rest_[end], end == 0)) ++end;
    const std::string_view name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return name;
  }
  /// A text in quotes with its escapes; none where it does not end.
  std::optional<std::string> Quoted() {
    if (!Take('"')) return {};
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (rest_.empty()) return {};
      out += rest_[0] == 'n' ? '\n' : rest_[0];
      rest_.remove_prefix(1);
    }
    return {};
  }
  bool empty() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_[0]; }

 private:
  std::string_view rest_;
};

std::optional<double> ParseValue(std::string_view text) {
  const std::string lower = ToLower(text);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (lower == "+inf" || lower == "inf" || lower == "+infinity" || lower == "infinity") {
    return kInfinity;
  }
  if (lower == "-inf" || lower == "-infinity") return -kInfinity;
  if (text.starts_with('+')) text.remove_prefix(1);
  return ParseDouble(text);
}

class Parser {
 public:
  explicit Parser(bool open_metrics) : open_metrics_(open_metrics) {}

  Result<std::vector<TextFamily>> Parse(std::string_view text) {
    while (!text.empty()) {
      ++number_;
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (ended_ && !line.empty()) return Wrong("there is text behind # EOF");
      SB_TRY_OK(ParseLine(line));
    }
    if (open_metrics_ && !ended_) return Wrong("# EOF is missing: the text is not whole");
    return std::move(families_);
  }

 private:
  Error Wrong(std::string_view what) const {
    return InvalidArgument("body", "line " + std::to_string(number_) + ": " + std::string(what));
  }

  Result<> ParseLine(std::string_view text) {
    Line line(text);
    line.SkipBlanks();
    if (line.empty()) return {};
    if (line.Take('#')) return ParseComment(line);
    return ParseSample(line);
  }

  Result<> ParseComment(Line& line) {
    const std::string_view keyword = line.Word();
    if (keyword == "EOF") {
      ended_ = open_metrics_;
      return {};
    }
    if (keyword != "TYPE" && keyword != "UNIT") return {};
    const std::string name(line.Word());
    const std::string_view value = line.Word();
    TextFamily& family = Family(name);
    if (keyword == "UNIT") {
      family.unit = value;
      return {};
    }
    for (const auto& [text, type] : kTypes) {
      if (text != value) continue;
      family.type = type;
      return {};
    }
    return Wrong("no type " + std::string(value));
  }

  /// The family of that name, begun where it is not the current one.
  TextFamily& Family(const std::string& name) {
    if (families_.empty() || families_.back().name != name) {
      families_.push_back({.name = name, .type = Type::kUnknown, .unit = {}, .samples = {}});
    }
    return families_.back();
  }

  bool BelongsToCurrent(std::string_view name) const {
    if (families_.empty()) return false;
    const TextFamily& family = families_.back();
    if (family.name == name) return true;
    if (family.type == Type::kUnknown || !name.starts_with(family.name)) return false;
    const std::string_view ending = name.substr(family.name.size());
    return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
  }

  Result<> ParseLabels(Line& line, TextSample& sample) {
    while (true) {
      line.SkipBlanks();
      if (line.Take('}')) return {};
      const std::string name(line.Name());
      if (name.empty()) return Wrong("a label's name is expected");
      line.SkipBlanks();
      if (!line.Take('=')) return Wrong("'=' is expected behind a label's name");
      line.SkipBlanks();
      std::optional<std::string> value = line.Quoted();
      if (!value) return Wrong("a label's value in quotes is expected");
      if (!IsValidUtf8(*value)) return Wrong("a label's value is not UTF-8");
      sample.labels.emplace_back(name, *std::move(value));
      line.SkipBlanks();
      if (!line.Take(',') && line.front() != '}') return Wrong("',' or '}' is expected");
    }
  }

  Result<> ParseTime(std::string_view word, TextSample& sample) {
    const auto time = ParseDouble(word);
    if (!time) return Wrong("the time is no number");
    const double ms = open_metrics_ ? *time * 1000 : *time;
    if (!(std::abs(ms) < 1e15)) return Wrong("the time is out of range");
    sample.time_ms = static_cast<std::int64_t>(std::llround(ms));
    return {};
  }

  Result<> ParseSample(Line& line) {
    TextSample sample;
    sample.name = line.Name();
    if (sample.name.empty()) return Wrong("a metric's name is expected");
    line.SkipBlanks();
    if (line.Take('{')) SB_TRY_OK(ParseLabels(line, sample));
    const auto value = ParseValue(line.Word());
    if (!value) return Wrong("the value is no number");
    sample.value = *value;
    const std::string_view time = line.Word();
    // "# {..} value" is an exemplar of OpenMetrics.
    if (!time.empty() && time != "#") SB_TRY_OK(ParseTime(time, sample));
    if (!BelongsToCurrent(sample.name)) Family(sample.name);
    families_.back().samples.push_back(std::move(sample));
    return {};
  }

  const bool open_metrics_;
  std::size_t number_ = 0;
  bool ended_ = false;
  std::vector<TextFamily> families_;
};

void AppendEscaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

}  // namespace

Result<std::vector<TextFamily>> ParseExposition(std::string_view text, bool open_metrics) {
  return Parser(open_metrics).Parse(text);
}

void ExpositionWriter::Begin(std::string_view name, TextFamily::Type type, std::string_view help) {
  name_ = name;
  // Prometheus's own format names a counter with its ending.
  const std::string shown =
      name_ + (type == TextFamily::Type::kCounter && !open_metrics_ ? "_total" : "");
  out_.append("# HELP ").append(shown).append(" ");
  AppendEscaped(out_, help, open_metrics_);
  out_.append("\n# TYPE ").append(shown).append(" ");
  for (const auto& [text, of] : kTypes) {
    if (of != type) continue;
    out_.append(type == TextFamily::Type::kUnknown && open_metrics_ ? "unknown" : text);
    break;
  }
  out_ += '\n';
}

void ExpositionWriter::Sample(
    std::string_view suffix,
    const std::vector<std::pair<std::string_view, std::string_view>>& labels, double value) {
  out_.append(name_).append(suffix);
  if (!labels.empty()) {
    out_ += '{';
    for (std::size_t i = 0; i < labels.size(); ++i) {
      out_.append(i == 0 ? "" : ",").append(labels[i].first).append("=\"");
      AppendEscaped(out_, labels[i].second, true);
      out_ += '"';
    }
    out_ += '}';
  }
  out_ += ' ';
  if (std::isinf(value)) {
    out_ += value > 0 ? "+Inf" : "-Inf";
  } else if (std::isnan(value)) {
    out_ += "NaN";
  } else {
    AppendDouble(out_, value);
  }
  out_ += '\n';
}

std::string ExpositionWriter::Finish() {
  if (open_metrics_) out_ += "# EOF\n";
  return std::move(out_);
}

std::string_view ExpositionWriter::ContentType(bool open_metrics) {
  return open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8";
}

bool ExpositionWriter::WantsOpenMetrics(std::string_view accept) {
  double open = 0, plain = 0;
  for (const std::string_view part : Split(accept, ',')) {
    const auto fields = Split(part, ';');
    double quality = 1;
    for (std::string_view field : fields) {
      field = Trim(field);
      if (field.starts_with("q=")) quality = ParseDouble(field.substr(2)).value_or(1);
    }
    const std::string type = ToLower(Trim(fields.front()));
    if (type == "application/openmetrics-text") open = std::max(open, quality);
    if (type == "text/plain" || type == "text/*" || type == "*/*") plain = std::max(plain, quality);
  }
  return open > 0 && open >= plain;
}

}  // namespace securebase::ingest

#include "criteria/coverage_file.h"

#include <cmath>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace securebase::criteria {
namespace {

Error Malformed(std::string message) { return InvalidArgument("coverage", std::move(message)); }

std::optional<std::uint64_t> ParseCount(std::string_view text) {
  const std::optional<std::int64_t> value = ParseInt(Trim(text));
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

// Sums that stay far from overflow, whatever the file says.
constexpr std::uint64_t kLinesMax = std::uint64_t{1} << 40;

Result<Coverage> ParseLcov(std::string_view text) {
  std::uint64_t valid = 0, covered = 0;
  std::uint64_t data_valid = 0, data_covered = 0;
  bool summed = false;
  for (const std::string_view raw : Split(text, '\n')) {
    const std::string_view line = Trim(raw);
    if (line.starts_with("LF:") || line.starts_with("LH:")) {
      const std::optional<std::uint64_t> count = ParseCount(line.substr(3));
      if (!count || *count > kLinesMax)
        return Malformed("LCOV: not a count: " + ToValidUtf8(line.substr(0, 80)));
      (line[1] == 'F' ? valid : covered) += *count;
      if (valid > kLinesMax || covered > kLinesMax) return Malformed("LCOV: absurd line counts");
      summed = true;
    } else if (line.starts_with("DA:")) {
      const std::vector<std::string_view> parts = Split(line.substr(3), ',');
      if (parts.size() < 2) return Malformed("LCOV: DA without a count");
      ++data_valid;
      // Counts may exceed 64 bits or be negative in files of broken tools: only zero matters.
      if (Trim(parts[1]) != "0") ++data_covered;
    }
  }
  if (!summed) return CoverageOfLines(data_covered, data_valid, "lcov");
  return CoverageOfLines(covered, valid, "lcov");
}

Result<Coverage> ParseCoveragePy(std::string_view text) {
  SB_TRY(const json::Value document, json::Parse(text));
  const json::Value* totals = document.Find("totals");
  if (totals == nullptr) return Malformed("coverage.py JSON: no member totals");
  const json::Value* percent = totals->Find("percent_covered");
  if (percent == nullptr || !percent->IsNumber() || !(percent->AsNumber() >= 0) ||
      !(percent->AsNumber() <= 100)) {
    return Malformed("coverage.py JSON: totals.percent_covered is no percentage");
  }
  Coverage coverage{.percent = percent->AsNumber(), .format = "coverage.py"};
  const auto count = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const json::Value* member = totals->Find(name);
    if (member == nullptr || !member->IsInt() || member->AsInt() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(member->AsInt());
  };
  coverage.lines_valid = count("num_statements");
  coverage.lines_covered = count("covered_lines");
  return coverage;
}

// Skips declarations, comments and a document type without internal subset.
Result<std::string_view> ToRootElement(std::string_view text) {
  while (true) {
    const std::size_t start = text.find('<');
    if (start == std::string_view::npos) return Malformed("XML: no element");
    text.remove_prefix(start);
    std::string_view close;
    if (text.starts_with("<!--")) {
      close = "-->";
    } else if (text.starts_with("<?")) {
      close = "?>";
    } else if (text.starts_with("<!")) {
      close = ">";
    } else {
      return text;
    }
    const std::size_t end = text.find(close);
    if (end == std::string_view::npos) return Malformed("XML: unfinished declaration or comment");
    if (close == ">" && text.substr(0, end).find('[') != std::string_view::npos) {
      return Malformed("XML: a document type with declarations of its own is not read");
    }
    text.remove_prefix(end + close.size());
  }
}

// The value of an attribute of the element at the start of `text`.
Result<std::optional<std::string_view>> Attribute(std::string_view text, std::string_view wanted) {
  const std::string_view blanks = " \t\r\n";
  std::size_t at = text.find_first_of(" \t\r\n/>");
  while (true) {
    at = text.find_first_not_of(blanks, at);
    if (at == std::string_view::npos) return Malformed("XML: unfinished element");
    if (text[at] == '>' || text[at] == '/') return std::optional<std::string_view>();
    const std::size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) return Malformed("XML: attribute without a value");
    const std::string_view name = Trim(text.substr(at, equals - at));
    const std::size_t open = text.find_first_not_of(blanks, equals + 1);
    if (open == std::string_view::npos || (text[open] != '"' && text[open] != '\'')) {
      return Malformed("XML: attribute without quotes");
    }
    const std::size_t close = text.find(text[open], open + 1);
    if (close == std::string_view::npos) return Malformed("XML: unfinished attribute");
    if (name == wanted) return std::optional(text.substr(open + 1, close - open - 1));
    at = close + 1;
  }
}

Result<Coverage> ParseCobertura(std::string_view text) {
  SB_TRY(const std::string_view root, ToRootElement(text));
  constexpr std::string_view kRoot = "<coverage";
  if (!root.starts_with(kRoot) || root.size() == kRoot.size() ||
      std::string_view(" \t\r\n/>").find(root[kRoot.size()]) == std::string_view::npos) {
    return Malformed("XML: the root element is not <coverage>");
  }
  SB_TRY(const auto valid, Attribute(root, "lines-valid"));
  SB_TRY(const auto covered, Attribute(root, "lines-covered"));
  if (valid && covered) {
    const std::optional<std::uint64_t> valid_count = ParseCount(*valid);
    const std::optional<std::uint64_t> covered_count = ParseCount(*covered);
    if (!valid_count || !covered_count) return Malformed("Cobertura: lines are no counts");
    return CoverageOfLines(*covered_count, *valid_count, "cobertura");
  }
  SB_TRY(const auto rate_text, Attribute(root, "line-rate"));
  if (!rate_text) return Malformed("Cobertura: <coverage> has no line-rate");
  const std::optional<double> rate = ParseDouble(Trim(*rate_text));
  if (!rate || !(*rate >= 0 && *rate <= 1)) return Malformed("Cobertura: line-rate is not 0 to 1");
  return Coverage{.percent = *rate * 100, .format = "cobertura"};
}

}  // namespace

Result<Coverage> CoverageOfLines(std::uint64_t covered, std::uint64_t valid, std::string format) {
  if (valid == 0) return Malformed("no lines are counted");
  if (covered > valid) return Malformed("more lines are covered than there are");
  return Coverage{.percent = 100 * static_cast<double>(covered) / static_cast<double>(valid),
                  .lines_valid = valid,
                  .lines_covered = covered,
                  .format = std::move(format)};
}

Result<Coverage> ParseCoverageFile(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text = Trim(text);
  if (text.starts_with('<')) return ParseCobertura(text);
  if (text.starts_with('{')) return ParseCoveragePy(text);
  if (text.starts_with("TN:") || text.starts_with("SF:")) return ParseLcov(text);
  return Malformed("neither Cobertura XML, LCOV nor coverage.py JSON");
}

}  // namespace securebase::criteria

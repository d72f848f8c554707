#include "criteria/present.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/json.h"

namespace securebase::criteria {
namespace {

constexpr std::array<std::string_view, 4> kFormatNames = {"table", "json", "junit", "markdown"};

std::string CountText(double count) { return fmt::format("{:g}", count); }

std::string ValueOf(const Measured& measured) {
  return measured.value ? ValueText(measured.criterion, *measured.value) : "-";
}

std::string IntervalOf(const Measured& measured) {
  if (!measured.interval) return "-";
  return ValueText(measured.criterion, measured.interval->low) + " to " +
         ValueText(measured.criterion, measured.interval->high);
}

std::string WindowOf(const Measured& measured) {
  if (measured.criterion.id == kCoverage.id) return measured.value ? "newest" : "-";
  const Duration window = measured.end - measured.start;
  // The month of adoption begins at midnight: the hours of today say nothing.
  if (measured.criterion.id == kAdoption.id) {
    return FormatDuration(std::chrono::floor<std::chrono::days>(window));
  }
  return FormatDuration(window);
}

std::string VerdictOf(const Measured& measured, bool marks) {
  const std::string text(ToText(measured.verdict));
  if (!marks) return text;
  switch (measured.verdict) {
    case Verdict::kPass:
      return "✓ " + text;
    case Verdict::kFail:
      return "✗ " + text;
    case Verdict::kNoData:
      break;
  }
  return "- " + text;
}

std::string NotesOf(const Measured& measured) {
  std::string text = measured.reason;
  for (const auto& [name, value] : measured.notes) {
    text += (text.empty() ? "" : "; ") + name + " " + value;
  }
  return text;
}

std::string Evidence(std::string command, const PresentOptions& options) {
  constexpr std::string_view kPlaceholder = "ENDPOINT";
  const std::size_t at = command.find(kPlaceholder);
  if (at != std::string::npos && !options.endpoint.empty()) {
    command.replace(at, kPlaceholder.size(), options.endpoint);
  }
  return command;
}

std::string Conclusion(const Run& run) {
  return fmt::format("{} of {} criteria met, {} missed, {} without data: {}",
                     run.Count(Verdict::kPass), run.results.size(), run.Count(Verdict::kFail),
                     run.Count(Verdict::kNoData), ToText(run.Overall()));
}

std::string Table(const Run& run, const PresentOptions& options) {
  // The verdict stands last: its mark is wider in bytes than on the screen.
  std::vector<std::array<std::string, 7>> rows = {
      {"CRITERION", "VALUE", "TARGET", "SAMPLES", "95 % INTERVAL", "WINDOW", "VERDICT"}};
  for (const Measured& measured : run.results) {
    rows.push_back({std::string(measured.criterion.name), ValueOf(measured),
                    TargetText(measured.criterion), CountText(measured.sample_count),
                    IntervalOf(measured), WindowOf(measured), VerdictOf(measured, options.marks)});
  }
  std::array<std::size_t, 7> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      // Figures to the right, texts to the left.
      const bool right = i >= 1 && i <= 3;
      out += right ? fmt::format("{:>{}}  ", row[i], widths[i])
                   : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    out += row.back() + "\n";
  }
  if (options.evidence) {
    for (const Measured& measured : run.results) {
      out += fmt::format("\n{}\n", measured.criterion.name);
      if (const std::string notes = NotesOf(measured); !notes.empty()) out += "  " + notes + "\n";
      for (const std::string& command : measured.evidence) {
        out += "  $ " + Evidence(command, options) + "\n";
      }
    }
  }
  out += "\n" + Conclusion(run) + "\n";
  return out;
}

json::Value Json(const Run& run, const PresentOptions& options) {
  Run with_endpoint = run;
  for (Measured& measured : with_endpoint.results) {
    for (std::string& command : measured.evidence) command = Evidence(command, options);
  }
  return ToJson(with_endpoint);
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no form for control characters.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

// A missed criterion is a failure, one without data an error: neither is a test that passed.
std::string Junit(const Run& run, const PresentOptions& options) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format(
      "<testsuites>\n  <testsuite name=\"securebase.criteria\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" skipped=\"0\" timestamp=\"{}\">\n",
      run.results.size(), run.Count(Verdict::kFail), run.Count(Verdict::kNoData),
      FormatIso(std::chrono::floor<std::chrono::seconds>(run.at)));
  for (const Measured& measured : run.results) {
    out += fmt::format("    <testcase classname=\"securebase.criteria\" name=\"{}\" time=\"0\">\n",
                       XmlEscape(measured.criterion.id));
    const std::string summary = fmt::format("{}: {} (target {})", measured.criterion.name,
                                            ValueOf(measured), TargetText(measured.criterion));
    if (measured.verdict == Verdict::kFail) {
      out += fmt::format("      <failure message=\"{}\" type=\"missed\"/>\n", XmlEscape(summary));
    } else if (measured.verdict == Verdict::kNoData) {
      out += fmt::format("      <error message=\"no data: {}\" type=\"no-data\"/>\n",
                         XmlEscape(measured.reason));
    }
    std::string text = summary + "\n" + NotesOf(measured) + "\n";
    for (const std::string& command : measured.evidence) text += Evidence(command, options) + "\n";
    out += "      <system-out>" + XmlEscape(text) + "</system-out>\n    </testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

std::string MarkdownCell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

std::string Markdown(const Run& run, const PresentOptions& options) {
  std::string out =
      fmt::format("# Success criteria: {}\n\n{}, window {}, at {}.\n\n", ToText(run.Overall()),
                  Conclusion(run), FormatDuration(run.window), FormatIsoMillis(run.at));
  out += "| Criterion | Value | Target | Samples | 95 % interval | Window | Verdict |\n";
  out += "|---|---:|---:|---:|---|---|---|\n";
  for (const Measured& measured : run.results) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", measured.criterion.name,
                       ValueOf(measured), TargetText(measured.criterion),
                       CountText(measured.sample_count), IntervalOf(measured), WindowOf(measured),
                       ToText(measured.verdict));
  }
  out += "\n## Evidence\n";
  for (const Measured& measured : run.results) {
    out += fmt::format("\n### {}\n\n", measured.criterion.name);
    if (const std::string notes = NotesOf(measured); !notes.empty()) {
      out += MarkdownCell(notes) + "\n\n";
    }
    out += "```sh\n";
    for (const std::string& command : measured.evidence) out += Evidence(command, options) + "\n";
    out += "```\n";
  }
  return out;
}

}  // namespace

Result<Format> ParseFormat(std::string_view text) {
  for (std::size_t i = 0; i < kFormatNames.size(); ++i) {
    if (text == kFormatNames[i]) return static_cast<Format>(i);
  }
  return InvalidArgument("format", "must be table, json, junit or markdown");
}

std::string Present(const Run& run, Format format, const PresentOptions& options) {
  switch (format) {
    case Format::kJson:
      return json::WritePretty(Json(run, options)) + "\n";
    case Format::kJunit:
      return Junit(run, options);
    case Format::kMarkdown:
      return Markdown(run, options);
    case Format::kTable:
      break;
  }
  return Table(run, options);
}

}  // namespace securebase::criteria

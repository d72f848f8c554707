#include "analytics/import.h"

#include <array>
#include <utility>

#include "analytics/datasets.h"
#include "analytics/importer/importers.h"
#include "base/hash.h"

namespace securebase::analytics {
namespace {

constexpr std::array<std::pair<Format, std::string_view>, 6> kFormats = {{
    {Format::kFocus, "focus"},
    {Format::kCur, "cur"},
    {Format::kAsff, "asff"},
    {Format::kCsv, "csv"},
    {Format::kNdjson, "ndjson"},
    {Format::kJson, "json"},
}};

/// The content of all inputs: importing the same again replaces.
std::string ContentKey(const std::vector<ImportInput>& inputs) {
  std::string digests;
  for (const ImportInput& input : inputs) digests += Sha256(input.text);
  return "sha256:" + Sha256Hex(digests);
}

Result<> ImportOne(Format format, const ImportInput& input, const events::Schema& schema,
                   RowSink& sink, std::string_view source_key) {
  switch (format) {
    case Format::kFocus:
      return ImportFocus(input, sink);
    case Format::kCur:
      return ImportCur(input, sink);
    case Format::kAsff:
      return ImportAsff(input, sink, source_key);
    case Format::kCsv:
      return ImportPlainCsv(input, schema, sink, source_key);
    case Format::kNdjson:
      return ImportNdjson(input, schema, sink, source_key);
    case Format::kJson:
      break;
  }
  return ImportJsonArray(input, schema, sink, source_key);
}

}  // namespace

std::string_view ToText(Format format) {
  for (const auto& [value, name] : kFormats) {
    if (value == format) return name;
  }
  return "json";
}

Result<Format> ParseFormat(std::string_view text) {
  for (const auto& [value, name] : kFormats) {
    if (name == text) return value;
  }
  return InvalidArgument("format", "must be focus, cur, asff, csv, ndjson or json");
}

std::string_view DatasetOf(Format format) {
  if (format == Format::kFocus || format == Format::kCur) return kCost;
  return format == Format::kAsff ? kFindings : std::string_view();
}

void ImportReport::Reject(std::string_view file, std::uint64_t line, std::string reason) {
  ++rejected_count;
  if (rejected.size() < kRejectedKept) {
    rejected.push_back({std::string(file), line, std::move(reason)});
  }
}

Result<ImportReport> ImportFiles(events::DatasetStore& datasets, Format format,
                                 const std::vector<ImportInput>& inputs,
                                 const ImportOptions& options) {
  const std::string_view fixed = DatasetOf(format);
  if (!fixed.empty() && !options.dataset.empty() && options.dataset != fixed) {
    return InvalidArgument(
        "dataset", std::string(ToText(format)) + " files hold " + std::string(fixed) + " records");
  }
  const std::string dataset = fixed.empty() ? options.dataset : std::string(fixed);
  const events::Schema* schema = FindSchema(dataset);
  if (schema == nullptr) {
    return InvalidArgument("dataset", "must be cost, usage, findings or controls");
  }
  if (!fixed.empty() && !options.columns.empty()) {
    return InvalidArgument("map", "is only for csv, ndjson and json: " +
                                      std::string(ToText(format)) + " has fixed columns");
  }
  // A billing period is what focus and cur replace; hashing their content would be for nothing.
  const std::string key = fixed == kCost ? std::string() : ContentKey(inputs);
  RowSink sink(datasets, dataset, options);
  for (const ImportInput& input : inputs) {
    auto result = ImportOne(format, input, *schema, sink, key);
    if (!result.ok()) {
      return inputs.size() > 1 ? result.error().Within(input.name) : result.error();
    }
  }
  return sink.Commit();
}

}  // namespace securebase::analytics

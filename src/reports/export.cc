#include "reports/export.h"

#include <exception>
#include <new>
#include <utility>

#include "base/text.h"
#include "reports/internal/writers.h"

namespace securebase::reports {
namespace {

constexpr std::size_t kSlugBytesMax = 60;
constexpr std::string_view kOptions = "options";

std::string OptionField(std::string_view name) {
  return std::string(kOptions) + "." + std::string(name);
}

Result<std::string> TextOption(std::string_view name, const json::Value& value) {
  if (value.IsString()) return value.AsString();
  return InvalidArgument(OptionField(name),
                         "must be a string, not " + std::string(value.TypeName()));
}

// What a parser of ours says about a member's text, under the member's name.
template <class T>
Result<T> Named(std::string_view name, Result<T> result) {
  if (result.ok()) return result;
  return InvalidArgument(OptionField(name), result.error().message());
}

Result<PageSize> ParsePageSize(std::string_view text) {
  if (EqualsIgnoreCase(text, "letter")) return PageSize::kLetter;
  if (EqualsIgnoreCase(text, "a4")) return PageSize::kA4;
  return InvalidArgument("", "must be letter or a4");
}

Result<Orientation> ParseOrientation(std::string_view text) {
  if (EqualsIgnoreCase(text, "portrait")) return Orientation::kPortrait;
  if (EqualsIgnoreCase(text, "landscape")) return Orientation::kLandscape;
  return InvalidArgument("", "must be portrait or landscape");
}

Result<> ReadOption(std::string_view name, const json::Value& value, ExportFormat format,
                    ExportOptions& options) {
  if (name == "includeCharts") {
    if (!value.IsBool()) return InvalidArgument(OptionField(name), "must be true or false");
    options.include_charts = value.AsBool();
    if (options.include_charts && format != ExportFormat::kPdf && format != ExportFormat::kXlsx) {
      return InvalidArgument(OptionField(name), "only pdf and xlsx have charts");
    }
    return {};
  }
  const bool known = name == "pageSize" || name == "orientation" || name == "locale" ||
                     name == "timezone" || name == "brandColor" || name == "brandColour";
  if (!known) return InvalidArgument(OptionField(name), "unknown option");
  SB_TRY(const std::string text, TextOption(name, value));
  if (name == "pageSize") {
    SB_TRY(options.page_size, Named(name, ParsePageSize(text)));
  } else if (name == "orientation") {
    SB_TRY(options.orientation, Named(name, ParseOrientation(text)));
  } else if (name == "locale") {
    SB_TRY(options.locale, Named(name, FindLocale(text)));
  } else if (name == "timezone") {
    SB_TRY(options.time_zone, Named(name, TimeZone::Find(text)));
  } else {
    SB_TRY(options.brand_color, Named(name, charts::ParseColor(text)));
  }
  return {};
}

std::string_view ContentType(ExportFormat format) {
  switch (format) {
    case ExportFormat::kCsv:
      return "text/csv; charset=utf-8";
    case ExportFormat::kJson:
      return "application/json";
    case ExportFormat::kXlsx:
      return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    case ExportFormat::kPdf:
      break;
  }
  return "application/pdf";
}

Result<std::string> Write(const ExportTable& table, ExportFormat format,
                          const ExportOptions& options, Instant now,
                          const ExportProgress& progress) {
  switch (format) {
    case ExportFormat::kCsv:
      return WriteCsv(table);
    case ExportFormat::kJson:
      return WriteJson(table);
    case ExportFormat::kXlsx:
      return WriteXlsx(table, options, now, progress);
    case ExportFormat::kPdf:
      break;
  }
  return WritePdf(table, options, now, progress);
}

// Length of the UTF-8 character at the front of valid text, and whether a name may show it:
// punctuation, blanks, signs of direction and private use beyond ASCII may not.
struct Character {
  std::size_t size;
  bool shown;
};
Character FirstCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) {
    const char c = text[0];
    return {1, (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')};
  }
  if (byte(0) < 0xe0) return {2, byte(0) != 0xc2};                      // U+0080..U+00BF
  if (byte(0) >= 0xf0) return {4, byte(0) == 0xf0 && byte(1) == 0xa0};  // rare ideographs
  const bool punctuation = byte(0) == 0xe2 && byte(1) <= 0x81;          // U+2000..U+207F
  const bool private_use = byte(0) == 0xee || (byte(0) == 0xef && byte(1) < 0xa4);
  const bool special = byte(0) == 0xef && byte(1) >= 0xb8;  // U+FE00..U+FFFF
  return {3, !punctuation && !private_use && !special};
}

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

Result<ExportFormat> ParseExportFormat(std::string_view text) {
  if (text == "csv") return ExportFormat::kCsv;
  if (text == "json") return ExportFormat::kJson;
  if (text == "xlsx" || text == "excel") return ExportFormat::kXlsx;
  if (text == "pdf") return ExportFormat::kPdf;
  return InvalidArgument("format", "must be csv, json, xlsx, excel or pdf");
}

std::string_view ToText(ExportFormat format) {
  switch (format) {
    case ExportFormat::kCsv:
      return "csv";
    case ExportFormat::kJson:
      return "json";
    case ExportFormat::kXlsx:
      return "xlsx";
    case ExportFormat::kPdf:
      break;
  }
  return "pdf";
}

Result<ExportOptions> ParseExportOptions(const json::Value* options, ExportFormat format) {
  ExportOptions parsed;
  if (options == nullptr || options->IsNull()) return parsed;
  if (!options->IsObject()) return InvalidArgument(std::string(kOptions), "must be an object");
  for (const auto& [name, value] : options->AsObject()) {
    SB_TRY_OK(ReadOption(name, value, format, parsed));
  }
  return parsed;
}

Result<ExportFile> Export(const ExportTable& table, ExportFormat format,
                          const ExportOptions& options, Instant now,
                          const ExportProgress& progress) {
  // The last stop of what the libraries below may throw: memory, mostly.
  try {
    SB_TRY(std::string bytes, Write(table, format, options, now, progress));
    return ExportFile{.bytes = std::move(bytes),
                      .content_type = std::string(ContentType(format)),
                      .file_name = Slug(table.title) + "-" + FormatIsoBasic(now) + "." +
                                   std::string(ToText(format))};
  } catch (const std::bad_alloc&) {
    return Unavailable("not enough memory for the export");
  } catch (const std::exception& thrown) {
    return Internal(thrown.what()).Within("export to " + std::string(ToText(format)));
  }
}

std::string Slug(std::string_view title) {
  const std::string text = ToValidUtf8(title);
  std::string slug;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const Character character = FirstCharacter(rest);
    if (character.shown) {
      if (slug.size() + character.size > kSlugBytesMax) break;
      for (char c : rest.substr(0, character.size)) slug += LowerAscii(c);
    } else if (!slug.empty() && slug.back() != '-' && slug.size() < kSlugBytesMax) {
      slug += '-';
    }
    i += character.size;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "report" : slug;
}

std::string ContentDisposition(std::string_view file_name) {
  std::string ascii;
  bool same = true;
  for (char c : file_name) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
    same = same && plain;
    // One '_' for a whole character: the bytes that continue it add nothing.
    if (plain) {
      ascii += c;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ascii += '_';
    }
  }
  std::string header = "attachment; filename=\"" + ascii + "\"";
  if (!same) header += "; filename*=UTF-8''" + PercentEncode(file_name);
  return header;
}

}  // namespace securebase::reports

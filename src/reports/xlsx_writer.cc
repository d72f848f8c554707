#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "base/text.h"
#include "reports/internal/cell_text.h"
#include "reports/internal/writers.h"

namespace securebase::reports {
namespace {

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;  // cells hold doubles
constexpr std::size_t kSheetNameMax = 31;
constexpr double kWidthMin = 9;
constexpr double kWidthMax = 60;
constexpr std::size_t kMeasuredRows = 200;
constexpr std::size_t kProgressRows = 1'000;
constexpr double kMsPerDay = 86'400'000;

/// A file in memory that the library can open by name.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("export.xlsx", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool ok() const { return descriptor_ >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  Result<std::string> Read() const {
    const off_t size = lseek(descriptor_, 0, SEEK_END);
    std::string bytes(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got =
          pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (got <= 0) return Internal("cannot read back a workbook in memory");
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  const int descriptor_;
};

// The library takes C strings and writes XML, which has no NUL, U+FFFE and U+FFFF.
std::string Safe(std::string text) {
  for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at)) {
    text.replace(at, 1, "\ufffd");
  }
  for (std::size_t at = text.find("\xef\xbf"); at != std::string::npos;
       at = text.find("\xef\xbf", at + 1)) {
    if (static_cast<unsigned char>(text[at + 2]) >= 0xbe) text[at + 2] = '\xbd';
  }
  return text;
}

// At most 31 characters, none of []:*?/\, no apostrophe at either end.
std::string SheetName(std::string_view title) {
  std::string name;
  std::size_t characters = 0;
  for (char c : Safe(ToValidUtf8(title))) {
    const bool starts = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (starts && ++characters > kSheetNameMax) break;
    const bool refused = std::string_view("[]:*?/\\'").find(c) != std::string_view::npos ||
                         static_cast<unsigned char>(c) < 0x20;
    name += refused ? '-' : c;
  }
  name = std::string(Trim(name));
  const bool reserved = EqualsIgnoreCase(name, "History") || EqualsIgnoreCase(name, "Chart");
  return name.empty() || reserved ? "Report" : name;
}

lxw_color_t ToColor(const charts::Color& color) {
  auto part = [](double share) { return static_cast<lxw_color_t>(std::lround(share * 255)); };
  return (part(color.red) << 16) | (part(color.green) << 8) | part(color.blue);
}

// The serial number of a date: days since 1899-12-30. None before 1900-03-01, where spreadsheets
// disagree.
std::optional<double> SerialOf(Instant local) {
  constexpr double kUnixEpochSerial = 25'569;
  const double serial = static_cast<double>(ToUnixMillis(local)) / kMsPerDay + kUnixEpochSerial;
  if (serial < 61) return std::nullopt;
  return serial;
}

struct WorkbookFree {
  void operator()(lxw_workbook* workbook) const { lxw_workbook_free(workbook); }
};

class XlsxWriter {
 public:
  XlsxWriter(const ExportTable& table, const ExportOptions& options, const ExportProgress& progress)
      : table_(table), options_(options), progress_(progress), styles_(NumberStyles(table)) {}

  Result<std::string> Write(Instant now) {
    if (!file_.ok()) return Unavailable("no memory for a workbook");
    const std::string path = file_.path();
    lxw_workbook_options settings{.constant_memory = LXW_TRUE};
    workbook_.reset(workbook_new_opt(path.c_str(), &settings));
    if (workbook_ == nullptr) return Unavailable("cannot begin a workbook");
    SetProperties(now);
    sheet_ = workbook_add_worksheet(workbook_.get(), SheetName(table_.title).c_str());
    if (sheet_ == nullptr) return Internal("the sheet's name was refused");
    SetUpPage();
    SB_TRY_OK(WriteHead());
    for (std::size_t row = 0; row < table_.rows.size(); ++row) {
      SB_TRY_OK(WriteRow(row));
      if (progress_ && row % kProgressRows == 0) progress_(row);
    }
    if (options_.include_charts) SB_TRY_OK(WriteChart());
    if (const lxw_error error = workbook_close(workbook_.release()); error != LXW_NO_ERROR) {
      return Unavailable(std::string("cannot write the workbook: ") + lxw_strerror(error));
    }
    return file_.Read();
  }

 private:
  void SetProperties(Instant now) {
    // The library copies them; without `created` it would ask the system's clock.
    std::string title = Safe(table_.title);
    std::string company = "SecureBase Analytics";
    lxw_doc_properties properties{.title = title.data(),
                                  .company = company.data(),
                                  .created = static_cast<time_t>(ToUnixSeconds(now))};
    workbook_set_properties(workbook_.get(), &properties);
  }

  void SetUpPage() {
    constexpr std::uint8_t kLetterPaper = 1;
    constexpr std::uint8_t kA4Paper = 9;
    worksheet_set_paper(sheet_, options_.page_size == PageSize::kA4 ? kA4Paper : kLetterPaper);
    if (options_.orientation == Orientation::kLandscape) worksheet_set_landscape(sheet_);
    worksheet_fit_to_pages(sheet_, 1, 0);
    worksheet_set_footer(sheet_, "&LSecureBase Analytics&RPage &P of &N");
    worksheet_set_tab_color(sheet_, ToColor(options_.brand_color));
  }

  lxw_format* HeadFormat() {
    lxw_format* format = workbook_add_format(workbook_.get());
    format_set_bold(format);
    format_set_bg_color(format, ToColor(options_.brand_color));
    format_set_font_color(format, ToColor(charts::ReadableOn(options_.brand_color)));
    format_set_align(format, LXW_ALIGN_VERTICAL_CENTER);
    return format;
  }

  lxw_format* CellFormat(const ExportColumn& column, const NumberStyle& style) {
    std::string code;
    if (column.type == ColumnType::kInteger || column.type == ColumnType::kNumber) {
      code = style.grouped ? "#,##0" : "0";
      if (style.decimals > 0) code += "." + std::string(style.decimals, '0');
    } else if (column.type == ColumnType::kDate) {
      code = "yyyy-mm-dd";
    } else if (column.type == ColumnType::kTimestamp) {
      code = "yyyy-mm-dd hh:mm:ss";
    } else {
      return nullptr;
    }
    lxw_format* format = workbook_add_format(workbook_.get());
    format_set_num_format(format, code.c_str());
    return format;
  }

  double WidthOf(std::size_t column) const {
    std::size_t longest = table_.columns[column].name.size() + 3;  // the filter's button
    const std::size_t rows = std::min(table_.rows.size(), kMeasuredRows);
    for (std::size_t row = 0; row < rows; ++row) {
      longest = std::max(longest, FormattedText(table_.rows[row][column], table_.columns[column],
                                                styles_[column], options_)
                                      .size());
    }
    return std::clamp(static_cast<double>(longest) + 1.5, kWidthMin, kWidthMax);
  }

  Result<> WriteHead() {
    if (table_.columns.empty()) return {};
    lxw_format* head = HeadFormat();
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      formats_.push_back(CellFormat(table_.columns[c], styles_[c]));
      const auto column = static_cast<lxw_col_t>(c);
      worksheet_set_column(sheet_, column, column, WidthOf(c), nullptr);
      if (worksheet_write_string(sheet_, 0, column, Safe(table_.columns[c].name).c_str(), head) !=
          LXW_NO_ERROR) {
        return InvalidArgument("data.0", "a column's name is longer than a cell may be");
      }
    }
    worksheet_freeze_panes(sheet_, 1, 0);
    worksheet_repeat_rows(sheet_, 0, 0);
    worksheet_autofilter(sheet_, 0, 0, static_cast<lxw_row_t>(table_.rows.size()),
                         static_cast<lxw_col_t>(table_.columns.size() - 1));
    return {};
  }

  Result<> WriteRow(std::size_t row) {
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      const lxw_error error = WriteCell(row, c);
      if (error == LXW_NO_ERROR) continue;
      const std::string place = "data." + std::to_string(row) + "." + table_.columns[c].name;
      if (error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED) {
        return InvalidArgument(place, "is longer than the 32767 characters of an xlsx cell");
      }
      return Internal(lxw_strerror(error)).Within(place);
    }
    return {};
  }

  lxw_error WriteCell(std::size_t row, std::size_t c) {
    const json::Value& cell = table_.rows[row][c];
    if (cell.IsNull()) return LXW_NO_ERROR;
    const auto line = static_cast<lxw_row_t>(row + 1);
    const auto column = static_cast<lxw_col_t>(c);
    const bool exact = cell.IsDouble() || (cell.IsInt() && cell.AsInt() <= kExactIntegerMax &&
                                           cell.AsInt() >= -kExactIntegerMax);
    if (exact) return worksheet_write_number(sheet_, line, column, cell.AsNumber(), formats_[c]);
    if (cell.IsBool()) {
      return worksheet_write_boolean(sheet_, line, column, cell.AsBool(), nullptr);
    }
    if (const std::optional<double> serial = Serial(cell, table_.columns[c].type)) {
      return worksheet_write_number(sheet_, line, column, *serial, formats_[c]);
    }
    return worksheet_write_string(sheet_, line, column, Safe(PlainText(cell)).c_str(), nullptr);
  }

  std::optional<double> Serial(const json::Value& cell, ColumnType type) const {
    if (type != ColumnType::kDate && type != ColumnType::kTimestamp) return std::nullopt;
    const Result<Instant> instant = ParseIso(cell.AsString());
    if (!instant.ok()) return std::nullopt;
    return SerialOf(type == ColumnType::kDate ? *instant : options_.time_zone.ToLocal(*instant));
  }

  // A second sheet: the ten highest values and their bars.
  Result<> WriteChart() {
    const TopValues top = FindTopValues(table_);
    if (top.entries.empty()) return {};
    lxw_worksheet* sheet = workbook_add_worksheet(workbook_.get(), "Chart");
    lxw_chart* chart = workbook_add_chart(workbook_.get(), LXW_CHART_BAR);
    if (sheet == nullptr || chart == nullptr) return Internal("cannot add a chart");
    lxw_format* head = HeadFormat();
    const std::string label = Safe(table_.columns[top.label_column].name);
    const std::string value = Safe(table_.columns[top.value_column].name);
    worksheet_set_column(sheet, 0, 1, 24, nullptr);
    worksheet_write_string(sheet, 0, 0, label.c_str(), head);
    worksheet_write_string(sheet, 0, 1, value.c_str(), head);
    lxw_row_t row = 0;
    for (const TopValues::Entry& entry : top.entries) {
      ++row;
      if (worksheet_write_string(sheet, row, 0, Safe(entry.label).c_str(), nullptr) !=
          LXW_NO_ERROR) {
        return InvalidArgument("data", "a chart's label is longer than an xlsx cell may be");
      }
      worksheet_write_number(sheet, row, 1, entry.value, formats_[top.value_column]);
    }
    lxw_chart_series* series = chart_add_series(chart, nullptr, nullptr);
    chart_series_set_categories(series, "Chart", 1, 0, row, 0);
    chart_series_set_values(series, "Chart", 1, 1, row, 1);
    chart_series_set_name(series, value.c_str());
    lxw_chart_fill fill{.color = ToColor(options_.brand_color)};
    chart_series_set_fill(series, &fill);
    chart_title_set_name(chart, (value + " by " + label).c_str());
    chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    chart_axis_set_reverse(chart->y_axis);  // the highest on top
    worksheet_insert_chart(sheet, 1, 3, chart);
    return {};
  }

  const ExportTable& table_;
  const ExportOptions& options_;
  const ExportProgress& progress_;
  const std::vector<NumberStyle> styles_;
  const MemoryFile file_;
  std::unique_ptr<lxw_workbook, WorkbookFree> workbook_;
  lxw_worksheet* sheet_ = nullptr;    // the workbook's
  std::vector<lxw_format*> formats_;  // by column, the workbook's; null: general
};

}  // namespace

Result<std::string> WriteXlsx(const ExportTable& table, const ExportOptions& options, Instant now,
                              const ExportProgress& progress) {
  return XlsxWriter(table, options, progress).Write(now);
}

}  // namespace securebase::reports

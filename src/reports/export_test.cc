#include "reports/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/seed.h"
#include "reports/internal/cell_text.h"
#include "reports/internal/writers.h"

namespace securebase::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Instant kNow = FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

ExportTable Table(std::string_view data, std::string title = "Costs") {
  auto value = json::Parse(data);
  EXPECT_TRUE(value.ok());
  auto table = TableFromObjects(*std::move(value), std::move(title));
  EXPECT_TRUE(table.ok()) << (table.ok() ? "" : table.error().message());
  return table.ok() ? *std::move(table) : ExportTable{};
}

std::string OptionsError(std::string_view text, ExportFormat format = ExportFormat::kPdf) {
  const auto value = json::Parse(text);
  const auto options = ParseExportOptions(&*value, format);
  return options.ok() ? "" : options.error().field();
}

TEST(TableTest, UnitesColumnsInOrderOfAppearance) {
  const ExportTable table = Table(R"([{"b": 1, "a": "x"}, {"c": true}, {"a": "y", "b": 2.5}])");
  ASSERT_EQ(table.columns.size(), 3u);
  EXPECT_EQ(table.columns[0].name, "b");
  EXPECT_EQ(table.columns[0].type, ColumnType::kNumber);
  EXPECT_EQ(table.columns[1].name, "a");
  EXPECT_EQ(table.columns[2].type, ColumnType::kBoolean);
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].size(), 3u);
  EXPECT_TRUE(table.rows[1][0].IsNull());
  EXPECT_EQ(table.rows[2][1], json::Value("y"));
}

TEST(TableTest, DetectsTypes) {
  auto type = [](std::string_view values) {
    return Table("[{\"x\":" + std::string(values) + "}]").columns[0].type;
  };
  EXPECT_EQ(type("1"), ColumnType::kInteger);
  EXPECT_EQ(type("1.5"), ColumnType::kNumber);
  EXPECT_EQ(type("null"), ColumnType::kText);
  EXPECT_EQ(type("\"2026-01-05\""), ColumnType::kDate);
  EXPECT_EQ(type("\"2026-01-05T10:00:00Z\""), ColumnType::kTimestamp);
  EXPECT_EQ(type("\"2026-01-05T10:00:00+02:00\""), ColumnType::kTimestamp);
  EXPECT_EQ(type("\"2026-01-05T10:00:00\""), ColumnType::kText);
  EXPECT_EQ(type("\"2026-13-05\""), ColumnType::kText);
  EXPECT_EQ(type("{\"a\": 1}"), ColumnType::kText);
  EXPECT_EQ(Table(R"([{"x": 1}, {"x": "a"}])").columns[0].type, ColumnType::kText);
  EXPECT_EQ(Table(R"([{"x": 1}, {"x": 2.5}, {"x": null}])").columns[0].type, ColumnType::kNumber);
}

TEST(TableTest, RefusesWhatIsNoTable) {
  auto field = [](json::Value data) {
    const auto table = TableFromObjects(std::move(data), "");
    return table.ok() ? "" : table.error().field();
  };
  EXPECT_EQ(field(json::Object{}), "data");
  EXPECT_EQ(field(json::Array{json::Object{}, 3}), "data.1");
  EXPECT_EQ(field(json::Array(kRowsMax + 1)), "data");
  json::Object wide;
  for (std::size_t i = 0; i <= kColumnsMax; ++i) wide.emplace_back("c" + std::to_string(i), 1);
  EXPECT_EQ(field(json::Array{wide}), "data.0");
  wide.pop_back();
  EXPECT_EQ(field(json::Array{wide}), "");
}

TEST(FormatTest, KnowsItsNames) {
  EXPECT_EQ(*ParseExportFormat("excel"), ExportFormat::kXlsx);
  for (const char* name : {"csv", "json", "xlsx", "pdf"}) {
    EXPECT_EQ(ToText(*ParseExportFormat(name)), name);
  }
  EXPECT_EQ(ParseExportFormat("doc").error().field(), "format");
}

TEST(OptionsTest, ReadsAll) {
  const auto value = json::Parse(R"({"includeCharts": true, "pageSize": "A4",
    "orientation": "landscape", "locale": "de_de", "timezone": "Europe/Berlin",
    "brandColor": "#ff0000"})");
  const auto options = ParseExportOptions(&*value, ExportFormat::kPdf);
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->include_charts);
  EXPECT_EQ(options->page_size, PageSize::kA4);
  EXPECT_EQ(options->orientation, Orientation::kLandscape);
  EXPECT_EQ(options->locale.tag, "de-DE");
  EXPECT_EQ(options->time_zone.name(), "Europe/Berlin");
  EXPECT_EQ(options->brand_color, (charts::Color{1, 0, 0}));
  EXPECT_TRUE(ParseExportOptions(nullptr, ExportFormat::kCsv).ok());
  EXPECT_EQ(OptionsError(R"({"pageSize": "letter", "orientation": "portrait"})"), "");
}

TEST(OptionsTest, RefusesByName) {
  EXPECT_EQ(OptionsError("[]"), "options");
  EXPECT_EQ(OptionsError(R"({"pagesize": "a4"})"), "options.pagesize");
  EXPECT_EQ(OptionsError(R"({"pageSize": "a5"})"), "options.pageSize");
  EXPECT_EQ(OptionsError(R"({"pageSize": 4})"), "options.pageSize");
  EXPECT_EQ(OptionsError(R"({"orientation": "up"})"), "options.orientation");
  EXPECT_EQ(OptionsError(R"({"locale": "xx-XX"})"), "options.locale");
  EXPECT_EQ(OptionsError(R"({"timezone": "Mars"})"), "options.timezone");
  EXPECT_EQ(OptionsError(R"({"brandColour": "blue"})"), "options.brandColour");
  EXPECT_EQ(OptionsError(R"({"includeCharts": "yes"})"), "options.includeCharts");
  EXPECT_EQ(OptionsError(R"({"includeCharts": true})", ExportFormat::kCsv),
            "options.includeCharts");
  EXPECT_EQ(OptionsError(R"({"includeCharts": false})", ExportFormat::kCsv), "");
}

TEST(LocaleTest, WritesNumbersAsItsPeopleDo) {
  auto number = [](const char* tag, double value, int decimals) {
    return FormatNumber(*FindLocale(tag), value, decimals);
  };
  EXPECT_EQ(number("en-US", 1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(number("de-DE", 1234567.891, 2), "1.234.567,89");
  EXPECT_EQ(number("fr-FR", -1234.5, 1), "-1\u202f234,5");
  EXPECT_EQ(number("de-CH", 1234.5, 2), "1\u2019234.50");
  EXPECT_EQ(number("en-IN", 12345678, 0), "1,23,45,678");
  EXPECT_EQ(number("en-US", -0.001, 2), "0.00");
  EXPECT_EQ(number("en-US", 999, 0), "999");
  EXPECT_EQ(number("en-US", 1e300, 2), "1e+300");
  EXPECT_EQ(FormatInteger(Locale{}, INT64_MIN), "-9,223,372,036,854,775,808");
  EXPECT_FALSE(FindLocale("").ok());
}

TEST(CsvTest, QuotesAsRfc4180Says) {
  const std::string csv = WriteCsv(Table(R"([{"a": "x,y", "b": "say \"hi\""},
    {"a": "two\nlines", "b": null}, {"a": -5, "b": [1, {"k": "v"}]}])"));
  EXPECT_EQ(csv,
            "a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\r\n"
            "-5,\"[1,{\"\"k\"\":\"\"v\"\"}]\"\r\n");
}

TEST(CsvTest, DisarmsFormulas) {
  for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"}) {
    ExportTable table{.columns = {{.name = "a"}}, .rows = {{json::Value(text)}}};
    EXPECT_THAT(WriteCsv(table), HasSubstr(std::string("'") + text)) << text;
  }
  EXPECT_THAT(WriteCsv(Table(R"([{"=x": "a=b"}])")), Not(HasSubstr("'a")));
  EXPECT_THAT(WriteCsv(Table(R"([{"=x": -1.5}])")), HasSubstr("'=x\r\n-1.5\r\n"));
}

TEST(JsonTest, KeepsValuesAsTheyCame) {
  const ExportTable table = Table(R"([{"a": 1, "b": {"c": [true]}}, {"a": 2.50}])");
  const auto back = json::Parse(WriteJson(table));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, *json::Parse(R"([{"a": 1, "b": {"c": [true]}}, {"a": 2.5, "b": null}])"));
  EXPECT_EQ(*json::Parse(WriteJson(Table("[]"))), json::Value(json::Array{}));
}

TEST(CellTextTest, FormatsForPeople) {
  const ExportTable table = Table(
      R"([{"n": 1234.5, "i": 1234, "year": 2026, "t": "2026-07-01T10:00:00Z", "d": "2026-07-01",
           "b": false, "x": {"a": 1}, "m": 0.12345, "none": null}])");
  ExportOptions options;
  options.locale = *FindLocale("de-DE");
  options.time_zone = *TimeZone::Find("Europe/Berlin");
  const std::vector<NumberStyle> styles = NumberStyles(table);
  const char* expected[] = {
      "1.234,50",  "1.234",  "2026", "2026-07-01 12:00:00", "2026-07-01", "false",
      "{\"a\":1}", "0,1235", ""};
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    EXPECT_EQ(FormattedText(table.rows[0][c], table.columns[c], styles[c], options), expected[c])
        << table.columns[c].name;
  }
}

TEST(TopValuesTest, AddsUpAndSorts) {
  const TopValues top = FindTopValues(Table(R"([{"account": 7, "s": "a", "cost": 1},
    {"account": 7, "s": "b", "cost": 5}, {"account": 7, "s": "a", "cost": 2.5},
    {"account": 7, "s": "", "cost": 1}, {"account": 7, "s": "c", "cost": null}])"));
  ASSERT_EQ(top.entries.size(), 3u);
  EXPECT_EQ(top.entries[0].label, "b");
  EXPECT_EQ(top.entries[1].label, "a");
  EXPECT_EQ(top.entries[1].value, 3.5);
  EXPECT_EQ(top.entries[2].label, "(none)");
  EXPECT_TRUE(FindTopValues(Table(R"([{"s": "a"}])")).entries.empty());
  std::string many = "[";
  for (int i = 0; i < 30; ++i) {
    many += (i ? "," : "") + ("{\"s\":\"s" + std::to_string(i) + "\",\"v\":1}");
  }
  EXPECT_EQ(FindTopValues(Table(many + "]")).entries.size(), 10u);
}

TEST(ExportTest, NamesAndTypesTheFile) {
  const ExportTable table = Table(R"([{"service": "EC2", "cost": 1.5, "ok": true,
    "day": "2026-01-05", "at": "2026-01-05T10:00:00Z", "old": "1850-01-01", "n": null,
    "big": 9007199254740993}])",
                                  "Monthly Cost: \xc3\x9c"
                                  "bersicht");
  struct Case {
    ExportFormat format;
    const char* type;
    const char* magic;
    const char* extension;
  };
  for (const Case& c : {Case{ExportFormat::kCsv, "text/csv", "service,", ".csv"},
                        Case{ExportFormat::kJson, "application/json", "[", ".json"},
                        Case{ExportFormat::kXlsx, "application/vnd.", "PK", ".xlsx"},
                        Case{ExportFormat::kPdf, "application/pdf", "%PDF-", ".pdf"}}) {
    ExportOptions options;
    options.include_charts = true;
    options.page_size = PageSize::kA4;
    options.orientation = Orientation::kLandscape;
    const auto file = Export(table, c.format, options, kNow);
    ASSERT_TRUE(file.ok()) << file.error().message();
    EXPECT_THAT(file->content_type, ::testing::StartsWith(c.type));
    EXPECT_THAT(file->bytes, ::testing::StartsWith(c.magic));
    EXPECT_EQ(file->file_name, std::string("monthly-cost-\xc3\x9c"
                                           "bersicht-20260101T000000Z") +
                                   c.extension);
  }
}

TEST(ExportTest, WritesEmptyTables) {
  for (const auto format :
       {ExportFormat::kCsv, ExportFormat::kJson, ExportFormat::kXlsx, ExportFormat::kPdf}) {
    ExportOptions options;
    options.include_charts = true;
    EXPECT_TRUE(Export(Table("[]", ""), format, options, kNow).ok());
  }
}

TEST(ExportTest, TellsProgress) {
  ExportTable table{.title = "t", .columns = {{.name = "a"}}};
  table.rows.resize(2'001, json::Array{json::Value(1)});
  for (const auto format : {ExportFormat::kXlsx, ExportFormat::kPdf}) {
    std::size_t last = 0;
    ASSERT_TRUE(Export(table, format, {}, kNow, [&](std::size_t rows) { last = rows; }).ok());
    EXPECT_EQ(last, 2'000u);
  }
}

TEST(XlsxTest, RefusesACellThatIsTooLong) {
  ExportTable table{.title = "t",
                    .columns = {{.name = "notes"}},
                    .rows = {{json::Value("short")}, {json::Value(std::string(40'000, 'x'))}}};
  const auto file = Export(table, ExportFormat::kXlsx, {}, kNow);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().field(), "data.1.notes");
  table.columns[0].name = std::string(40'000, 'x');
  EXPECT_EQ(Export(table, ExportFormat::kXlsx, {}, kNow).error().field(), "data.0");
}

TEST(XlsxTest, TakesAnyTitleAndText) {
  const std::string titles[] = {"",
                                "History",
                                "chart",
                                "a/b:c?[d]*\\",
                                "'quoted'",
                                std::string(100, 'x'),
                                "\u65e5\u672c\u8a9e",
                                "\xff broken"};
  for (const std::string& title : titles) {
    ExportTable table{.title = title,
                      .columns = {{.name = "a"}},
                      .rows = {{json::Value(std::string("nul\0 \xef\xbf\xbf \x01", 12))}}};
    EXPECT_TRUE(Export(table, ExportFormat::kXlsx, {}, kNow).ok()) << title;
  }
}

TEST(SlugTest, KeepsLettersAndDigits) {
  EXPECT_EQ(Slug("Monthly Cost"), "monthly-cost");
  EXPECT_EQ(Slug("  --a  b--  "), "a-b");
  EXPECT_EQ(Slug(""), "report");
  EXPECT_EQ(Slug("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(Slug("\u202egpj.exe\u2028"), "gpj-exe");
  EXPECT_EQ(Slug("\u6708\u6b21 \U0001f600 x"), "\u6708\u6b21-x");
  EXPECT_EQ(Slug("\ue000\ufeff\u00a0"), "report");
  EXPECT_EQ(Slug("\xff"), "report");
  EXPECT_LE(Slug(std::string(500, 'a')).size(), 60u);
  std::string wide;
  for (int i = 0; i < 50; ++i) wide += "\u6708";
  EXPECT_EQ(Slug(wide).size(), 60u);
}

TEST(DispositionTest, HasBothForms) {
  EXPECT_EQ(ContentDisposition("a-1.pdf"), "attachment; filename=\"a-1.pdf\"");
  EXPECT_EQ(ContentDisposition("m\u00e4rz.pdf"),
            "attachment; filename=\"m_rz.pdf\"; filename*=UTF-8''m%C3%A4rz.pdf");
  EXPECT_EQ(ContentDisposition("a\"b\\.csv"),
            "attachment; filename=\"a_b_.csv\"; filename*=UTF-8''a%22b%5C.csv");
}

}  // namespace
}  // namespace securebase::reports

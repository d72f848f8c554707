#include "analytics/import.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "analytics/datasets.h"
#include "analytics/importer/tags.h"
#include "analytics/importer/value_parser.h"
#include "analytics/testing/memory_dataset_store.h"

namespace securebase::analytics {
namespace {

using testing::HasSubstr;

class ImportTest : public testing::Test {
 protected:
  ImportTest() { DefineDatasets(store_); }

  Result<ImportReport> Run(Format format, std::string_view text, ImportOptions options = {}) {
    if (options.customer.empty() && options.customer_column.empty()) options.customer = "acme";
    return ImportFiles(store_, format, {{"file", text}}, options);
  }
  ImportReport Good(Format format, std::string_view text, ImportOptions options = {}) {
    auto report = Run(format, text, std::move(options));
    if (!report.ok()) {
      ADD_FAILURE() << report.error().field() << ": " << report.error().message();
      return {};
    }
    return *std::move(report);
  }
  Error Bad(Format format, std::string_view text, ImportOptions options = {}) {
    auto report = Run(format, text, std::move(options));
    if (!report.ok()) return report.error();
    ADD_FAILURE() << "imported " << report->rows;
    return Internal("");
  }
  const MemoryDatasetStore::Row& Row(std::string_view dataset, std::size_t index) {
    return store_.rows(std::string(dataset)).at(index);
  }
  std::string Text(std::string_view dataset, std::size_t index, std::string_view field) {
    const auto& values = Row(dataset, index).values;
    const auto found = values.find(field);
    return found == values.end() ? "(absent)" : std::get<std::string>(found->second);
  }
  double Number(std::size_t index, std::string_view field) {
    return std::get<double>(Row("cost", index).values.find(field)->second);
  }

  MemoryDatasetStore store_;
};

constexpr std::string_view kFocusFile =
    "BilledCost,EffectiveCost,BillingAccountId,BillingPeriodStart,ChargePeriodStart,ServiceName,"
    "RegionId,ConsumedQuantity,ConsumedUnit,PricingQuantity,PricingUnit,ChargeCategory,Tags\n"
    "1.5,1.25,42,2026-05-01 00:00:00,2026-05-03T01:00:00Z,Compute,eu-1,2,Hours,9,x,Usage,"
    "\"{\"\"env\"\": \"\"prod\"\", \"\"n\"\": 5}\"\n"
    "\"$1,200.50 \",NULL,42,4/1/26,4/2/26,Store,NULL,null,null,3,Units,Purchase,NULL\n";

TEST_F(ImportTest, FocusMapsColumnsTagsAndMoney) {
  const ImportReport report = Good(Format::kFocus, kFocusFile);
  EXPECT_EQ(report.rows, 2u);
  EXPECT_EQ(report.rejected_count, 0u);
  EXPECT_EQ(Text("cost", 0, "service"), "Compute");
  EXPECT_EQ(Text("cost", 0, "tags.env"), "prod");
  EXPECT_EQ(Text("cost", 0, "tags.n"), "5");
  EXPECT_EQ(Text("cost", 0, "billing_period"), "2026-05");
  EXPECT_EQ(Row("cost", 0).source_key, "focus/42/2026-05");
  EXPECT_EQ(Number(0, "effective_cost"), 1.25);
  EXPECT_EQ(Number(0, "usage_quantity"), 2);
  EXPECT_EQ(Number(1, "billed_cost"), 1200.5);
  EXPECT_EQ(Number(1, "effective_cost"), 1200.5);
  EXPECT_EQ(Number(1, "usage_quantity"), 3);
  EXPECT_EQ(Text("cost", 1, "unit"), "Units");
  EXPECT_EQ(Text("cost", 1, "region"), "(absent)");
  EXPECT_EQ(Row("cost", 1).source_key, "focus/42/2026-04");
}

TEST_F(ImportTest, ImportingABillingPeriodAgainReplacesIt) {
  Good(Format::kFocus, kFocusFile);
  Good(Format::kFocus, kFocusFile);
  EXPECT_EQ(store_.rows("cost").size(), 2u);
  Good(Format::kFocus, kFocusFile, {.part = "2"});
  EXPECT_EQ(store_.rows("cost").size(), 4u);
  Good(Format::kFocus, kFocusFile, {.part = "1"});
  EXPECT_EQ(store_.rows("cost").size(), 4u);
}

TEST_F(ImportTest, RowsThatCannotBeTakenAreRejectedWithLineAndReason) {
  const ImportReport report = Good(Format::kFocus,
                                   "ChargePeriodStart,BilledCost,Tags\n"
                                   "2026-05-01,x,\n"
                                   "yesterday,1,\n"
                                   "0001-01-01,1,\n"
                                   "2026-05-01,1\n"
                                   "2026-05-01,,\n"
                                   ",1,\n"
                                   "2026-05-01,1,[]\n"
                                   "2026-05-01,1e300,\n"
                                   "2026-05-01,1,\xff\n"
                                   "2026-05-01,\"1\"x,\n"
                                   "2026-05-01,1,\n");
  EXPECT_EQ(report.rows, 1u);
  ASSERT_EQ(report.rejected_count, 10u);
  std::vector<std::string> reasons;
  for (const RejectedLine& line : report.rejected) {
    EXPECT_EQ(line.line, reasons.size() + 2);
    reasons.push_back(line.reason);
  }
  EXPECT_THAT(reasons,
              testing::ElementsAre("BilledCost is no number of a sensible size",
                                   "ChargePeriodStart is no date or time",
                                   "ChargePeriodStart is outside of the years 1990 to 2100",
                                   "has 2 fields where the header has 3", "BilledCost is missing",
                                   "ChargePeriodStart is missing", "Tags is no JSON object",
                                   "BilledCost is no number of a sensible size",
                                   "Tags is not UTF-8", "text follows a closing quote"));
}

TEST_F(ImportTest, WhenEveryLineIsRejectedNothingChanges) {
  Good(Format::kFocus, kFocusFile);
  const ImportReport report = Good(Format::kFocus, "ChargePeriodStart,BilledCost\n2026-05-01,x\n");
  EXPECT_EQ(report.rows, 0u);
  EXPECT_EQ(report.rejected_count, 1u);
  EXPECT_EQ(store_.rows("cost").size(), 2u);
}

TEST_F(ImportTest, OnlyTheFirstThousandRejectedLinesAreKept) {
  std::string text = "time,cost\n";
  for (int i = 0; i < 1500; ++i) text += "x,1\n";
  const ImportReport report = Good(Format::kCsv, text, {.dataset = "cost"});
  EXPECT_EQ(report.rejected_count, 1500u);
  EXPECT_EQ(report.rejected.size(), ImportReport::kRejectedKept);
}

TEST_F(ImportTest, FilesThatAreNotTheFormatNameTheMissingColumn) {
  EXPECT_EQ(Bad(Format::kFocus, "a,b\n1,2\n").field(), "ChargePeriodStart");
  EXPECT_EQ(Bad(Format::kFocus, "ChargePeriodStart\n1\n").field(), "BilledCost");
  EXPECT_EQ(Bad(Format::kCur, "a,b\n1,2\n").field(), "line_item_usage_start_date");
  EXPECT_EQ(Bad(Format::kCur, "lineItem/UsageStartDate\n1\n").field(), "line_item_unblended_cost");
  EXPECT_EQ(Bad(Format::kFocus, "").field(), "header");
  EXPECT_EQ(Bad(Format::kFocus, "a,a\n").field(), "header");
  EXPECT_EQ(Bad(Format::kFocus, "\xff\n").field(), "header");
  EXPECT_EQ(Bad(Format::kFocus, "\"a\n").field(), "header");
  EXPECT_EQ(Bad(Format::kFocus, kFocusFile, {.customer_column = "Who"}).field(), "Who");
  EXPECT_EQ(Bad(Format::kFocus, kFocusFile, {.dataset = "usage"}).field(), "dataset");
  EXPECT_EQ(Bad(Format::kCsv, "a\n", {.dataset = "nothing"}).field(), "dataset");
  EXPECT_EQ(Bad(Format::kCur, "a\n", {.columns = {{"a", "b"}}}).field(), "map");
}

TEST_F(ImportTest, CurReadsBothSpellingsAndAmortises) {
  Good(Format::kCur,
       "bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageStartDate,"
       "lineItem/ProductCode,lineItem/LineItemType,lineItem/UnblendedCost,"
       "lineItem/AvailabilityZone,savingsPlan/SavingsPlanEffectiveCost,"
       "savingsPlan/TotalCommitmentToDate,savingsPlan/UsedCommitment,resourceTags/user:env\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,Usage,2,us-east-1a,,,,prod\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,SavingsPlanCoveredUsage,2,,0.5,,,\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,SavingsPlanRecurringFee,3,,,3,2,\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,SavingsPlanNegation,-2,,,,,\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,Tax,1,,,,,\n"
       "1,2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,AmazonEC2,EdpDiscount,-1,,,,,\n");
  EXPECT_EQ(Text("cost", 0, "region"), "us-east-1");
  EXPECT_EQ(Text("cost", 0, "tags.env"), "prod");
  EXPECT_EQ(Row("cost", 0).source_key, "cur/1/2026-05");
  EXPECT_EQ(Number(1, "effective_cost"), 0.5);
  EXPECT_EQ(Number(2, "effective_cost"), 1);
  EXPECT_EQ(Text("cost", 2, "charge_category"), "Purchase");
  EXPECT_EQ(Number(3, "effective_cost"), 0);
  EXPECT_EQ(Text("cost", 3, "charge_category"), "Adjustment");
  EXPECT_EQ(Text("cost", 4, "charge_category"), "Tax");
  EXPECT_EQ(Text("cost", 5, "charge_category"), "Credit");

  Good(Format::kCur,
       "line_item_usage_start_date,line_item_unblended_cost,line_item_line_item_type,product,"
       "reservation_effective_cost,reservation_unused_recurring_fee,resource_tags\n"
       "2026-06-02T00:00:00Z,1,DiscountedUsage,\"{\"\"region\"\":\"\"eu-west-1\"\"}\",0.25,,"
       "\"{\"\"user_team\"\":\"\"a\"\"}\"\n"
       "2026-06-02T00:00:00Z,1,RIFee,,,0.75,{}\n");
  EXPECT_EQ(Text("cost", 6, "region"), "eu-west-1");
  EXPECT_EQ(Text("cost", 6, "tags.team"), "a");
  EXPECT_EQ(Number(6, "effective_cost"), 0.25);
  EXPECT_EQ(Number(7, "effective_cost"), 0.75);
}

TEST_F(ImportTest, CsvTakesOurNamesAliasesMappingsAndACustomerColumn) {
  Good(Format::kCsv,
       "charge_date,who,product_code,cost,quantity,tags.env,junk,tags\n"
       "2026-05-01,a,EC2,1.5,2,prod,x,\"{\"\"team\"\":\"\"t1\"\"}\"\n"
       "2026-05-01,b,S3,2.5,,,y,\n",
       {.customer_column = "who",
        .dataset = "cost",
        .columns = {{"service", "product_code"}, {"-", "junk"}}});
  EXPECT_EQ(Row("cost", 0).customer, "a");
  EXPECT_EQ(Row("cost", 1).customer, "b");
  EXPECT_EQ(Text("cost", 0, "service"), "EC2");
  EXPECT_EQ(Text("cost", 0, "tags.team"), "t1");
  EXPECT_EQ(Number(1, "effective_cost"), 2.5);
  EXPECT_EQ(Text("cost", 1, "tags.env"), "(absent)");
}

TEST_F(ImportTest, CsvRefusesWhatItDoesNotKnowByName) {
  const ImportOptions cost{.dataset = "cost"};
  EXPECT_EQ(Bad(Format::kCsv, "time,cost,colour\n", cost).field(), "colour");
  EXPECT_EQ(Bad(Format::kCsv, "time\n", cost).field(), "billed_cost");
  EXPECT_EQ(Bad(Format::kCsv, "cost\n", cost).field(), "time");
  EXPECT_EQ(Bad(Format::kCsv, "time,cost\n", {.dataset = "cost", .columns = {{"colour", "cost"}}})
                .field(),
            "colour");
  EXPECT_EQ(
      Bad(Format::kCsv, "time,cost\n", {.dataset = "cost", .columns = {{"service", "x"}}}).field(),
      "x");
  EXPECT_EQ(Bad(Format::kCsv, "time,cost\n", {.customer_column = "who", .dataset = "cost"}).field(),
            "who");
  EXPECT_EQ(Bad(Format::kCsv, "time,cost,amount\n", cost).field(), "amount");
}

TEST_F(ImportTest, NdjsonChecksTypesLineByLine) {
  const ImportReport report =
      Good(Format::kNdjson,
           "{\"time\":\"2026-05-01\",\"cost\":1,\"tags\":{\"env\":\"prod\"}}\n"
           "\n"
           "{\"time\":1777593600,\"cost\":2.5,\"tags.env\":\"dev\"}\n"
           "{\"time\":\"2026-05-01\",\"cost\":\"1\"}\n"
           "{\"time\":true,\"cost\":1}\n"
           "{\"time\":\"2026-05-01\"}\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"colour\":1}\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"service\":7}\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"cost\":2}\n"
           "[1]\n"
           "{\"time\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"tags\":{\"e\":1}}\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"tags\":1}\n"
           "{\"time\":\"2026-05-01\",\"cost\":1,\"tags\":{\"\":\"\"}}\n",
           {.dataset = "cost"});
  EXPECT_EQ(report.rows, 2u);
  EXPECT_EQ(report.rejected_count, 11u);
  EXPECT_EQ(report.rejected[0].line, 4u);
  EXPECT_EQ(report.rejected[0].reason, "billed_cost must be a number");
  EXPECT_EQ(report.rejected[1].reason, "time must be an ISO 8601 time or epoch seconds");
  EXPECT_EQ(report.rejected[2].reason, "billed_cost is missing");
  EXPECT_EQ(report.rejected[3].reason, "colour is no field of cost");
  EXPECT_EQ(report.rejected[4].reason, "service must be a string");
  EXPECT_THAT(report.rejected[5].reason, HasSubstr("cost"));
  EXPECT_EQ(report.rejected[6].reason, "must be a JSON object, not array");
  EXPECT_EQ(Text("cost", 0, "tags.env"), "prod");
  EXPECT_EQ(Text("cost", 1, "tags.env"), "dev");
}

TEST_F(ImportTest, RecordsOfEveryDatasetAreCheckedForTheirWords) {
  EXPECT_EQ(Good(Format::kJson, R"([{"time":"2026-05-01","metric":"api_calls","value":3}])",
                 {.dataset = "usage"})
                .rows,
            1u);
  const ImportReport findings =
      Good(Format::kJson,
           R"([{"time":"2026-05-01","id":"f1","title":"t","severity":"HIGH","status":"NEW",
           "compliance":"FAILED","resources":["a","b"]},
          {"time":"2026-05-01","id":"f2","title":"t","severity":"dreadful"},
          {"time":"2026-05-01","id":"f3","title":"t","severity":"low","resources":[1]}])",
           {.dataset = "findings"});
  EXPECT_EQ(findings.rows, 1u);
  EXPECT_THAT(findings.rejected[0].reason, HasSubstr("severity has no meaning"));
  EXPECT_EQ(Text("findings", 0, "severity"), "high");
  EXPECT_EQ(Text("findings", 0, "status"), "open");
  EXPECT_EQ(Text("findings", 0, "compliance_status"), "failed");
  EXPECT_EQ(Text("findings", 0, "resources"), "a\nb");
  const ImportReport controls = Good(Format::kCsv,
                                     "time,framework,control_id,status,resources\n"
                                     "2026-05-01,PCI DSS v4,1.1,FAIL,a;b\n"
                                     "2026-05-01,home grown,1.1,pass,\n",
                                     {.dataset = "controls"});
  EXPECT_EQ(controls.rows, 1u);
  EXPECT_EQ(Text("controls", 0, "framework"), "pci-dss");
  EXPECT_EQ(Text("controls", 0, "resources"), "a\nb");
}

TEST_F(ImportTest, JsonThatIsNoArrayIsRefused) {
  EXPECT_EQ(Bad(Format::kJson, "{}", {.dataset = "cost"}).field(), "body");
  EXPECT_EQ(Bad(Format::kJson, "[", {.dataset = "cost"}).wire_code(), "INVALID_REQUEST");
  EXPECT_EQ(Bad(Format::kAsff, "{\"Findings\":1}").field(), "Findings");
  EXPECT_EQ(Bad(Format::kAsff, "[").wire_code(), "INVALID_REQUEST");
}

TEST_F(ImportTest, CustomersMustBeNamed) {
  const ImportReport report = Good(Format::kCsv,
                                   "time,cost,who\n2026-05-01,1,\n2026-05-01,1,a\x01\n" +
                                       ("2026-05-01,1," + std::string(200, 'x')) + "\n",
                                   {.customer_column = "who", .dataset = "cost"});
  EXPECT_EQ(report.rows, 0u);
  EXPECT_EQ(report.rejected[0].reason, "customer is missing");
  EXPECT_EQ(report.rejected[1].reason, "customer holds a control character");
  EXPECT_EQ(report.rejected[2].reason, "customer is longer than 128 bytes");
}

constexpr std::string_view kFinding =
    R"({"Id":"f","Title":"T","UpdatedAt":"2026-05-01T00:00:00Z","AwsAccountId":"1",
        "GeneratorId":"x/Y.1","Severity":{"Normalized":70},"RecordState":"ACTIVE",
        "Workflow":{"Status":"NOTIFIED"},"ProductArn":"arn:aws:securityhub:eu-1::product/p/hub",
        "Compliance":{"Status":"FAILED","RelatedRequirements":["PCI DSS v3.2.1/1.2.1",
        "CIS-1.4 5.2 5.3","CISA a-1","NIST.800-53.r5 AC-4"],
        "AssociatedStandards":[{"StandardsId":"standards/soc2"}]},
        "Resources":[{"Id":"r1","Type":"Bucket"},{"Id":"r2"}]})";

TEST_F(ImportTest, AsffReadsSeverityStateRequirementsAndResources) {
  Good(Format::kAsff, kFinding);
  EXPECT_EQ(Text("findings", 0, "severity"), "high");
  EXPECT_EQ(Text("findings", 0, "status"), "open");
  EXPECT_EQ(Text("findings", 0, "control_id"), "Y.1");
  EXPECT_EQ(Text("findings", 0, "requirements"),
            "|cis/5.2|cis/5.3|nist-800-53/AC-4|pci-dss/1.2.1|soc2/Y.1|");
  EXPECT_EQ(Text("findings", 0, "resource_id"), "r1");
  EXPECT_EQ(Text("findings", 0, "resources"), "r1\nr2");
  EXPECT_EQ(Text("findings", 0, "region"), "eu-1");
  EXPECT_EQ(Text("findings", 0, "product"), "hub");
}

TEST_F(ImportTest, AsffComesAsArrayAnswerSingleFindingOrLines) {
  const std::string one(kFinding);
  std::string line = one;
  std::erase(line, '\n');
  EXPECT_EQ(Good(Format::kAsff, "[" + one + "," + one + "]").rows, 2u);
  EXPECT_EQ(Good(Format::kAsff, "\xEF\xBB\xBF{\"findings\":[" + one + "]}").rows, 1u);
  EXPECT_EQ(Good(Format::kAsff, one).rows, 1u);
  const ImportReport lines = Good(Format::kAsff, line + "\n\n{broken\n" + line + "\n");
  EXPECT_EQ(lines.rows, 2u);
  EXPECT_EQ(lines.rejected[0].line, 3u);
  const ImportReport bad = Good(Format::kAsff,
                                R"([1, {}, {"Id":"a"}, {"Id":"a","Title":"t"},
          {"Id":"a","Title":"t","Severity":{"Label":"LOW"}},
          {"Id":"a","Title":"t","Severity":{"Label":"LOW"},"UpdatedAt":"9999-01-01"}])");
  EXPECT_EQ(bad.rows, 0u);
  EXPECT_EQ(bad.rejected_count, 6u);
  EXPECT_EQ(bad.rejected[1].reason, "Id must be a string");
  EXPECT_EQ(bad.rejected[5].reason, "UpdatedAt is outside of the years 1990 to 2100");
}

TEST_F(ImportTest, AFullDiskIsToldAndLeavesNothing) {
  store_.FailCommits(true);
  EXPECT_EQ(Bad(Format::kFocus, kFocusFile).code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(store_.rows("cost").empty());
}

TEST_F(ImportTest, ProgressIsToldAtTheEnd) {
  std::uint64_t rows = 0;
  ImportOptions options;
  options.customer = "a";
  options.progress = [&](std::uint64_t done, std::uint64_t) { rows = done; };
  Good(Format::kFocus, kFocusFile, options);
  EXPECT_EQ(rows, 2u);
}

TEST(ValueParserTest, ReadsAmountsAsSpreadsheetsWriteThem) {
  auto is = [](std::string_view text, std::optional<double> want) {
    EXPECT_EQ(ParseAmount(text), want) << text;
  };
  is("1", 1);
  is("-0.5", -0.5);
  is("5.2E-9", 5.2e-9);
  is("$1,234.50 ", 1234.5);
  is("-$3", -3);
  is("(12.00)", -12);
  is("+7", 7);
  for (std::string_view bad : {"", "x", "1x", "inf", "nan", "1e99", "$", "--1", "()", "1 2"})
    is(bad, {});
}

TEST(ValueParserTest, ReadsTimesAndRemembersThem) {
  TimeParser parser;
  auto is = [&](std::string_view text, std::int64_t want) {
    for (int i = 0; i < 2; ++i) {
      const auto time = parser.Parse(text);
      ASSERT_TRUE(time) << text;
      EXPECT_EQ(ToUnixSeconds(*time), want) << text;
    }
  };
  is("2026-05-01", 1777593600);
  is("2026-05-01 00:00:00", 1777593600);
  is("2026-05-01T00:00:00.000Z", 1777593600);
  is("5/1/26", 1777593600);
  is("05/01/2026", 1777593600);
  is("1777593600", 1777593600);
  is("1777593600000", 1777593600);
  for (std::string_view bad : {"", "x", "13/1/26", "2/30/26", "1/1/026", "/1/26", "2026-13-01",
                               "1850-01-01", "2150-01-01", "-5"}) {
    EXPECT_FALSE(parser.Parse(bad)) << bad;
  }
}

TEST(FormatTest, NamesParseBack) {
  for (Format format : {Format::kFocus, Format::kCur, Format::kAsff, Format::kCsv, Format::kNdjson,
                        Format::kJson}) {
    EXPECT_EQ(*ParseFormat(ToText(format)), format);
  }
  EXPECT_EQ(ParseFormat("xml").error().field(), "format");
}

TEST(DatasetsTest, FrameworksAreToldFromTheirManyNames) {
  auto is = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(FrameworkOf(text), want) << text;
  };
  is("CIS AWS Foundations Benchmark v1.4.0", "cis");
  is("CIS-1.5", "cis");
  is("arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0", "cis");
  is("CISA", "");
  is("PCI-3.2.1", "pci-dss");
  is("NIST-800-53-Revision-4", "nist-800-53");
  is("NIST-CSF-1.1", "");
  is("ISO27001-2022", "iso-27001");
  is("HIPAA", "hipaa");
  is("SOC 2", "soc2");
}

// Files of public projects, where they stand beside the checkout.
class CorpusTest : public ImportTest {
 protected:
  static std::string Folder(const char* name) {
    return std::string(SB_SOURCE_DIR "/../shared/corpus/") + name;
  }
  static std::string Read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static bool Missing(const std::string& folder) {
    if (std::filesystem::exists(folder)) return false;
    std::cout << "left out: " << folder << " is not there\n";
    return true;
  }
};

TEST_F(CorpusTest, EveryCostFileImportsWhole) {
  const std::string folder = Folder("cost");
  if (Missing(folder)) GTEST_SKIP();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".csv") || name.starts_with("azure")) continue;
    const Format format = name.starts_with("focus") ? Format::kFocus : Format::kCur;
    const ImportReport report = Good(format, Read(entry.path()));
    EXPECT_GT(report.rows, 0u) << name;
    EXPECT_EQ(report.rejected_count, 0u)
        << name << (report.rejected.empty() ? "" : report.rejected[0].reason);
    if (name == "cur2-real-export.csv") {
      EXPECT_EQ(report.rows, 1254u);
    }
    if (name == "cur-legacy-anonymous-daily.csv") {
      EXPECT_EQ(report.rows, 854u);
    }
    if (name == "focus-1.0-sample.csv") {
      EXPECT_EQ(report.rows, 667u);
    }
  }
}

TEST_F(CorpusTest, AzureExportsImportWithAMapping) {
  const std::string folder = Folder("cost");
  if (Missing(folder)) GTEST_SKIP();
  const std::string text = Read(folder + "/azure-ea-actual-cost.csv");
  ImportOptions options{.dataset = "cost",
                        .columns = {{"time", "Date"},
                                    {"cost", "Cost"},
                                    {"service", "MeterCategory"},
                                    {"region", "ResourceLocation"},
                                    {"resource_id", "ResourceId"},
                                    {"quantity", "Quantity"}}};
  const std::string header = text.substr(3, text.find_first_of("\r\n") - 3);
  for (std::size_t at = 0; at <= header.size();) {
    const std::size_t end = std::min(header.find(',', at), header.size());
    const std::string column = header.substr(at, end - at);
    at = end + 1;
    if (column == "Tags") continue;
    bool mapped = false;
    for (const auto& [field, source] : options.columns) mapped |= field != "-" && source == column;
    if (!mapped) options.columns["-"] += "," + column;
  }
  const ImportReport report = Good(Format::kCsv, text, options);
  EXPECT_EQ(report.rows, 11u);
}

TEST_F(CorpusTest, EveryAsffFileImportsWhole) {
  const std::string folder = Folder("security");
  if (Missing(folder)) GTEST_SKIP();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("asff") && !name.starts_with("securityhub")) continue;
    const ImportReport report = Good(Format::kAsff, Read(entry.path()));
    ++files;
    EXPECT_GT(report.rows, 0u) << name;
    EXPECT_EQ(report.rejected_count, 0u)
        << name << " " << (report.rejected.empty() ? "" : report.rejected[0].reason);
    if (name == "asff_prowler_account_scan.json") {
      EXPECT_EQ(report.rows, 731u);
    }
  }
  EXPECT_GT(files, 70u);
}

}  // namespace
}  // namespace securebase::analytics

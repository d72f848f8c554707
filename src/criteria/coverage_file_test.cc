#include "criteria/coverage_file.h"

#include <gtest/gtest.h>

namespace securebase::criteria {
namespace {

void Reads(std::string_view text, double percent, std::string_view format) {
  const Result<Coverage> coverage = ParseCoverageFile(text);
  ASSERT_TRUE(coverage.ok()) << coverage.error().message() << "\n" << text;
  EXPECT_NEAR(coverage->percent, percent, 1e-9) << text;
  EXPECT_EQ(coverage->format, format);
}

void Refuses(std::string_view text, std::string_view part) {
  const Result<Coverage> coverage = ParseCoverageFile(text);
  ASSERT_FALSE(coverage.ok()) << text;
  EXPECT_NE(coverage.error().message().find(part), std::string::npos)
      << coverage.error().message() << "\n"
      << text;
}

TEST(CoverageFileTest, ReadsCobertura) {
  Reads(R"(<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<!-- written by a <tool> -->
<coverage line-rate="0.9312" branch-rate='0.5' version="gcovr 5.2"><packages/></coverage>)",
        93.12, "cobertura");
  Reads("<coverage lines-covered='932' lines-valid = \"1000\" line-rate='0.93'/>", 93.2,
        "cobertura");
  Reads("\xef\xbb\xbf<coverage\n\tline-rate=\"1\">", 100, "cobertura");
}

TEST(CoverageFileTest, RefusesWhatIsNotCobertura) {
  Refuses("<", "not <coverage>");
  Refuses("<coverageX line-rate='1'>", "not <coverage>");
  Refuses("<testsuite/>", "not <coverage>");
  Refuses("<!-- never ends", "unfinished");
  Refuses("<!DOCTYPE x [<!ENTITY a 'b'>]><coverage line-rate='1'>", "declarations of its own");
  Refuses("<?xml?>", "no element");
  Refuses("<coverage", "not <coverage>");
  Refuses("<coverage ", "not <coverage>");
  Refuses("<coverage a", "without a value");
  Refuses("<coverage a=b>", "without quotes");
  Refuses("<coverage a='b", "unfinished");
  Refuses("<coverage a='b'", "unfinished");
  Refuses("<coverage/>", "no line-rate");
  Refuses("<coverage line-rate='1.2'/>", "0 to 1");
  Refuses("<coverage line-rate='nan'/>", "0 to 1");
  Refuses("<coverage lines-covered='x' lines-valid='2'/>", "no counts");
  Refuses("<coverage lines-covered='3' lines-valid='2'/>", "more lines");
  Refuses("<coverage lines-covered='0' lines-valid='0'/>", "no lines");
}

TEST(CoverageFileTest, ReadsLcov) {
  Reads("TN:\nSF:a.cc\nDA:1,5\nLF:10\nLH:9\nend_of_record\nSF:b.cc\r\nLF:30\r\nLH:21\r\n", 75,
        "lcov");
  Reads("SF:a.cc\nDA:1,5\nDA:2,0\nDA:3,1,checksum\nDA:4,0\nend_of_record\n", 50, "lcov");
}

TEST(CoverageFileTest, RefusesWhatIsNotLcov) {
  Refuses("SF:a.cc\nLF:many\n", "not a count");
  Refuses("SF:a.cc\nLF:-1\n", "not a count");
  Refuses("SF:a.cc\nLF:9223372036854775807\n", "not a count");
  Refuses("SF:a.cc\nDA:1\n", "without a count");
  Refuses("SF:a.cc\n", "no lines");
  Refuses("SF:a.cc\nLF:1\nLH:2\n", "more lines");
  std::string absurd = "SF:a\n";
  for (int i = 0; i < 3; ++i) absurd += "LF:1099511627776\n";
  Refuses(absurd, "absurd");
}

TEST(CoverageFileTest, ReadsCoveragePy) {
  Reads(R"({"meta": {"version": "7"}, "files": {},
            "totals": {"covered_lines": 93, "num_statements": 100, "percent_covered": 92.5}})",
        92.5, "coverage.py");
  const auto coverage = ParseCoverageFile(
      R"({"totals": {"covered_lines": 93, "num_statements": 100, "percent_covered": 93.0}})");
  ASSERT_TRUE(coverage.ok());
  EXPECT_EQ(coverage->lines_covered, 93u);
  EXPECT_EQ(coverage->lines_valid, 100u);
  EXPECT_FALSE(ParseCoverageFile(R"({"totals": {"percent_covered": 1}})")->lines_valid);
}

TEST(CoverageFileTest, RefusesWhatIsNotCoveragePy) {
  Refuses("{", "");
  Refuses("{}", "totals");
  Refuses(R"({"totals": {}})", "percent_covered");
  Refuses(R"({"totals": {"percent_covered": 101}})", "percent_covered");
  Refuses(R"({"totals": {"percent_covered": "93"}})", "percent_covered");
}

TEST(CoverageFileTest, RefusesEverythingElse) {
  Refuses("", "neither");
  Refuses("93 %", "neither");
  Refuses(std::string_view("\0\0", 2), "neither");
}

}  // namespace
}  // namespace securebase::criteria

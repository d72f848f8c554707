#include "analytics/csv_reader.h"

#include <gmock/gmock.h>

namespace securebase::analytics {
namespace {

using testing::ElementsAre;

std::vector<std::vector<std::string>> Read(std::string_view text, char separator = ',') {
  CsvReader reader(text, separator);
  std::vector<std::vector<std::string>> rows;
  while (reader.Next()) {
    EXPECT_EQ(reader.problem(), "");
    rows.emplace_back(reader.fields().begin(), reader.fields().end());
  }
  return rows;
}

TEST(CsvReaderTest, SplitsRowsAndFields) {
  EXPECT_THAT(Read("a,b,c\n1,2,3\n"),
              ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("1", "2", "3")));
  EXPECT_THAT(Read("a;b\n", ';'), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(Read(""), ElementsAre());
}

TEST(CsvReaderTest, AcceptsCrlfByteOrderMarkBlankLinesAndNoLastNewline) {
  EXPECT_THAT(Read("\xEF\xBB\xBF"
                   "a,b\r\n\r\n\n1,2\r\n3,4"),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2"), ElementsAre("3", "4")));
  EXPECT_THAT(Read("\"a\",b\r"), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(Read("b,\"a\"\r"), ElementsAre(ElementsAre("b", "a")));
}

TEST(CsvReaderTest, KeepsEmptyFields) {
  EXPECT_THAT(Read(",\n,,x\n\"\",\n"),
              ElementsAre(ElementsAre("", ""), ElementsAre("", "", "x"), ElementsAre("", "")));
  EXPECT_THAT(Read("a,"), ElementsAre(ElementsAre("a", "")));
  EXPECT_THAT(Read("\"a\","), ElementsAre(ElementsAre("a", "")));
}

TEST(CsvReaderTest, QuotedFieldsHoldSeparatorsNewlinesAndDoubledQuotes) {
  EXPECT_THAT(Read("\"a,b\",\"c\nd\",\"e \"\"f\"\" g\",\"\"\"\"\n"),
              ElementsAre(ElementsAre("a,b", "c\nd", "e \"f\" g", "\"")));
  // Views of several unquoted fields of one row stay valid beside each other.
  EXPECT_THAT(Read("\"1\"\"\",\"2\"\"\",\"3\"\"\"\n"),
              ElementsAre(ElementsAre("1\"", "2\"", "3\"")));
  EXPECT_THAT(Read("a\"b,c\n"), ElementsAre(ElementsAre("a\"b", "c")));
}

TEST(CsvReaderTest, CountsLinesAcrossQuotedNewlines) {
  CsvReader reader("a\n\"b\nc\"\n\nd\n");
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.line(), 1u);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.line(), 2u);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.line(), 5u);
  EXPECT_FALSE(reader.Next());
  EXPECT_EQ(reader.position(), 11u);
}

TEST(CsvReaderTest, TellsBrokenRowsAndGoesOnBehindThem) {
  CsvReader reader("\"a\"x,1\nb,2\n\"open,3\nc,4\n");
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.problem(), "text follows a closing quote");
  ASSERT_TRUE(reader.Next());
  EXPECT_THAT(reader.fields(), ElementsAre("b", "2"));
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.problem(), "a quote is not closed");
  EXPECT_EQ(reader.line(), 3u);
  ASSERT_TRUE(reader.Next());
  EXPECT_THAT(reader.fields(), ElementsAre("c", "4"));
  EXPECT_EQ(reader.line(), 4u);
  EXPECT_FALSE(reader.Next());
}

TEST(CsvReaderTest, FindsSeparatorsAtEveryOffsetOfABlock) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string text = std::string(size, 'x') + "," + std::string(size / 2, 'y') + "\nz,w\n";
    EXPECT_THAT(Read(text),
                ElementsAre(ElementsAre(std::string(size, 'x'), std::string(size / 2, 'y')),
                            ElementsAre("z", "w")));
  }
}

}  // namespace
}  // namespace securebase::analytics

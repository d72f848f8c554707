// What is promised: the metrics that DynamoDB publishes, by table and operation, by table, and
// once without dimensions; nothing of internal tables.
#include "documents/measured_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"

namespace securebase::documents {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

/// Remembers each measurement as "Name{TableName=t,Operation=o} value Unit".
class Recorder final : public Telemetry {
 public:
  void Publish(const Measurement& m) override {
    EXPECT_EQ(m.namespace_name, "AWS/DynamoDB");
    std::string text(m.name);
    text += "{";
    for (const auto& [name, value] : m.dimensions) {
      if (text.back() != '{') text += ",";
      text += std::string(name) + "=" + std::string(value);
    }
    char number[32];
    std::snprintf(number, sizeof number, "%g", m.value);
    seen.push_back(text + "} " + number + " " + std::string(m.unit));
  }
  void PublishTwice(const Measurement& m) override {
    Publish(m);
    Measurement plain = m;
    plain.dimensions.clear();
    Publish(plain);
  }
  void LogEvents(std::string_view, std::span<const std::string>) override {}

  std::vector<std::string> seen;
};

/// Answers what the test put in, after 7 ms.
class ScriptedStore final : public DocumentStore {
 public:
  explicit ScriptedStore(ManualClock& clock) : clock_(clock) {}
  Result<TableDescription> CreateTable(const Account&, TableDescription table) override {
    return table;
  }
  Result<> DeleteTable(const Account&, const std::string&) override { return {}; }
  Result<TableDescription> DescribeTable(const Account&, const std::string& name) const override {
    TableDescription table;
    table.name = name;
    table.internal = name == "internal";
    return table;
  }
  std::vector<TableDescription> ListTables(const Account&) const override { return {{}, {}}; }
  Result<TableStatistics> Statistics(const Account&, const std::string&) const override {
    return TableStatistics{.item_count = 3};
  }
  Result<std::optional<VersionedItem>> Get(const Account&, const std::string&,
                                           const Item&) const override {
    clock_.Advance(Duration(7));
    if (error) return *error;
    return std::optional<VersionedItem>(VersionedItem{.item = item});
  }
  Result<std::vector<WriteResult>> Transact(const Account&, std::vector<Write> writes) override {
    clock_.Advance(Duration(7));
    if (error) return *error;
    return std::vector<WriteResult>(writes.size(), WriteResult{.after = item});
  }
  Result<RangePage> Range(const Account&, const RangeRequest&) const override {
    clock_.Advance(Duration(7));
    if (error) return *error;
    return RangePage{.items = {item, item}, .bytes = 9000};
  }

  std::optional<Error> error;
  Item item = {{"data", Value(std::string(5000, 'x'))}};

 private:
  ManualClock& clock_;
};

class MeasuredStoreTest : public ::testing::Test {
 protected:
  ManualClock clock_{FromUnixSeconds(0)};
  ScriptedStore inner_{clock_};
  Recorder recorder_;
  MeasuredDocumentStore store_{inner_, recorder_, clock_};
  Account account_;
};

TEST_F(MeasuredStoreTest, MeasuresARead) {
  ASSERT_TRUE(store_.Get(account_, "t", {}).ok());
  for (const char* text : {"SuccessfulRequestLatency{TableName=t,Operation=GetItem} 7 Milliseconds",
                           "SuccessfulRequestLatency{TableName=t} 7 Milliseconds",
                           "SuccessfulRequestLatency{} 7 Milliseconds",
                           "ConsumedReadCapacityUnits{TableName=t,Operation=GetItem} 2 Count"}) {
    EXPECT_THAT(recorder_.seen, Contains(text));
  }
}

TEST_F(MeasuredStoreTest, MeasuresQueriesAndScans) {
  ASSERT_TRUE(store_.Range(account_, {.table = "t", .partition = Value("p")}).ok());
  ASSERT_TRUE(store_.Range(account_, {.table = "t"}).ok());
  for (const char* text : {"ReturnedItemCount{TableName=t,Operation=Query} 2 Count",
                           "ReturnedItemCount{TableName=t,Operation=Scan} 2 Count",
                           "ConsumedReadCapacityUnits{TableName=t,Operation=Scan} 3 Count"}) {
    EXPECT_THAT(recorder_.seen, Contains(text));
  }
}

TEST_F(MeasuredStoreTest, MeasuresWritesAndTransactions) {
  ASSERT_TRUE(store_.Transact(account_, {{.table = "t"}}).ok());
  EXPECT_THAT(recorder_.seen,
              Contains("ConsumedWriteCapacityUnits{TableName=t,Operation=PutItem} 5 Count"));
  ASSERT_TRUE(store_.Transact(account_, {{.table = "t"}, {.table = "internal"}}).ok());
  EXPECT_THAT(
      recorder_.seen,
      Contains("ConsumedWriteCapacityUnits{TableName=t,Operation=TransactWriteItems} 10 Count"));
  EXPECT_THAT(recorder_.seen, Not(Contains(::testing::HasSubstr("internal"))));
}

TEST_F(MeasuredStoreTest, TellsWhoseFaultAnErrorIs) {
  inner_.error = InvalidArgument("Key", "wrong");
  EXPECT_FALSE(store_.Get(account_, "t", {}).ok());
  EXPECT_THAT(recorder_.seen, Contains("UserErrors{TableName=t,Operation=GetItem} 1 Count"));
  inner_.error = Unavailable("the disk is full");
  EXPECT_FALSE(store_.Transact(account_, {{.table = "t"}}).ok());
  EXPECT_THAT(recorder_.seen, Contains("SystemErrors{TableName=t,Operation=PutItem} 1 Count"));
  inner_.error = Error(ErrorCode::kConflict, "no", {}, "ConditionalCheckFailedException");
  EXPECT_FALSE(store_.Transact(account_, {{.table = "t"}}).ok());
  EXPECT_THAT(recorder_.seen,
              Contains("ConditionalCheckFailedRequests{TableName=t,Operation=PutItem} 1 Count"));
  EXPECT_THAT(recorder_.seen, Contains("ConditionalCheckFailedRequests{} 1 Count"));
}

TEST_F(MeasuredStoreTest, ATableThatDoesNotExistBecomesNoDimension) {
  inner_.error = Error(ErrorCode::kNotFound, "none", {}, "ResourceNotFoundException");
  EXPECT_FALSE(store_.Range(account_, {.table = "anything"}).ok());
  EXPECT_THAT(recorder_.seen, ::testing::ElementsAre("UserErrors{} 1 Count"));
}

TEST_F(MeasuredStoreTest, PublishesNothingOfInternalTables) {
  ASSERT_TRUE(store_.Get(account_, "internal", {}).ok());
  ASSERT_TRUE(store_.Range(account_, {.table = "internal"}).ok());
  ASSERT_TRUE(store_.Transact(account_, {{.table = "internal"}}).ok());
  EXPECT_THAT(recorder_.seen, IsEmpty());
}

TEST_F(MeasuredStoreTest, PassesTheRestThrough) {
  EXPECT_TRUE(store_.CreateTable(account_, {}).ok());
  EXPECT_TRUE(store_.DeleteTable(account_, "t").ok());
  EXPECT_EQ(store_.DescribeTable(account_, "t")->name, "t");
  EXPECT_EQ(store_.ListTables(account_).size(), 2u);
  EXPECT_EQ(store_.Statistics(account_, "t")->item_count, 3u);
}

TEST(CapacityTest, CountsStartedUnits) {
  EXPECT_EQ(ReadUnits(0), 1);
  EXPECT_EQ(ReadUnits(4096), 1);
  EXPECT_EQ(ReadUnits(4097), 2);
  EXPECT_EQ(WriteUnits(1024), 1);
  EXPECT_EQ(WriteUnits(1025), 2);
}

}  // namespace
}  // namespace securebase::documents

// What is promised: keys in the order DynamoDB promises, condition and write as one step, all or
// nothing over several items, statistics that add up, pages that neither lose nor repeat an
// item, and all of it again after a restart.
#include "documents/embedded_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "documents/key_codec.h"

namespace securebase::documents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Value Int(std::int64_t value) { return Value(Number::FromInt(value)); }

class EmbeddedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(); }
  void TearDown() override { Crash(); }

  void Crash() {
    engine_.reset();
    store_.reset();
  }

  /// Anew on the same folder, as after a crash.
  void Start() {
    Crash();
    storage::EngineOptions options;
    options.folder = folder_.path() + "/data";
    options.journal_file_bytes = 4 << 20;
    auto engine = storage::Engine::Open(options, PosixFileSystem());
    ASSERT_TRUE(engine.ok()) << engine.error().message();
    engine_ = *std::move(engine);
    auto store = EmbeddedDocumentStore::Open(*engine_, ProductTables("test"), random_);
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = *std::move(store);
    auto recovered = engine_->Recover();
    ASSERT_TRUE(recovered.ok()) << recovered.error().message();
  }

  TableDescription Create(const std::string& name, KeyType sort_type = KeyType::kString) {
    TableDescription table;
    table.name = name;
    table.partition_key = {.name = "p"};
    table.sort_key = KeyAttribute{.name = "s", .type = sort_type};
    auto created = store_->CreateTable(account_, table);
    EXPECT_TRUE(created.ok()) << (created.ok() ? "" : created.error().message());
    return created.ok() ? *created : table;
  }

  void Put(const std::string& table, Item item) {
    auto put = store_->Put(account_, table, std::move(item));
    ASSERT_TRUE(put.ok()) << put.error().message();
  }

  std::vector<std::string> SortKeys(const RangeRequest& request) {
    auto page = store_->Range(account_, request);
    EXPECT_TRUE(page.ok()) << (page.ok() ? "" : page.error().message());
    std::vector<std::string> keys;
    if (!page.ok()) return keys;
    for (const Item& item : page->items) {
      const Value& key = item.find("s")->second;
      keys.push_back(key.number() ? key.number()->text() : *key.string());
    }
    return keys;
  }

  TempFolder folder_;
  SeededRandom random_{1};
  Account account_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<EmbeddedDocumentStore> store_;
};

TEST_F(EmbeddedStoreTest, APutItemComesBackAlsoAfterARestart) {
  TableDescription table = Create("t");
  EXPECT_EQ(table.id.size(), 36u);
  Item item = {{"p", "a"}, {"s", "1"}, {"text", "hello"}};
  Put("t", item);

  for (int restart = 0; restart < 3; ++restart) {
    auto found = store_->Get(account_, "t", {{"p", "a"}, {"s", "1"}});
    ASSERT_TRUE(found.ok() && *found);
    EXPECT_EQ((*found)->item, item);
    EXPECT_GT((*found)->version, 0u);
    EXPECT_EQ(store_->DescribeTable(account_, "t")->id, table.id);
    if (restart == 1) {
      ASSERT_TRUE(engine_->Checkpoint().ok());
    }
    Start();
  }
}

TEST_F(EmbeddedStoreTest, VersionsGrowAndADeletedItemIsGone) {
  Create("t");
  Item key = {{"p", "a"}, {"s", "1"}};
  Put("t", key);
  Version first = (*store_->Get(account_, "t", key))->version;
  Put("t", key);
  EXPECT_GT((*store_->Get(account_, "t", key))->version, first);
  ASSERT_TRUE(store_->Delete(account_, "t", key).ok());
  EXPECT_FALSE(store_->Get(account_, "t", key)->has_value());
  EXPECT_TRUE(store_->Delete(account_, "t", key).ok());
}

TEST_F(EmbeddedStoreTest, ARefusingMutationRefusesTheWholeTransaction) {
  Create("t");
  Create("u");
  auto put = [](Item item) {
    return [item](const Item*) -> Result<Change> {
      return Change{.kind = Change::Kind::kPut, .item = item};
    };
  };
  Item a = {{"p", "a"}, {"s", "1"}};
  auto refuse = [](const Item*) -> Result<Change> { return Conflict("no"); };

  auto refused = store_->Transact(account_, {{"t", a, put(a)}, {"u", a, refuse}});

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "no");
  EXPECT_FALSE(store_->Get(account_, "t", a)->has_value());
  ASSERT_TRUE(store_->Transact(account_, {{"t", a, put(a)}, {"u", a, put(a)}}).ok());
  EXPECT_TRUE(store_->Get(account_, "t", a)->has_value());
  EXPECT_TRUE(store_->Get(account_, "u", a)->has_value());
}

TEST_F(EmbeddedStoreTest, TellsWhatWasThereBeforeAndAfter) {
  Create("t");
  Item key = {{"p", "a"}, {"s", "1"}};
  Item item = key;
  item["n"] = Int(1);
  auto kind = [&](Change::Kind kind) {
    return store_->Transact(account_, {{"t", key, [&, kind](const Item*) -> Result<Change> {
                                          return Change{.kind = kind, .item = item};
                                        }}});
  };
  auto none = kind(Change::Kind::kNone);
  EXPECT_FALSE(none->front().after || none->front().before || none->front().version);
  auto put = kind(Change::Kind::kPut);
  EXPECT_FALSE(put->front().before);
  EXPECT_EQ(put->front().after, item);
  auto kept = kind(Change::Kind::kNone);
  EXPECT_EQ(kept->front().before, item);
  EXPECT_EQ(kept->front().after, item);
  EXPECT_EQ(kept->front().version, put->front().version);
  auto deleted = kind(Change::Kind::kDelete);
  EXPECT_EQ(deleted->front().before, item);
  EXPECT_FALSE(deleted->front().after);
}

TEST_F(EmbeddedStoreTest, ConcurrentIncrementsOfOneItemAllCount) {
  Create("t");
  Item key = {{"p", "a"}, {"s", "1"}};
  auto increment = [&](const Item* present) -> Result<Change> {
    Item next = key;
    Number count = present ? *present->find("n")->second.number() : Number();
    next["n"] = Value(*Add(count, Number::FromInt(1)));
    return Change{.kind = Change::Kind::kPut, .item = next};
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(store_->Transact(account_, {{"t", key, increment}}).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ((*store_->Get(account_, "t", key))->item.find("n")->second, Int(200));
  EXPECT_EQ(store_->Statistics(account_, "t")->item_count, 1u);
}

TEST_F(EmbeddedStoreTest, CrossingTransactionsDoNotWaitForEachOther) {
  Create("t");
  Item a = {{"p", "a"}, {"s", "1"}};
  Item b = {{"p", "b"}, {"s", "1"}};
  auto put = [](const Item& item) {
    return [item](const Item*) -> Result<Change> {
      return Change{.kind = Change::Kind::kPut, .item = item};
    };
  };
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(store_->Transact(account_, {{"t", a, put(a)}, {"t", b, put(b)}}).ok());
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(store_->Transact(account_, {{"t", b, put(b)}, {"t", a, put(a)}}).ok());
  }
  other.join();
}

TEST_F(EmbeddedStoreTest, SortKeysComeInTheirOrder) {
  Create("t");
  Create("n", KeyType::kNumber);
  for (const char* key : {"b", "a", "ab", "B", "a\x01"}) Put("t", {{"p", "x"}, {"s", key}});
  for (std::int64_t key : {10, 9, -1, 100, 0}) Put("n", {{"p", "x"}, {"s", Int(key)}});

  EXPECT_THAT(SortKeys({.table = "t", .partition = Value("x")}),
              ElementsAre("B", "a", "a\x01", "ab", "b"));
  EXPECT_THAT(SortKeys({.table = "n", .partition = Value("x")}),
              ElementsAre("-1", "0", "9", "10", "100"));
  EXPECT_THAT(SortKeys({.table = "n", .partition = Value("x"), .descending = true}),
              ElementsAre("100", "10", "9", "0", "-1"));
}

TEST_F(EmbeddedStoreTest, ConditionsOnTheSortKeySelect) {
  Create("n", KeyType::kNumber);
  Create("t");
  for (std::int64_t key : {1, 2, 3, 4}) Put("n", {{"p", "x"}, {"s", Int(key)}});
  for (const char* key : {"a", "ab", "abc", "b"}) Put("t", {{"p", "x"}, {"s", key}});
  using Op = SortCondition::Op;
  auto keys = [&](const char* table, Op op, Value low, Value high = {}) {
    return SortKeys({.table = table,
                     .partition = Value("x"),
                     .sort = SortCondition{.op = op, .low = low, .high = high}});
  };
  EXPECT_THAT(keys("n", Op::kEqual, Int(2)), ElementsAre("2"));
  EXPECT_THAT(keys("n", Op::kLess, Int(2)), ElementsAre("1"));
  EXPECT_THAT(keys("n", Op::kLessOrEqual, Int(2)), ElementsAre("1", "2"));
  EXPECT_THAT(keys("n", Op::kGreater, Int(2)), ElementsAre("3", "4"));
  EXPECT_THAT(keys("n", Op::kGreaterOrEqual, Int(2)), ElementsAre("2", "3", "4"));
  EXPECT_THAT(keys("n", Op::kBetween, Int(2), Int(3)), ElementsAre("2", "3"));
  EXPECT_THAT(keys("n", Op::kBetween, Int(3), Int(2)), IsEmpty());
  EXPECT_THAT(keys("t", Op::kBeginsWith, "ab"), ElementsAre("ab", "abc"));
  EXPECT_THAT(keys("t", Op::kEqual, "ab"), ElementsAre("ab"));
}

TEST_F(EmbeddedStoreTest, PagesLoseAndRepeatNothing) {
  Create("t");
  for (int i = 0; i < 25; ++i) {
    Put("t", {{"p", Value(std::to_string(i % 3))}, {"s", Value(std::to_string(100 + i))}});
  }
  for (bool descending : {false, true}) {
    RangeRequest request{
        .table = "t", .partition = Value("1"), .descending = descending, .items_max = 3};
    std::vector<std::string> seen;
    int pages = 0;
    do {
      auto page = store_->Range(account_, request);
      ASSERT_TRUE(page.ok());
      for (const Item& item : page->items) seen.push_back(StringAttribute(item, "s"));
      request.exclusive_start_key = page->last_key;
    } while (request.exclusive_start_key && ++pages < 100);
    EXPECT_EQ(seen.size(), 8u);
    EXPECT_TRUE(descending ? std::is_sorted(seen.rbegin(), seen.rend())
                           : std::is_sorted(seen.begin(), seen.end()));
  }
  EXPECT_EQ(store_->All(account_, "t")->size(), 25u);
  EXPECT_EQ(store_->All(account_, "t", Value("2"))->size(), 8u);
}

TEST_F(EmbeddedStoreTest, APageEndsAtItsBytes) {
  Create("t");
  for (int i = 0; i < 5; ++i) {
    Put("t",
        {{"p", "x"}, {"s", Value(std::to_string(i))}, {"data", Value(std::string(1000, 'd'))}});
  }
  RangeRequest request{.table = "t", .bytes_max = 1500};
  auto page = store_->Range(account_, request);
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_TRUE(page->last_key.has_value());
  EXPECT_GE(page->bytes, 2000u);
}

TEST_F(EmbeddedStoreTest, SegmentsPartTheTable) {
  Create("t");
  for (int i = 0; i < 60; ++i) Put("t", {{"p", Value(std::to_string(i))}, {"s", "x"}});
  std::set<std::string> all;
  for (std::uint32_t segment = 0; segment < 4; ++segment) {
    auto page = store_->Range(account_, {.table = "t", .segment = segment, .segments = 4});
    ASSERT_TRUE(page.ok());
    EXPECT_LT(page->items.size(), 60u);
    for (const Item& item : page->items) {
      EXPECT_TRUE(all.insert(StringAttribute(item, "p")).second);
    }
  }
  EXPECT_EQ(all.size(), 60u);
}

TEST_F(EmbeddedStoreTest, PartitionsThatBeginAlikeStayApart) {
  Create("t");
  std::string tricky[] = {"a", std::string("a\0", 2), std::string("a\0\1", 3), "a\xff", "ab"};
  for (const std::string& partition : tricky) Put("t", {{"p", Value(partition)}, {"s", "x"}});
  for (const std::string& partition : tricky) {
    auto items = store_->All(account_, "t", Value(partition));
    ASSERT_EQ(items->size(), 1u);
    EXPECT_EQ(StringAttribute(items->front(), "p"), partition);
  }
}

TEST_F(EmbeddedStoreTest, StatisticsFollowEveryWriteAndARestart) {
  Create("t");
  std::uint64_t bytes = 0;
  for (int i = 0; i < 10; ++i) {
    Item item = {{"p", "x"}, {"s", Value(std::to_string(i))}, {"d", Value(std::string(i, 'd'))}};
    bytes += ItemSize(item);
    Put("t", item);
  }
  ASSERT_TRUE(store_->Delete(account_, "t", {{"p", "x"}, {"s", "0"}}).ok());
  bytes -= ItemSize({{"p", "x"}, {"s", "0"}, {"d", ""}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->Statistics(account_, "t")->item_count, 9u);
    EXPECT_EQ(store_->Statistics(account_, "t")->size_bytes, bytes);
    Start();
  }
}

TEST_F(EmbeddedStoreTest, ADroppedTableIsGoneAndItsItemsAreSweptUp) {
  Create("t");
  for (int i = 0; i < 20; ++i) Put("t", {{"p", Value(std::to_string(i))}, {"s", "x"}});
  ASSERT_TRUE(store_->DeleteTable(account_, "t").ok());
  EXPECT_EQ(store_->DeleteTable(account_, "t").error().wire_code(), "ResourceNotFoundException");
  Create("t");
  EXPECT_THAT(*store_->All(account_, "t"), IsEmpty());
  ASSERT_TRUE(engine_->Checkpoint().ok());
  int items = 0;
  std::string prefix = {1, 'I'};
  ASSERT_TRUE(
      engine_->key_values()
          .Visit(prefix, storage::PrefixEnd(prefix), false, [&](auto, auto) { return ++items > 0; })
          .ok());
  EXPECT_EQ(items, 0);
  Start();
  EXPECT_THAT(*store_->All(account_, "t"), IsEmpty());
  EXPECT_EQ(store_->ListTables(account_).size(), 1u);
}

TEST_F(EmbeddedStoreTest, AccountsAndRegionsDoNotSeeEachOther) {
  Create("t");
  Put("t", {{"p", "a"}, {"s", "1"}});
  for (const Account& other : {Account{.id = "999999999999"}, Account{.region = "eu-west-1"}}) {
    EXPECT_THAT(store_->ListTables(other), IsEmpty());
    EXPECT_EQ(store_->Get(other, "t", {{"p", "a"}, {"s", "1"}}).error().code(),
              ErrorCode::kNotFound);
  }
}

TEST_F(EmbeddedStoreTest, RefusesATakenName) {
  Create("t");
  TableDescription again;
  again.name = "t";
  again.partition_key = {.name = "p"};
  auto refused = store_->CreateTable(account_, again);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().wire_code(), "ResourceInUseException");
}

TEST_F(EmbeddedStoreTest, RefusesWrongTables) {
  TableDescription table;
  EXPECT_EQ(store_->CreateTable(account_, table).error().field(), "TableName");
  table.name = "t";
  EXPECT_EQ(store_->CreateTable(account_, table).error().field(), "KeySchema");
  table.partition_key = {.name = "p"};
  table.sort_key = KeyAttribute{.name = "p"};
  EXPECT_EQ(store_->CreateTable(account_, table).error().field(), "KeySchema");
}

TEST_F(EmbeddedStoreTest, RefusesWrongKeysInTheServicesWords) {
  Create("t");
  auto get = [&](Item key) { return store_->Get(account_, "t", key).error().message(); };
  const std::string mismatch = "The provided key element does not match the schema";
  EXPECT_EQ(get({{"p", "a"}}), mismatch);
  EXPECT_EQ(get({{"p", "a"}, {"s", Int(1)}}), mismatch);
  EXPECT_EQ(get({{"p", "a"}, {"s", "1"}, {"x", "y"}}), mismatch);
  EXPECT_THAT(get({{"p", ""}, {"s", "1"}}), HasSubstr("cannot contain an empty string value"));
  EXPECT_THAT(get({{"p", Value(std::string(2049, 'p'))}, {"s", "1"}}), HasSubstr("hashkey"));
  EXPECT_THAT(get({{"p", "a"}, {"s", Value(std::string(1025, 's'))}}), HasSubstr("range keys"));
  auto put = [&](Item item) { return store_->Put(account_, "t", item).error().message(); };
  EXPECT_THAT(put({{"p", "a"}}), HasSubstr("Missing the key s in the item"));
  EXPECT_THAT(put({{"p", "a"}, {"s", Int(1)}}),
              HasSubstr("Type mismatch for key s expected: S actual: N"));
}

TEST_F(EmbeddedStoreTest, RefusesWhatATransactionCannotDo) {
  Create("t");
  Item key = {{"p", "a"}, {"s", "1"}};
  auto put = [](Item item) {
    return [item](const Item*) -> Result<Change> {
      return Change{.kind = Change::Kind::kPut, .item = item};
    };
  };
  auto message = [&](std::vector<Write> writes) {
    return store_->Transact(account_, std::move(writes)).error().message();
  };
  EXPECT_THAT(message({{"t", key, put(key)}, {"t", key, put(key)}}),
              HasSubstr("multiple operations on one item"));
  EXPECT_THAT(message({{"t", key, put({{"p", "b"}, {"s", "1"}})}}), HasSubstr("part of the key"));
  EXPECT_EQ(message({{"none", key, put(key)}}), "Requested resource not found");
  Item large = key;
  large["data"] = Value(std::string(400 << 10, 'x'));
  EXPECT_EQ(message({{"t", key, put(large)}}), "Item size has exceeded the maximum allowed size");
}

TEST_F(EmbeddedStoreTest, RefusesWrongRanges) {
  Create("t");
  Create("n", KeyType::kNumber);
  TableDescription flat;
  flat.name = "flat";
  flat.partition_key = {.name = "p"};
  ASSERT_TRUE(store_->CreateTable(account_, flat).ok());
  auto message = [&](RangeRequest request) {
    return store_->Range(account_, request).error().message();
  };
  SortCondition sort{.low = Value("x")};
  EXPECT_THAT(message({.table = "t", .segment = 3, .segments = 3}), HasSubstr("zero-based"));
  EXPECT_THAT(message({.table = "t", .segments = 0}), HasSubstr("zero-based"));
  EXPECT_THAT(message({.table = "t", .sort = sort}), HasSubstr("needs a partition key"));
  EXPECT_THAT(message({.table = "t", .partition = Int(1)}),
              HasSubstr("does not match schema type"));
  EXPECT_THAT(message({.table = "n", .partition = Value("a"), .sort = sort}),
              HasSubstr("does not match schema type"));
  EXPECT_THAT(message({.table = "flat", .partition = Value("a"), .sort = sort}),
              HasSubstr("not supported"));
  sort.op = SortCondition::Op::kBeginsWith;
  EXPECT_THAT(message({.table = "n", .partition = Value("a"), .sort = sort}),
              HasSubstr("not supported"));
  EXPECT_THAT(message({.table = "t", .exclusive_start_key = Item{{"p", "a"}}}),
              HasSubstr("The provided starting key is invalid"));
  EXPECT_THAT(message({.table = "t",
                       .partition = Value("a"),
                       .exclusive_start_key = Item{{"p", "b"}, {"s", "1"}}}),
              HasSubstr("The provided starting key is invalid"));
}

TEST_F(EmbeddedStoreTest, ProductTablesKeepTheirShapeAndStay) {
  ProductTables tables("test");
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(CreateProductTables(*store_, account_, tables, FromUnixSeconds(0)).ok());
  }
  EXPECT_EQ(store_->ListTables(account_).size(), 5u);
  EXPECT_EQ(store_->DeleteTable(account_, tables.reports).error().code(), ErrorCode::kForbidden);
  auto put = [&](const std::string& table, Item item) {
    return store_->Put(account_, table, std::move(item));
  };
  EXPECT_TRUE(put(tables.customers, {{"customer_id", "c"}, {"status", "active"}}).ok());
  EXPECT_EQ(put(tables.customers, {{"customer_id", "c"}, {"status", "odd"}}).error().field(),
            "status");
  EXPECT_EQ(put(tables.customers, {{"customer_id", "c"}, {"name", Int(1)}}).error().field(),
            "name");
  EXPECT_EQ(put(tables.reports, {{"customer_id", "c"}, {"id", "r"}}).error().field(), "name");
  EXPECT_EQ(put(tables.report_cache, {{"cache_key", "k"}, {"ttl", "soon"}}).error().field(), "ttl");
  EXPECT_TRUE(put(tables.report_schedules,
                  {{"customer_id", "c"}, {"schedule_id", "s"}, {"enabled", Value(true)}})
                  .ok());
  EXPECT_EQ(put(tables.metrics, {{"customer_id", "c"}, {"timestamp", "t"}, {"cost", "1"}})
                .error()
                .field(),
            "cost");
  EXPECT_TRUE(CheckShape(tables, "other", {}).ok());
  EXPECT_TRUE(AllowsPublicPut(tables, tables.metrics));
  EXPECT_FALSE(AllowsPublicPut(tables, tables.reports));
  EXPECT_TRUE(AllowsPublicUpdate(tables, tables.report_schedules));
  EXPECT_FALSE(AllowsPublicUpdate(tables, tables.customers));
}

TEST_F(EmbeddedStoreTest, BinaryKeysWork) {
  TableDescription table;
  table.name = "b";
  table.partition_key = {.name = "p", .type = KeyType::kBinary};
  ASSERT_TRUE(store_->CreateTable(account_, table).ok());
  Value bytes{Value::Data(Binary{std::string("\0\xff\1", 3)})};
  Put("b", {{"p", bytes}, {"x", "y"}});
  EXPECT_TRUE(store_->Get(account_, "b", {{"p", bytes}})->has_value());
  Value empty{Value::Data(Binary{})};
  EXPECT_THAT(store_->Get(account_, "b", {{"p", empty}}).error().message(),
              HasSubstr("empty binary value"));
}

}  // namespace
}  // namespace securebase::documents

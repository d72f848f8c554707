// What is promised: whatever is done to tables and indexes, in whatever order, with the process
// ending and the power going in between, the store shows what a plain map would show: every
// acknowledged change, the one under way whole or not at all, refused ones never; and each index
// shows exactly its items. One seed decides everything; a failure prints it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/testing/fault_file_system.h"
#include "base/testing/manual_clock.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"
#include "documents/key_codec.h"

namespace securebase::documents {
namespace {

constexpr int kRounds = 40;
constexpr int kOperationsPerRound = 60;
const char* const kTables[] = {"one", "two"};

using Key = std::pair<std::string, std::string>;
using Items = std::map<Key, Item>;
using State = std::map<std::string, Items>;  // by table

Key KeyIn(const Item& item) { return {*item.at("p").string(), *item.at("s").string()}; }

class Model : public ::testing::Test {
 protected:
  ~Model() override { Stop(); }

  void Stop() {
    engine_.reset();
    store_.reset();
  }

  void Start() {
    storage::EngineOptions options;
    options.folder = folder_.path();  // the catalogue is on the real disk
    options.journal_file_bytes = 256 << 10;
    auto engine = storage::Engine::Open(options, files_);
    ASSERT_TRUE(engine.ok()) << engine.error().message();
    engine_ = *std::move(engine);
    auto store = EmbeddedDocumentStore::Open(*engine_, ProductTables("test"), ids_, clock_);
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = *std::move(store);
    auto recovered = engine_->Recover();
    ASSERT_TRUE(recovered.ok()) << recovered.error().message();
  }

  std::uint64_t Below(std::uint64_t bound) { return random_.Below(bound); }
  std::string AnyTable() { return kTables[Below(2)]; }

  Item AnyKey() {
    return {{"p", std::string(1, static_cast<char>('a' + Below(4)))},
            {"s", std::to_string(Below(8))}};
  }
  Item AnyItem() {
    Item item = AnyKey();
    const auto kind = Below(10);
    if (kind < 6) item["v"] = std::string(1, static_cast<char>('x' + Below(3)));
    if (kind == 6) item["v"] = Number::FromInt(1);  // of a wrong type for an index
    if (Below(4) > 0) item["w"] = Number::FromInt(static_cast<std::int64_t>(Below(20)) - 10);
    item["padding"] = std::string(Below(300), '.');
    return item;
  }

  bool FitsIndexes(const std::string& table, const Item& item) {
    auto description = store_->DescribeTable(account_, table);
    return description.ok() && CheckIndexKeys(*description, item).ok();
  }

  /// One change of some items, which may be refused; none: it was acknowledged or refused as the
  /// model says. `next` is the state with it.
  Result<> Write(State& next) {
    const std::size_t count = 1 + (Below(3) == 0 ? Below(5) : 0);
    const bool refuse = Below(8) == 0;  // a condition of the last write is false
    std::vector<documents::Write> writes;
    std::set<std::pair<std::string, Key>> taken;
    bool fits = true;
    State changed = state_;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string table = AnyTable();
      Item item = AnyItem();
      const Key key = KeyIn(item);
      if (!taken.insert({table, key}).second) continue;
      Item key_item = {{"p", key.first}, {"s", key.second}};
      const bool remove = Below(3) == 0;
      const bool last = i + 1 == count;
      const auto present = state_[table].find(key);
      writes.push_back({table, key_item, [=, this](const Item* seen) -> Result<Change> {
                          // What a mutation sees is what the model has.
                          EXPECT_EQ(seen != nullptr, present != state_[table].end());
                          if (seen != nullptr) EXPECT_EQ(*seen, present->second);
                          if (refuse && last) return InvalidArgument("", "refused");
                          if (remove) return Change{Change::Kind::kDelete, {}};
                          return Change{Change::Kind::kPut, item};
                        }});
      if (remove) {
        changed[table].erase(key);
      } else {
        fits = fits && FitsIndexes(table, item);
        changed[table][key] = item;
      }
      if (refuse && last) fits = false;
    }
    const bool good = fits;
    if (good) next = changed;
    auto results = store_->Transact(account_, std::move(writes));
    if (results.ok()) {
      EXPECT_TRUE(good);
      return {};
    }
    const bool refused = results.error().code() == ErrorCode::kInvalidArgument;
    EXPECT_TRUE(!refused || !good) << results.error().message();
    return refused ? Result<>() : results.error();
  }

  Result<> ChangeIndexes() {
    const std::string table = AnyTable();
    const auto projection = static_cast<ProjectionKind>("AKI"[Below(3)]);
    SB_TRY_OK(store_->UpdateTable(account_, table, [&](TableDescription& description) -> Result<> {
      if (!description.indexes.empty()) {
        description.indexes.clear();
        return {};
      }
      SecondaryIndex index;
      index.name = "by-v";
      index.partition_key = {.name = "v"};
      if (projection != ProjectionKind::kKeysOnly) {
        index.sort_key = KeyAttribute{.name = "w", .type = KeyType::kNumber};
      }
      index.projection = projection;
      if (projection == ProjectionKind::kInclude) index.included = {"padding"};
      description.indexes.push_back(index);
      return {};
    }));
    return store_->FillIndexes(account_, table);
  }

  /// Whether the tables hold exactly this.
  bool Holds(const State& state) {
    for (const char* table : kTables) {
      auto items = store_->All(account_, table);
      EXPECT_TRUE(items.ok());
      Items found;
      for (Item& item : *items) found.emplace(KeyIn(item), item);
      auto wanted = state.find(table);
      if (found != (wanted == state.end() ? Items() : wanted->second)) return false;
    }
    return true;
  }

  void CheckCounts() {
    for (const char* table : kTables) {
      auto statistics = store_->Statistics(account_, table);
      ASSERT_TRUE(statistics.ok());
      std::uint64_t bytes = 0;
      for (const auto& [key, item] : state_[table]) bytes += ItemSize(item);
      EXPECT_EQ(statistics->item_count, state_[table].size());
      EXPECT_EQ(statistics->size_bytes, bytes);
    }
  }

  void CheckIndexes() {
    for (const char* table : kTables) {
      auto description = store_->DescribeTable(account_, table);
      ASSERT_TRUE(description.ok());
      for (const SecondaryIndex& index : description->indexes) {
        std::map<std::string, Item> wanted;  // by the entry's key: in the index's order
        for (const auto& [key, item] : state_[table]) {
          auto entry = IndexEntryKey(*description, index, item);
          if (entry) wanted.emplace(*entry, ProjectedItem(*description, index, item));
        }
        RangeRequest request{.table = table, .index = index.name, .items_max = 1 + Below(20)};
        std::vector<Item> found;
        do {
          auto page = store_->Range(account_, request);
          ASSERT_TRUE(page.ok()) << page.error().message();
          found.insert(found.end(), page->items.begin(), page->items.end());
          request.exclusive_start_key = page->last_key;
        } while (request.exclusive_start_key);
        ASSERT_EQ(found.size(), wanted.size()) << table;
        std::size_t i = 0;
        for (const auto& [entry, item] : wanted) EXPECT_EQ(found[i++], item);
        EXPECT_EQ(store_->Statistics(account_, table)->indexes.at(index.name).item_count,
                  wanted.size());
      }
    }
  }

  TempFolder folder_;
  FaultFileSystem files_;
  SeededRandom random_{TestSeed()};
  SeededRandom ids_{1};
  ManualClock clock_{*ParseIso("2026-06-01T00:00:00Z")};
  Account account_;
  State state_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<EmbeddedDocumentStore> store_;
};

TEST_F(Model, TheStoreShowsWhatAPlainMapShows) {
  Start();
  ASSERT_FALSE(HasFatalFailure());
  for (const char* name : kTables) {
    TableDescription table;
    table.name = name;
    table.partition_key = {.name = "p"};
    table.sort_key = KeyAttribute{.name = "s"};
    ASSERT_TRUE(store_->CreateTable(account_, table).ok());
  }
  int cuts = 0;
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    const bool cut = round % 2 == 0;
    if (cut) files_.CutAtChange(1 + Below(60));
    std::optional<State> under_way;
    for (int i = 0; i < kOperationsPerRound; ++i) {
      const auto kind = Below(20);
      Result<> done;
      State next = state_;
      if (kind == 0) {
        done = ChangeIndexes();
      } else if (kind == 1) {
        done = engine_->Checkpoint();
      } else {
        done = Write(next);
      }
      if (done.ok()) {
        state_ = std::move(next);
        continue;
      }
      ASSERT_TRUE(cut) << done.error().message();
      under_way = std::move(next);
      break;
    }
    // The process ends as it stands; with a cut, so does what was not synced.
    Stop();
    if (cut) {
      files_.PowerCut(random_);
      ++cuts;
    }
    Start();
    if (HasFatalFailure()) return;
    if (under_way && Holds(*under_way)) state_ = *std::move(under_way);
    ASSERT_TRUE(Holds(state_)) << "round " << round;
    for (const char* table : kTables) ASSERT_TRUE(store_->FillIndexes(account_, table).ok());
    CheckCounts();
    CheckIndexes();
  }
  EXPECT_GT(cuts, 10);
}

}  // namespace
}  // namespace securebase::documents

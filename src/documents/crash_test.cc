// What is promised: an acknowledged write survives kill -9 at any instant, and a transaction over
// two tables is there whole or not at all. A child process, this program again, writes and prints
// what it acknowledged; it is killed at a random moment, mostly under way, with checkpoints
// running; then the folder is opened and compared.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "base/text.h"
#include "documents/embedded_store.h"

namespace securebase::documents {
namespace {

constexpr int kRounds = 100;
constexpr int kWriters = 4;
constexpr int kKeysPerWriter = 20;
constexpr const char* kFolderVariable = "SB_CRASH_TEST_FOLDER";

struct OpenStore {
  std::unique_ptr<storage::Engine> engine;
  std::unique_ptr<EmbeddedDocumentStore> store;

  ~OpenStore() { engine.reset(); }  // stops its threads before the store goes
};

/// Small journal files, so that rounds cross the ends of files and cut them.
Result<> Open(const std::string& folder, Random& random, OpenStore& out) {
  storage::EngineOptions options;
  options.folder = folder;
  options.journal_file_bytes = 64 << 10;
  SB_TRY(out.engine, storage::Engine::Open(options, PosixFileSystem()));
  SB_TRY(out.store, EmbeddedDocumentStore::Open(*out.engine, ProductTables("test"), random));
  SB_TRY_OK(out.engine->Recover());
  for (const char* name : {"one", "two"}) {
    TableDescription table;
    table.name = name;
    table.internal = true;
    table.partition_key = {.name = "k"};
    SB_TRY_OK(out.store->CreateTable(Account(), table));
  }
  return {};
}

Item ItemOf(int key, std::int64_t value) {
  return {{"k", Value(std::to_string(key))},
          {"v", Value(Number::FromInt(value))},
          {"padding", Value(std::string(static_cast<std::size_t>(value * 31 % 900), 'p'))}};
}

/// Writes one value to a key of both tables in one transaction.
Result<> WriteBoth(DocumentStore& store, int key, std::int64_t value) {
  std::vector<Write> writes;
  for (const char* table : {"one", "two"}) {
    writes.push_back({.table = table,
                      .key = {{"k", Value(std::to_string(key))}},
                      .mutation = [=](const Item*) -> Result<Change> {
                        return Change{.kind = Change::Kind::kPut, .item = ItemOf(key, value)};
                      }});
  }
  return store.Transact(Account(), std::move(writes)).map([](const auto&) {});
}

std::int64_t ValueIn(const DocumentStore& store, const std::string& table, int key) {
  auto found = store.Get(Account(), table, {{"k", Value(std::to_string(key))}});
  EXPECT_TRUE(found.ok());
  if (!found.ok() || !*found) return 0;
  std::int64_t value = ParseInt((*found)->item.find("v")->second.number()->text()).value_or(-1);
  EXPECT_EQ((*found)->item, ItemOf(key, value));
  return value;
}

/// The child: each writer has keys of its own and counts their values up.
[[noreturn]] void WriteUntilKilled(const std::string& folder) {
  SystemRandom random;
  OpenStore open;
  auto opened = Open(folder, random, open);
  if (!opened.ok()) {
    dprintf(STDOUT_FILENO, "error %s\n", opened.error().message().c_str());
    _exit(2);
  }
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      std::vector<std::int64_t> values;
      for (int i = 0; i < kKeysPerWriter; ++i) {
        values.push_back(ValueIn(*open.store, "one", w * kKeysPerWriter + i));
      }
      for (int i = 0;; i = (i + 1) % kKeysPerWriter) {
        int key = w * kKeysPerWriter + i;
        if (!WriteBoth(*open.store, key, ++values[static_cast<std::size_t>(i)]).ok()) _exit(3);
        // One write to a pipe is atomic: whole lines only.
        dprintf(STDOUT_FILENO, "%d %lld\n", key,
                static_cast<long long>(values[static_cast<std::size_t>(i)]));
      }
    });
  }
  while (true) {
    if (!open.engine->Checkpoint().ok()) _exit(4);
  }
}

// Runs only as the child of the test below.
TEST(CrashTest, DISABLED_Writer) {
  const char* folder = std::getenv(kFolderVariable);
  ASSERT_NE(folder, nullptr);
  WriteUntilKilled(folder);
}

/// A child process whose output is read here.
class Child {
 public:
  explicit Child(const std::string& folder) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return;
    output_ = pipe_ends[0];
    setenv(kFolderVariable, folder.c_str(), 1);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      execl("/proc/self/exe", "crash_writer", "--gtest_filter=CrashTest.DISABLED_Writer",
            "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
      _exit(1);
    }
    close(pipe_ends[1]);
  }
  ~Child() {
    Kill();
    close(output_);
  }

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  /// False at the end of the output.
  bool ReadMore() {
    char buffer[4096];
    ssize_t count = read(output_, buffer, sizeof buffer);
    if (count <= 0) return false;
    text_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  const std::string& text() const { return text_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

TEST(CrashTest, WhatWasAcknowledgedSurvivesAKillAtAnyInstant) {
  TempFolder temporary;
  const std::string folder = temporary / "data";
  SeededRandom random(TestSeed());
  std::map<int, std::int64_t> acknowledged;
  std::size_t writes = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    Child child(folder);
    // Killed after a random amount of output; now and then before any, while it recovers.
    std::size_t enough = round % 10 == 0 ? 0 : random.Below(3000);
    while (child.text().size() < enough && child.ReadMore()) {
    }
    child.Kill();
    while (child.ReadMore()) {
    }
    for (std::string_view line : Split(child.text(), '\n')) {
      auto fields = Split(line, ' ');
      if (fields.size() != 2) continue;
      ASSERT_NE(fields[0], "error") << line;
      auto key = ParseInt(fields[0]);
      auto value = ParseInt(fields[1]);
      if (!key || !value) continue;
      acknowledged[static_cast<int>(*key)] = *value;
      ++writes;
    }

    OpenStore open;
    auto opened = Open(folder, random, open);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    for (int key = 0; key < kWriters * kKeysPerWriter; ++key) {
      std::int64_t one = ValueIn(*open.store, "one", key);
      ASSERT_EQ(one, ValueIn(*open.store, "two", key)) << "half a transaction, key " << key;
      // The one write that was under way may be there: it was not answered.
      ASSERT_GE(one, acknowledged[key]) << "key " << key;
      ASSERT_LE(one, acknowledged[key] + 1) << "key " << key;
      acknowledged[key] = one;
    }
    auto statistics = open.store->Statistics(Account(), "one");
    ASSERT_TRUE(statistics.ok());
    ASSERT_EQ(statistics->item_count, open.store->All(Account(), "one")->size());
  }
  EXPECT_GT(writes, 1000u);
}

}  // namespace
}  // namespace securebase::documents

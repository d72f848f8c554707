// What is promised: accepted work runs exactly once, the queue is bounded, stopping loses nothing.
#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace securebase {
namespace {

TEST(WorkerPoolTest, RunsAllThatWasAcceptedBeforeItStops) {
  std::atomic<int> done = 0;
  int accepted = 0;
  {
    WorkerPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) accepted += pool.Post([&done] { ++done; });
  }
  EXPECT_EQ(accepted, 500);
  EXPECT_EQ(done, 500);
}

TEST(WorkerPoolTest, RefusesWhenTheQueueIsFull) {
  WorkerPool pool(1, 2);
  std::promise<void> started, release;
  ASSERT_TRUE(pool.Post([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();  // the only thread is busy: the queue is ours

  EXPECT_TRUE(pool.Post([] {}));
  EXPECT_TRUE(pool.Post([] {}));
  EXPECT_EQ(pool.queued(), 2u);
  EXPECT_FALSE(pool.Post([] {}));

  release.set_value();
  pool.Stop();
  EXPECT_EQ(pool.queued(), 0u);
}

TEST(WorkerPoolTest, RefusesAfterStopAndStopsTwice) {
  WorkerPool pool(2, 10);
  pool.Stop();
  pool.Stop();
  EXPECT_FALSE(pool.Post([] {}));
}

TEST(WorkerPoolTest, LetsGoOfWorkOnceDone) {
  WorkerPool pool(1, 10);
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  ASSERT_TRUE(pool.Post([held = std::move(captured)] { static_cast<void>(held); }));
  std::promise<void> after;
  ASSERT_TRUE(pool.Post([&] { after.set_value(); }));
  after.get_future().wait();
  EXPECT_TRUE(watch.expired());
}

TEST(WorkerPoolDeathTest, NeedsAThread) { EXPECT_DEATH(WorkerPool(0, 1), "threads > 0"); }

}  // namespace
}  // namespace securebase

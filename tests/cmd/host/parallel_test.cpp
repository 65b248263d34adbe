#include "cmd/host/parallel.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {
std::atomic<int> threads_left = -1;  // that the system gives; -1: as many as it has
}

// Stands before that of the C library.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left == 0) return EAGAIN;
  if (threads_left > 0) --threads_left;
  return real(thread, attributes, run, argument);
}

TEST_CASE("results come in the order of the inputs, whichever is ready first") {
  std::vector<std::size_t> seen;
  spdm::cmd::in_order<std::size_t>(
      40, 4,
      [](std::size_t i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(i % 4 == 0 ? 3 : 0));
        return i;
      },
      [&](std::size_t i) { seen.push_back(i); });
  REQUIRE(seen.size() == 40);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == i);
}

TEST_CASE("a failure of one input ends the run with its exception") {
  std::size_t consumed = 0;
  CHECK_THROWS_AS(spdm::cmd::in_order<int>(
                      100, 3,
                      [](std::size_t i) -> int {
                        if (i == 5) throw std::runtime_error("five");
                        return static_cast<int>(i);
                      },
                      [&](int) { ++consumed; }),
                  std::runtime_error);
  CHECK(consumed == 5);
}

TEST_CASE("where the system gives fewer threads than wanted, or none, all is done by those there are") {
  for (const int given : {0, 1, 3}) {
    std::set<std::thread::id> workers;
    std::mutex mutex;
    std::vector<std::size_t> seen;
    threads_left = given;
    spdm::cmd::in_order<std::size_t>(
        100, 16,
        [&](std::size_t i) {
          const std::lock_guard lock(mutex);
          workers.insert(std::this_thread::get_id());
          return i;
        },
        [&](std::size_t i) { seen.push_back(i); });
    threads_left = -1;
    REQUIRE(seen.size() == 100);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(workers.contains(std::this_thread::get_id()) == (given == 0));
    CHECK(workers.size() <= static_cast<std::size_t>(std::max(given, 1)));
  }
}

namespace {

// A stream of `count` numbers that weigh `weight` each; what is in flight at the most.
struct Trial {
  std::size_t count = 0, weight = 1, workers = 4, budget = 1000;
  bool ordered = true;

  std::vector<std::size_t> seen = {};
  std::size_t most = 0;

  void run() {
    std::size_t next = 0;
    std::atomic<std::size_t> in_flight = 0, highest = 0;
    spdm::cmd::run_stream<std::size_t, std::size_t>({
        .next = [&]() -> std::optional<std::size_t> {
          if (next == count) return std::nullopt;
          const std::size_t now = in_flight += weight;
          if (now > highest) highest = now;
          return next++;
        },
        .produce =
            [&](std::size_t i) {
              if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(30));
              return i;
            },
        .consume =
            [&](std::size_t i) {
              in_flight -= weight;
              seen.push_back(i);
            },
        .workers = workers,
        .ordered = ordered,
        .weight = [&](std::size_t) { return weight; },
        .budget = budget,
    });
    most = highest;
  }
};

}  // namespace

TEST_CASE("a stream comes through whole: in order, or as its results are there") {
  for (const std::size_t workers : {0U, 1U, 4U})
    for (const bool ordered : {true, false})
      for (const std::size_t count : {0U, 1U, 500U}) {
        Trial trial{.count = count, .workers = workers, .ordered = ordered};
        trial.run();
        REQUIRE(trial.seen.size() == count);
        if (ordered || workers < 2) CHECK(std::is_sorted(trial.seen.begin(), trial.seen.end()));
        // The first takes its time, and nobody waits for it.
        if (!ordered && workers == 4 && count == 500) CHECK(trial.seen.front() != 0);
        CHECK(std::set(trial.seen.begin(), trial.seen.end()).size() == count);
      }
}

TEST_CASE("results may wait for one another, and none waits for an input that has not come") {
  for (const bool ordered : {true, false}) {
    // Each input comes when the result of the one before it has been taken.
    std::mutex mutex;
    std::condition_variable taken;
    std::size_t begun = 0, seen = 0;
    spdm::cmd::run_stream<std::size_t, std::size_t>({.next = [&]() -> std::optional<std::size_t> {
                                                       std::unique_lock lock(mutex);
                                                       taken.wait(lock, [&] { return seen == begun; });
                                                       return begun == 50 ? std::nullopt : std::optional(begun++);
                                                     },
                                                     .produce = [](std::size_t i) { return i; },
                                                     .consume =
                                                         [&](std::size_t) {
                                                           const std::lock_guard lock(mutex);
                                                           ++seen;
                                                           taken.notify_one();
                                                         },
                                                     .workers = 3,
                                                     .ordered = ordered,
                                                     .batch = 8});
    CHECK(seen == 50);
  }
}

TEST_CASE("results of short work are taken several at a time") {
  std::size_t seen = 0, waits = 0;
  spdm::cmd::run_stream<std::size_t, std::size_t>(
      {.next = [i = std::size_t{0}]() mutable { return i == 4000 ? std::nullopt : std::optional(i++); },
       .produce =
           [](std::size_t i) {
             std::this_thread::sleep_for(std::chrono::microseconds(50));
             return i;
           },
       .consume = [&](std::size_t) { ++seen; },
       .idle = [&] { ++waits; },
       .workers = 4,
       .window = 64,
       .batch = 16});
  CHECK(seen == 4000);
  CHECK(waits < seen / 4);
}

TEST_CASE("one that is slow keeps only its own place, where the window is wide enough for those behind it") {
  constexpr std::size_t kCount = 100;
  std::size_t next = 0, before = 0;  // those that were done before the first
  std::atomic<std::size_t> others = 0;
  std::vector<std::size_t> seen;
  spdm::cmd::run_stream<std::size_t, std::size_t>({
      .next = [&] { return next == kCount ? std::nullopt : std::optional(next++); },
      .produce =
          [&](std::size_t i) {
            for (int patience = 0; i == 0 && others < kCount - 1 && patience < 10'000; ++patience)
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (i == 0)
              before = others;
            else
              ++others;
            return i;
          },
      .consume = [&](std::size_t i) { seen.push_back(i); },
      .workers = 2,
      .window = kCount,
  });
  CHECK(before == kCount - 1);
  CHECK(seen.size() == kCount);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("results that wait for one before them stay within their weight") {
  std::size_t next = 0, begun = 0;
  std::vector<std::size_t> seen;
  spdm::cmd::run_stream<std::size_t, std::size_t>({
      .next = [&] { return next == 100 ? std::nullopt : std::optional(next++); },
      .produce =
          [&](std::size_t i) {
            if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
            return i;
          },
      .consume =
          [&](std::size_t i) {
            if (i == 0) begun = next;
            seen.push_back(i);
          },
      .workers = 4,
      .result_weight = [](std::size_t) { return std::size_t{10}; },
      .budget = 100,
      .window = 100,
  });
  CHECK(begun <= 100 / 10 + 4 + 1);  // the budget, those at work, and one that is read
  CHECK(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("what is in flight stays within its number and its weight") {
  Trial light{.count = 500, .workers = 4, .budget = 1000};
  light.run();
  CHECK(light.most <= 4 * 4 + 1);  // and the one that is being consumed
  Trial heavy{.count = 100, .weight = 600, .workers = 4, .budget = 1000};
  heavy.run();
  CHECK(heavy.seen.size() == 100);
  CHECK(heavy.most <= 1800);
}

TEST_CASE("an input that fails ends the stream with its exception, after what came before it") {
  for (const bool ordered : {true, false}) {
    std::vector<int> seen;
    int next = 0;
    CHECK_THROWS_AS((spdm::cmd::run_stream<int, int>({.next = [&]() -> std::optional<int> {
                                                        if (next == 50) throw std::runtime_error("fifty");
                                                        return next++;
                                                      },
                                                      .produce = [](int i) { return i; },
                                                      .consume = [&](int i) { seen.push_back(i); },
                                                      .workers = 3,
                                                      .ordered = ordered})),
                    std::runtime_error);
    if (ordered) CHECK(seen.size() == 50);
  }
}

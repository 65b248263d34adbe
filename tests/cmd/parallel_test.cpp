#include "cmd/parallel.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
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
  cmd::in_order<std::size_t>(
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
  CHECK_THROWS_AS(cmd::in_order<int>(
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
    cmd::in_order<std::size_t>(
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

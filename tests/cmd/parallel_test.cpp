#include "cmd/parallel.h"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

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

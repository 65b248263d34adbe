// What waits to be attended.
#include <doctest/doctest.h>

#include <array>
#include <set>

#include "cmd/gate/watcher.h"
#include "core/text.h"

using spdm::cmd::Occasion;
using spdm::cmd::WorkList;
using spdm::transport::Bdf;

TEST_CASE("a function waits once, whatever happens to it") {
  WorkList list;
  list.add(Bdf{0, 2, 0, 0}, Occasion::arrival);
  list.add(Bdf{0, 2, 0, 1}, Occasion::reset);  // another function of the same device
  list.add(Bdf{0, 2, 0, 1}, Occasion::resume);
  list.add(Bdf{0, 3, 0, 0}, Occasion::resume);
  const auto work = list.take();
  REQUIRE(work.size() == 3);
  CHECK(work[0].bdf == Bdf{0, 2, 0, 0});
  CHECK(work[1].bdf == Bdf{0, 2, 0, 1});
  CHECK(work[1].occasion == Occasion::resume);
  CHECK(work[2].bdf == Bdf{0, 3, 0, 0});
}

TEST_CASE("a driver that binds does not hide that the device has arrived") {
  WorkList list;
  list.add(Bdf{0, 2, 0, 0}, Occasion::arrival);
  list.add(Bdf{0, 2, 0, 0}, Occasion::bind);
  list.add(Bdf{0, 3, 0, 0}, Occasion::bind);
  list.add(Bdf{0, 3, 0, 0}, Occasion::arrival);
  const auto work = list.take();
  REQUIRE(work.size() == 2);
  CHECK(work[0].occasion == Occasion::arrival);
  CHECK(work[1].occasion == Occasion::arrival);
}

TEST_CASE("a drive that its driver has made does not hide that the device has arrived") {
  WorkList list;
  list.add(Bdf{0, 2, 0, 0}, Occasion::arrival);
  list.add(Bdf{0, 2, 0, 0}, Occasion::drive);
  const auto work = list.take();
  REQUIRE(work.size() == 1);
  CHECK(work[0].occasion == Occasion::arrival);
}

TEST_CASE("what drivers do to a function does not hide what else they do, in any order") {
  constexpr std::array kOfDrivers{Occasion::bind, Occasion::driver, Occasion::drive};
  for (const Occasion first : kOfDrivers)
    for (const Occasion second : kOfDrivers) {
      WorkList list;
      list.add(Bdf{0, 2, 0, 0}, first);
      list.add(Bdf{0, 2, 0, 0}, second);
      list.add(Bdf{0, 2, 0, 0}, first);
      std::set<Occasion> found;
      for (const auto& attention : list.take()) CHECK(found.insert(attention.occasion).second);
      CHECK(found == std::set{first, second});
      list.add(Bdf{0, 2, 0, 0}, first);
      list.add(Bdf{0, 2, 0, 0}, second);
      list.add(Bdf{0, 2, 0, 0}, Occasion::reset);  // asks for all that they do
      list.add(Bdf{0, 2, 0, 0}, first);
      const auto work = list.rest();
      REQUIRE(work.size() == 1);
      CHECK(work.front().occasion == Occasion::reset);
    }
}

TEST_CASE("a drive waits once, and a storm of drives costs no memory") {
  WorkList list;
  list.add_drive("sg0", Occasion::arrival);
  list.add_drive("sg0", Occasion::interval);
  CHECK(list.take().empty());  // it does not wait
  CHECK(list.take_drives() == std::map<Occasion, std::set<std::string>>{{Occasion::interval, {"sg0"}}});
  for (int i = 0; i < 10'000; ++i) list.add_drive(spdm::cat("sg", i), Occasion::arrival);
  CHECK(list.take_drives().at(Occasion::arrival).size() == WorkList::kMost);
  list.add_drive("sg0", Occasion::arrival);
  list.stop();
  CHECK(list.take_drives().empty());
}

TEST_CASE("a device that is gone is not attended") {
  WorkList list;
  list.add(Bdf{0, 2, 0, 0}, Occasion::arrival);
  list.add(Bdf{0, 3, 0, 0}, Occasion::arrival);
  list.forget(Bdf{0, 2, 0, 0});
  const auto work = list.take();
  REQUIRE(work.size() == 1);
  CHECK(work[0].bdf == Bdf{0, 3, 0, 0});
}

TEST_CASE("a storm of events costs no memory, and a stopped list gives nothing") {
  WorkList list;
  for (std::uint32_t domain = 0; domain < 10'000; ++domain) list.add(Bdf{domain, 0, 0, 0}, Occasion::arrival);
  CHECK(list.take().size() == WorkList::kMost);
  list.add(Bdf{0, 2, 0, 0}, Occasion::arrival);
  list.stop();
  CHECK(list.take().empty());
}

TEST_CASE("a list of work is waited for until a time") {
  WorkList list;
  CHECK(list.take(spdm::Clock::now()).empty());
  CHECK_FALSE(list.is_stopped());
  list.add(Bdf{0, 1, 0, 0}, Occasion::reset);
  CHECK(list.take(spdm::Clock::now()).size() == 1);
  list.stop();
  CHECK(list.take().empty());
  CHECK(list.is_stopped());
}

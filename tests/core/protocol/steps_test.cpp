// The first steps of a conversation, as those see them who wait for it.
#include "core/protocol/steps.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "support/fake_link.h"
#include "support/small_device.h"

using namespace spdm;

TEST_CASE("each portion of a chain is told, and its size with the first") {
  fake::Profile profile;
  profile.chain_size = 300;
  profile.portion = 100;
  profile.chunks = false;  // who can chunk sends it whole (N142)
  fake::Device device(profile);
  fake::Link link([&device](View message) { return device.answer(message); });
  Evidence evidence;
  std::vector<std::pair<std::size_t, std::size_t>> told;
  Wanted wanted;
  wanted.chain_read = [&](std::size_t more, std::size_t total) { told.emplace_back(more, total); };
  collect(link, wanted, {}, evidence);
  CHECK(told == std::vector<std::pair<std::size_t, std::size_t>>{{100, 300}, {100, 0}, {100, 0}});
}

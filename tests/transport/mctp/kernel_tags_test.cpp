// Tags, byte by byte, as a kernel is asked for them that has both pairs of ioctls, the older one alone, or none.
#include "transport/mctp/kernel_tags.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "core/evidence/expect_error.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

constexpr unsigned long kTake = 0x89E2, kGiveBack = 0x89E3, kTakeOld = 0x89E0, kGiveBackOld = 0x89E1;

struct Kernel {
  bool has_new = true;
  int error = 0;  // of what it knows
  std::vector<std::pair<unsigned long, Bytes>> asked{};

  Ioctl ioctl() {
    return [this](int, unsigned long request, void* argument) {
      const bool is_new = request == kTake || request == kGiveBack;
      auto* const bytes = static_cast<std::uint8_t*>(argument);
      asked.emplace_back(request, Bytes(bytes, bytes + (is_new ? 12 : 4)));
      errno = is_new && !has_new ? EINVAL : error;
      if (errno != 0) return -1;
      if (request == kTake) bytes[8] = 0x1B;
      if (request == kTakeOld) bytes[1] = 0x1A;
      return 0;
    };
  }
  std::uint8_t take(const MctpAddress& peer = {0x01020304, 9}) { return take_kernel_tag(ioctl(), 3, peer); }
};

}  // namespace

TEST_CASE("MCTP tags: the newer pair names network and endpoint") {
  Kernel kernel;
  CHECK(kernel.take() == 0x1B);
  give_back_kernel_tag(kernel.ioctl(), 3, {0x01020304, 9}, 0x1B);
  REQUIRE(kernel.asked.size() == 2);
  CHECK(kernel.asked[0] == std::pair(kTake, Bytes{4, 3, 2, 1, 9, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(kernel.asked[1] == std::pair(kGiveBack, Bytes{4, 3, 2, 1, 9, 0, 0, 0, 0x1B, 0, 0, 0}));
}

TEST_CASE("MCTP tags: the older pair is of network 1 alone") {
  Kernel kernel{.has_new = false};
  CHECK(kernel.take({1, 9}) == 0x1A);
  give_back_kernel_tag(kernel.ioctl(), 3, {1, 9}, 0x1A);
  REQUIRE(kernel.asked.size() == 4);
  CHECK(kernel.asked[1] == std::pair(kTakeOld, Bytes{9, 0, 0, 0}));
  CHECK(kernel.asked[3] == std::pair(kGiveBackOld, Bytes{9, 0x1A, 0, 0}));
  expect_error(ErrorId::unsupported, "MCTP: a tag for endpoint 2:9: this kernel cannot reserve one on network 2", [&] {
    kernel.take({2, 9});
  });
  CHECK(kernel.asked.size() == 5);
}

TEST_CASE("MCTP tags: why there is none") {
  for (const bool has_new : {true, false}) {
    Kernel kernel{.has_new = has_new, .error = EBUSY};
    expect_error(ErrorId::busy, "MCTP: a tag for endpoint 1:9: all eight tags are in use", [&] { kernel.take({1, 9}); });
    kernel.error = ENOMEM;
    expect_error(ErrorId::io, "MCTP: a tag for endpoint 1:9: Cannot allocate memory", [&] { kernel.take({1, 9}); });
    kernel.error = ENOTTY;
    expect_error(ErrorId::unsupported, "this kernel cannot reserve one on network 1", [&] { kernel.take({1, 9}); });
  }
}

// What a kernel without MCTP answers. The guests of tests/guest have one with it.
#include "transport/mctp/kernel_socket.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/evidence/expect_error.h"

using namespace spdm;
using namespace spdm::transport;

TEST_CASE("MCTP: a kernel that does not have it is told as such") {
  expect_error(ErrorId::unsupported, "this kernel has no MCTP", [] { fail_without_mctp(); });
  if (kernel_has_mctp()) return;
  expect_error(ErrorId::unsupported, "this kernel has no MCTP", [] { open_mctp_socket(); });
  expect_error(ErrorId::unsupported, "this kernel has no MCTP", [] { bind_mctp_socket({1, 9}, {kMctpSpdm}); });
}

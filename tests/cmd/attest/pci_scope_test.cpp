#include "cmd/attest/pci_scope.h"

#include <doctest/doctest.h>

#include "cmd/attest/policy_files.h"
#include "core/error.h"
#include "tests/support/temporary.h"

using spdm::Policy;

namespace {

Policy parse(const std::string& yaml) {
  Policy out;
  spdm::add_policy_file(out, "/etc/x/10-test.yaml", yaml);
  return out;
}

spdm::transport::PciDevice device(bool mailbox = true) {
  spdm::transport::PciDevice out;
  out.bdf = *spdm::transport::parse_bdf("0000:01:00.0");
  out.identity.vendor = 0x1b36;
  out.identity.device = 0x0010;
  out.identity.class_code = 0x010802;
  out.mailboxes.emplace();
  if (mailbox) out.mailboxes->push_back(0x140);
  return out;
}

}  // namespace

TEST_CASE("the first rule that matches decides, and only on what could attest or is expected to") {
  const Policy policy = parse(R"(
version: 1
rules:
  - {name: free, match: {bdf: "0000:0[2-3]:*"}, exempt: true}
  - {name: disks, match: {class: "01"}, expected: true}
)");
  CHECK(spdm::cmd::rule_for(policy, device())->name == "disks");
  CHECK(spdm::cmd::rule_for(policy, device(false))->name == "disks");
  spdm::transport::PciDevice other = device();
  other.identity.class_code = 0x020000;
  CHECK(spdm::cmd::rule_for(policy, other)->name == "default");
  other.mailboxes->clear();
  CHECK(spdm::cmd::rule_for(policy, other) == nullptr);
  other.mailboxes.reset();  // nobody knows
  CHECK(spdm::cmd::rule_for(policy, other)->name == "default");
  other.doe_features.emplace();  // the kernel does
  CHECK(spdm::cmd::rule_for(policy, other) == nullptr);
  other.driver_override = spdm::cmd::kSentinel;  // it was held back, and shows no mailbox any more
  CHECK(spdm::cmd::rule_for(policy, other)->name == "default");
  other = device();
  other.bdf.bus = 3;
  CHECK(spdm::cmd::rule_for(policy, other) == nullptr);
  CHECK(spdm::cmd::is_exempt(policy, other));
  other = device();
  other.identity.class_code = 0x060400;
  other.header_type = 1;
  CHECK(spdm::cmd::rule_for(policy, other)->name == "default");  // what it looks like is its own word
  other.driver = "pcieport";
  CHECK(spdm::cmd::rule_for(policy, other) == nullptr);
  other.driver.reset();
  other.mailboxes->clear();
  CHECK(spdm::cmd::rule_for(policy, other) == nullptr);
  other = device();
  other.identity.class_code = 0x060400;
  other.header_type = 0;  // calls itself a bridge, and is none
  CHECK(spdm::cmd::rule_for(policy, other)->name == "default");
}

// Files of a policy: what is understood can be shown, and what is shown is understood as the same.
#include "cmd/policy_verb.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    spdm::Policy policy;
    spdm::add_policy_file(policy, "policy.yaml", {reinterpret_cast<const char*>(data), size});
    const std::string shown = spdm::cmd::policy_text(policy, spdm::cmd::Comments::none);
    spdm::Policy again;
    try {
      spdm::add_policy_file(again, "shown.yaml", shown);
    } catch (const spdm::Error&) {
      fuzz::require(false);
    }
    fuzz::require(spdm::cmd::policy_text(again, spdm::cmd::Comments::none) == shown);
  });
}

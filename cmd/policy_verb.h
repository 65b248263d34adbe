// The subcommands of `policy`, a file each, and what they share.
#pragma once

#include <string>
#include <vector>

#include "cmd/attest/policy_files.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "core/error.h"

namespace spdm::cmd {

inline constexpr std::string_view kPolicySchema = "spdmctl.policy/2";

struct PolicyVerbOptions {
  OutputOptions output;
  TrustOptions trust;
  PolicyOptions policy;
  ProtocolOptions protocol;
  std::vector<std::string> arguments;
  std::string file;
  bool overwrite = false;
  bool strict = false;  // a warning of check is an error
};

Exit check_policy(const PolicyVerbOptions& options, Console& console);
Exit show_policy(const PolicyVerbOptions& options, Console& console);
Exit explain_policy(const PolicyVerbOptions& options, Console& console);
Exit test_policy(const PolicyVerbOptions& options, Console& console);
Exit generate_policy(const PolicyVerbOptions& options, Console& console);

// The rules and all that stands beside them, as a file that can be read again. `comments`: where each rule comes from.
enum class Comments { none, origins };
std::string policy_text(const Policy& policy, Comments comments);

}  // namespace spdm::cmd

// Where policies come from: the layers of the system, or what the user named.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cmd/host/layers.h"
#include "core/appraisal/policy.h"

namespace spdm::cmd {

// As the user named it.
struct PolicyOptions {
  std::vector<std::string> paths;
  bool none = false;
};

// policy.d in the configuration layers, the strongest first: /etc/spdmctl/policy.d, /run/..., /usr/local/lib/..., /usr/lib/...
std::vector<std::filesystem::path> policy_directories();
// What load_policy() opens for these paths, or for the system's when there are none.
std::vector<std::filesystem::path> policy_places(const std::vector<std::string>& paths);

// The policy files that the user named, else those of the system's layers. Directories next to each other in `paths` are layers,
// the strongest first. Throws Error as read_drop_ins() and read_named(). With `unreadable`, errors go there instead, and the other
// files are still read. `named`: who may not write what the user named (guard.h).
std::vector<DropIn> policy_drop_ins(const std::vector<std::string>& paths, std::vector<Error>* unreadable = nullptr,
                                    const Guard& named = {});

// Reads *.yaml of the directories (drop-ins by name, the strongest layer wins, a link to /dev/null masks
// a name), in the order of their names. Throws Error{config} naming file, line and column; Error{permission}.
Policy load_policy(const std::vector<std::filesystem::path>& directories);

// All of policy_drop_ins().
Policy load_policy(const std::vector<std::string>& paths, const Guard& named = {});

// The policy for a verb that appraises; nullptr when there is none: --no-policy, or no policy file in the system's layers.
std::shared_ptr<const Policy> load_policy(const PolicyOptions& options);

}  // namespace spdm::cmd

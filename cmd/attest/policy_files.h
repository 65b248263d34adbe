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

// The files of a policy as the user named them, else those of the layers of the system. Directories that follow each other
// are layers, the strongest first. Throws Error as read_drop_ins() and read_named(); with `unreadable` given what cannot be
// read is put there, and the others are read.
std::vector<DropIn> policy_drop_ins(const std::vector<std::string>& paths, std::vector<Error>* unreadable = nullptr);

// Reads *.yaml of the directories (drop-ins by name, the strongest layer wins, a link to /dev/null masks
// a name), in the order of their names. Throws Error{config} naming file, line and column; Error{permission}.
Policy load_policy(const std::vector<std::filesystem::path>& directories);

// All of policy_drop_ins().
Policy load_policy(const std::vector<std::string>& paths);

// The policy for a verb that judges; nullptr when nobody has any: --no-policy, or the system has no file of one.
std::shared_ptr<const Policy> load_policy(const PolicyOptions& options);

}  // namespace spdm::cmd

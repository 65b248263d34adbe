#include "cmd/policy_files.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "cmd/layers.h"
#include "cmd/options.h"
#include "core/error.h"

namespace cmd {

namespace {

namespace fs = std::filesystem;
using spdm::Error;
using spdm::ErrorId;
using spdm::Policy;

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

void add(Policy& policy, const std::vector<DropIn>& drop_ins) {
  for (const DropIn& drop_in : drop_ins) add_policy_file(policy, drop_in.file.string(), drop_in.contents);
}

}  // namespace

void add_policy_path(CLI::App& parser, std::vector<std::string>& paths, const std::string& help, const std::string& group) {
  add_repeatable(parser, "--policy", paths, help)->type_name("PATH")->envname("SPDMCTL_POLICY")->group(group);
}

void add_policy_options(CLI::App& parser, PolicyOptions& options) {
  add_policy_path(parser, options.paths, "Read the policy from this file or directory, in place of the system's", "Policy");
  parser.add_flag("--no-policy", options.none, "Ask for no more than the other options do, whatever the policy says")->group("Policy");
}

std::vector<fs::path> policy_directories() { return layers_of("policy.d"); }

Policy load_policy(const std::vector<fs::path>& directories) {
  Policy out;
  add(out, read_drop_ins(directories));
  return out;
}

Policy load_policy(const std::vector<std::string>& paths) {
  if (paths.empty()) return load_policy(policy_directories());
  Policy out;
  std::vector<fs::path> layers;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!is_directory(paths[i])) {
      add(out, read_named(paths[i]));
      continue;
    }
    layers.emplace_back(paths[i]);
    if (i + 1 == paths.size() || !is_directory(paths[i + 1])) add(out, read_named_layers(std::exchange(layers, {})));
  }
  return out;
}

std::shared_ptr<const Policy> load_policy(const PolicyOptions& options) {
  if (options.none) return nullptr;
  if (options.paths.empty() && read_drop_ins(policy_directories()).empty()) return nullptr;
  return std::make_shared<const Policy>(load_policy(options.paths));
}

}  // namespace cmd

#include "cmd/attest/policy_files.h"

#include <iterator>
#include <utility>

#include "core/error.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Policy policy_of(const std::vector<DropIn>& drop_ins) {
  Policy out;
  for (const DropIn& drop_in : drop_ins) add_policy_file(out, drop_in.file.string(), drop_in.contents);
  return out;
}

void append(std::vector<DropIn>& to, std::vector<DropIn> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<fs::path> policy_directories() { return layers_of("policy.d"); }

std::vector<fs::path> policy_places(const std::vector<std::string>& paths) {
  return paths.empty() ? policy_directories() : std::vector<fs::path>(paths.begin(), paths.end());
}

std::vector<DropIn> policy_drop_ins(const std::vector<std::string>& paths, std::vector<Error>* unreadable, const Guard& named) {
  if (paths.empty()) return read_drop_ins(policy_directories(), FileKind::policy, unreadable);
  std::vector<DropIn> out;
  std::vector<fs::path> layers;
  for (std::size_t i = 0; i < paths.size(); ++i) try {
      if (!is_directory(paths[i])) {
        append(out, read_named(paths[i], FileKind::policy, unreadable, named));
        continue;
      }
      layers.emplace_back(paths[i]);
      if (i + 1 == paths.size() || !is_directory(paths[i + 1]))
        append(out, read_named_layers(std::exchange(layers, {}), FileKind::policy, unreadable, named));
    } catch (const Error& error) {
      if (unreadable == nullptr) throw;
      unreadable->push_back(error);
    }
  return out;
}

Policy load_policy(const std::vector<fs::path>& directories) { return policy_of(read_drop_ins(directories, FileKind::policy)); }

Policy load_policy(const std::vector<std::string>& paths, const Guard& named) { return policy_of(policy_drop_ins(paths, nullptr, named)); }

std::shared_ptr<const Policy> load_policy(const PolicyOptions& options) {
  if (options.none) return nullptr;
  const std::vector<DropIn> drop_ins = policy_drop_ins(options.paths);
  return drop_ins.empty() ? nullptr : std::make_shared<const Policy>(policy_of(drop_ins));
}

}  // namespace spdm::cmd

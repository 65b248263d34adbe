#include "cmd/image_survey.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "certstore/keyring.h"
#include "cmd/attest/policy_files.h"
#include "cmd/gate/gate_mode.h"
#include "cmd/output/render.h"
#include "core/appraisal/references.h"
#include "core/calendar.h"
#include "core/crypto/crypto.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;
using transport::Host;

constexpr std::size_t kMostFiles = 4096;

Error problem(const std::string& path, const std::string& why, const std::string& hint = {}) {
  Error out(ErrorId::config, why, hint);
  out.device = path;
  return out;
}

fs::path below(const Host& host, const std::string& path) { return host.root / fs::path(path).relative_path(); }

// The path as the system has it, without the root of a copy.
std::string path_on(const Host& host, const fs::path& path) {
  return host.root == "/" ? path.string() : cat("/", path.lexically_relative(host.root).string());
}

// What goes into an image, the strongest layer first.
std::vector<fs::path> image_layers(const Host& host, std::string_view part) {
  std::vector<fs::path> out = layers_below(host.root, part);
  std::erase(out, host.root / "run/spdmctl" / part);
  return out;
}

// A file that is none of ours (a README, what an editor leaves behind) is in no image.
bool is_ignored(const std::string& name) { return name == "README" || name.starts_with('.'); }

std::optional<std::string> sha256_of(const fs::path& path) try {
  const auto read = open_found(path);
  crypto::Hasher hasher(*find_hash("SHA-256"));
  std::vector<char> buffer(std::size_t{64} * 1024);
  while (const std::size_t size = read(buffer)) hasher.update(as_bytes(std::string_view(buffer.data(), size)));
  return hex(hasher.finish());
} catch (const Error&) {
  return std::nullopt;
}

void add_layer(ImageManifest& out, const Host& host, const fs::path& layer) {
  std::error_code failure;
  fs::recursive_directory_iterator at(layer, fs::directory_options::follow_directory_symlink, failure), end;
  for (; !failure && at != end; at.increment(failure)) {
    std::error_code ignored;
    const bool is_directory = at->is_directory(ignored);
    if (is_ignored(at->path().filename().string())) {
      if (is_directory) at.disable_recursion_pending();
    } else if (!is_directory) {
      if (out.configuration.size() == kMostFiles)
        return out.problems.push_back(problem(path_on(host, layer), cat("the configuration has more than ", kMostFiles, " files")));
      out.configuration.push_back(image_file(host, path_on(host, at->path())));
    }
  }
  if (failure && (failure != std::errc::no_such_file_or_directory || dangles(layer)))
    out.problems.push_back(problem(path_on(host, layer), failure.message()));
}

bool file_says_enforce(const fs::path& file) {
  const FileContents contents = read_configuration(file, FileKind::policy);
  return contents.is(FileContents::State::whole) && says_enforce(std::string(as_text(contents.bytes)));
}

// Each file is read for itself: the ones that are whole say what holds, whatever is wrong with the others.
void read_policy(ImageManifest& out, const std::vector<fs::path>& layers, const fs::path& root) {
  std::vector<Error> unreadable;
  Policy policy;
  bool enforce = false;
  try {
    for (const DropIn& file : read_drop_ins(layers, FileKind::policy, &unreadable, system_guard(root))) {
      const Policy before = policy;
      try {
        add_policy_file(policy, file.file.string(), file.contents);
      } catch (const Error& error) {
        policy = before;
        enforce = enforce || says_enforce(file.contents);
        unreadable.push_back(error);
      }
    }
  } catch (const Error& error) {
    unreadable.push_back(error);
  }
  for (const Error& error : unreadable) enforce = enforce || file_says_enforce(error.device);
  out.problems.insert(out.problems.end(), unreadable.begin(), unreadable.end());
  // Of what cannot be read nobody knows: enforce where something else says so, else audit.
  out.mode = enforce ? GateMode::enforce : policy.mode.value_or(GateMode::audit);
  out.mode_from = name(enforce || policy.mode ? ModeSource::policy : ModeSource::none);
}

// What nobody who reads the configuration has told yet, for nobody reads it. It is to be in the image all the same.
void assert_readable(ImageManifest& out) {
  for (const ImageFile& file : out.configuration) {
    const auto is_told = [&](const Error& error) { return error.device.find(file.path) != std::string::npos; };
    if (file.sha256.empty() && !file.mask && std::none_of(out.problems.begin(), out.problems.end(), is_told))
      out.problems.push_back(problem(file.path, "cannot be read, or is not a regular file", "repair or remove it"));
  }
}

// Files of which none ends in .yaml: the owner thinks that there is a policy, and there is none.
void assert_policy_counts(ImageManifest& out) {
  const auto is_policy = [](const ImageFile& file) { return file.path.find("/policy.d/") != std::string::npos; };
  const auto counts = [&](const ImageFile& file) { return is_policy(file) && fs::path(file.path).extension() == ".yaml"; };
  if (std::any_of(out.configuration.begin(), out.configuration.end(), counts)) return;
  for (const ImageFile& file : out.configuration)
    if (is_policy(file) && fs::path(file.path).extension() != ".yml")
      out.problems.push_back(problem(file.path, "is not read", "name it .yaml"));
}

void read_trust(ImageManifest& out, const Host& host) {
  certstore::Keyring keyring;
  for (const fs::path& layer : image_layers(host, "keyring.d")) keyring.add_directory(layer, system_guard(host.root));
  for (const certstore::Problem& one : keyring.problems())
    if (one.fatal) out.problems.push_back(problem(one.where(), one.why, "repair or remove the file"));
  try {
    References references;
    for (const DropIn& file : read_drop_ins(image_layers(host, "references.d"), FileKind::references, nullptr, system_guard(host.root)))
      add_references(references, file.file.string(), file.contents);
  } catch (const Error& error) {
    out.problems.push_back(error);
  }
}

std::string time_of_image() {
  // What makes images that are the same bytes each time sets this (reproducible-builds.org).
  const char* const given = ::secure_getenv("SOURCE_DATE_EPOCH");
  char* end = nullptr;
  const long long seconds = given != nullptr ? std::strtoll(given, &end, 10) : 0;
  return utc_of(given != nullptr && end != given && *end == '\0' && seconds > 0 ? seconds : static_cast<std::int64_t>(::time(nullptr)));
}

Json file_json(const ImageFile& file) {
  Json out{{"path", file.path}};
  if (!file.sha256.empty()) out["sha256"] = file.sha256;
  if (file.mask) out["mask"] = true;
  return out;
}

}  // namespace

ImageFile image_file(const Host& host, const std::string& path) {
  ImageFile out{path, "", false};
  std::error_code ignored;
  const fs::path file = below(host, path);
  const fs::file_status status = fs::status(file, ignored);
  out.mask = fs::is_character_file(status) && fs::weakly_canonical(file, ignored) == "/dev/null";
  if (fs::is_regular_file(status)) out.sha256 = sha256_of(file).value_or("");
  return out;
}

ImageManifest survey_for_image(const Host& host) {
  ImageManifest out;
  out.time = time_of_image();
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  const Host whole{fs::weakly_canonical(host.root, failure)};
  const bool is_below = whole.root != "/" && program.string().starts_with(cat(whole.root.string(), "/"));
  out.program = is_below ? image_file(whole, path_on(whole, program)) : image_file(Host{}, program.string());
  if (out.program.sha256.empty()) out.problems.push_back(problem(program.string(), "the program itself cannot be read"));
  for (const char* const part : {"keyring.d", "policy.d", "references.d"})
    for (const fs::path& layer : image_layers(host, part)) add_layer(out, host, layer);
  std::sort(out.configuration.begin(), out.configuration.end(), [](const ImageFile& a, const ImageFile& b) { return a.path < b.path; });
  assert_policy_counts(out);
  read_policy(out, image_layers(host, "policy.d"), host.root);
  read_trust(out, host);
  assert_readable(out);
  return out;
}

Json to_json(const ImageManifest& manifest, Exit exit) {
  Json out = begin_document(kImageSchema);
  out["time"] = manifest.time;
  if (!manifest.kernel.empty()) out["kernel"] = manifest.kernel;
  if (!manifest.image.empty()) out["image"] = manifest.image;
  out["mode"] = name(manifest.mode);
  out["mode_from"] = manifest.mode_from;
  out["program"] = file_json(manifest.program);
  out["configuration"] = Json::array();
  for (const ImageFile& file : manifest.configuration) out["configuration"].push_back(file_json(file));
  out["problems"] = Json::array();
  for (const Error& one : manifest.problems) {
    Json json{{"why", printable(one.what())}};
    if (!one.device.empty()) json["where"] = printable(one.device);
    if (!one.hint.empty()) json["remedy"] = printable(one.hint);
    out["problems"].push_back(std::move(json));
  }
  out["exit_code"] = static_cast<int>(exit);
  return out;
}

}  // namespace spdm::cmd

#include "cmd/subjects.h"

#include "transport/pci_address.h"

namespace cmd {

using spdm::Error;

namespace {

bool is_pci(const Subject& subject) { return !recording(subject.target) && transport::kind_of(subject.target).scheme == "pci"; }

}  // namespace

std::optional<std::filesystem::path> recording(const std::string& target) {
  for (const std::string_view scheme : {"file:", "pcap:"})
    if (target.starts_with(scheme)) return target.substr(scheme.size());
  std::error_code ignored;
  if (std::filesystem::is_regular_file(target, ignored) || target.starts_with('/') || target.starts_with("./")) return target;
  return std::nullopt;
}

std::vector<Subject> subjects_of(const std::vector<std::string>& targets) {
  std::vector<Subject> out;
  for (const std::string& target : targets) {
    if (!recording(target)) transport::kind_of(target);
    out.push_back({.target = target});
  }
  return out;
}

void open_devices(std::vector<Subject>& subjects, const transport::OpenOptions& options) {
  for (Subject& subject : subjects) {
    if (!is_pci(subject)) continue;
    try {
      subject.opened = transport::open(subject.target, options);
    } catch (const Error& error) {
      subject.failure = error;
    }
  }
}

bool reads_files(const std::vector<Subject>& subjects) {
  for (const Subject& subject : subjects)
    if (recording(subject.target) || transport::kind_of(subject.target).scheme == "emulated") return true;
  return false;
}

std::vector<std::filesystem::path> power_attributes(const std::vector<Subject>& subjects, const transport::Host& host) {
  std::vector<std::filesystem::path> out;
  for (const Subject& subject : subjects) {
    const std::optional<transport::Bdf> bdf = transport::parse_bdf(subject.target);
    if (!subject.opened || !bdf) continue;
    std::filesystem::path file = host.pci() / "devices" / to_string(*bdf) / "power/control";
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) out.push_back(std::move(file));
  }
  return out;
}

}  // namespace cmd

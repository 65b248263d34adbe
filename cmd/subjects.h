// What the targets of the command line stand for: recordings, sockets, PCI functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "transport/target.h"

namespace cmd {

// A target on its way through a run.
struct Subject {
  std::string target;
  // Whoever has the right to open a PCI function keeps it with the descriptor, so these are opened before privileges are
  // dropped; everything else is opened when its turn comes. What went wrong is part of the device's evidence.
  std::optional<transport::Opened> opened = std::nullopt;
  std::optional<spdm::Error> failure = std::nullopt;
};

// What a recording's name says beside the file: "file:x", "pcap:x" or just the name of a file that is there.
std::optional<std::filesystem::path> recording(const std::string& target);

// In the order given. Throws Error{usage} for a name that is wrong, before any device is touched.
std::vector<Subject> subjects_of(const std::vector<std::string>& targets);

// Opens the PCI functions among them. No exchange takes place yet.
void open_devices(std::vector<Subject>& subjects, const transport::OpenOptions& options);

// Whether files are still to be read by name once the devices are open, and where in sysfs the power state of the PCI
// functions is put back at the end.
bool reads_files(const std::vector<Subject>& subjects);
std::vector<std::filesystem::path> power_attributes(const std::vector<Subject>& subjects, const transport::Host& host);

}  // namespace cmd

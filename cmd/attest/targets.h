// What the targets of the command line stand for: recordings, sockets, PCI functions, and `all` of the latter.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "transport/base/opened.h"
#include "transport/pci/address.h"

namespace spdm::cmd {

// The target that stands for every PCI function that may speak SPDM.
inline constexpr std::string_view kAllDevices = "all";

// A target on its way through a run.
struct Target {
  std::string name;
  // One of `all` of which only discovery tells what its mailbox carries: when that is no CMA-SPDM, it is no error.
  bool sought = false;
  // What is live is opened before privileges are dropped: whoever has the right to open a PCI function keeps it with the
  // descriptor, and a confined process makes no socket. What went wrong is part of the device's evidence.
  std::optional<transport::Opened> opened = std::nullopt;
  std::optional<Error> failure = std::nullopt;
  // What the host sees of it, whether it could be opened or not. Filled by open_targets().
  HostView host = {};
};

struct Targets {
  std::vector<Target> list;  // in the order given, each PCI function once
  // Of `all`: functions whose mailboxes could not be looked for, asleep or without the right to.
  std::size_t unknown = 0;
};

// What a recording's name says beside the file: "file:x", "pcap:x" or just the name of a file that is there.
std::optional<std::filesystem::path> recording(const std::string& target);

// Touches no device. Throws Error: usage for a name that is wrong; no_device, or permission, when `all` was asked for and
// there is none.
Targets targets_of(const std::vector<std::string>& names, const transport::Host& host);

// The address in a target, "0000:03:00.0" or "03:00.0?max=4600"; nothing when it is no PCI function.
std::optional<transport::Bdf> address_of(std::string_view target);

// "5 PCI functions are asleep, ...": what a run over all says of those of which nobody knows what they can do.
std::string unknown_in_words(std::size_t functions);
// The same where nothing else was found, and for want of privilege. Throws Error{permission}.
[[noreturn]] void fail_for_want_of_permission(std::size_t functions);

// There is no PCI function that carries CMA-SPDM.
[[noreturn]] void fail_for_want_of_devices();

// What the host sees of a target that was not opened: of a PCI function what the kernel shows, else its name.
HostView view_of(const std::string& target, const transport::Host& host);

// Opens everything live among them, several at once: one device may have to wake up, one name server may be slow. The time of
// the options is for all of them together. No exchange takes place yet, and nothing is connected.
void open_targets(std::vector<Target>& targets, const transport::OpenOptions& options);

// Whether files are still to be read by name once the devices are open.
bool reads_files(const std::vector<Target>& targets);

}  // namespace spdm::cmd

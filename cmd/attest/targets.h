// What the targets of the command line stand for: recordings, sockets, PCI functions, and `all` of the latter.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "transport/base/opened.h"
#include "transport/mctp/routes.h"
#include "transport/pci/address.h"

namespace spdm::cmd {

// The target that stands for every PCI function that may speak SPDM.
inline constexpr std::string_view kAllDevices = "all";

// A target on its way through a run.
struct Target {
  std::string name;
  // Found by `all`, and only DOE discovery tells what its mailbox carries. It is no error when that is no CMA-SPDM.
  bool sought = false;
  // Found by `all` in a range of EIDs that a route leads to: nobody says that there is such an endpoint. No answer is no error.
  bool supposed = false;
  bool expected = false;  // by a rule of the policy: where all devices share a time limit, it is asked first
  // One of the two is set by open_targets() for a live target, before privileges are dropped: a right to a PCI function stays with
  // its descriptor, and a confined process makes no socket. `failure` becomes part of the device's evidence.
  std::optional<transport::Opened> opened = std::nullopt;
  std::optional<Error> failure = std::nullopt;
  // What the host sees of the target, even when it could not be opened. Filled by open_targets().
  HostView host = {};
};

struct Targets {
  std::vector<Target> list;  // named targets in their order, then those of `all`; each PCI function once
  // Functions of `all` whose mailboxes could not be looked for: they sleep, are gone, or take a right that the process lacks.
  std::size_t unknown = 0;
  std::size_t asleep = 0;  // drives of `all` that are asleep, and not in the list
  // Why `all` stands for no function, where others were named beside it. It is no error then.
  std::string none;
};

// The file of a recording: "file:x", "pcap:x", the name of a file that is there, or a path that begins with / or ./. Nothing for a
// device. Throws Error{usage} for a scheme without a name.
std::optional<std::filesystem::path> recording(const std::string& target);

// What the file of this name is, where it is no recording: a directory, a link that leads nowhere. Empty when there is none.
std::string why_no_recording(const std::string& name);

// These names as outputs have them: a PCI function by its address (transport/naming.h), also where several names stand for one. One
// that names no device of this host stays as it is. Throws Error{usage} for a name that is wrong, or fits several functions.
std::vector<std::string> known_names(const std::vector<std::string>& names, const transport::Host& host);

// Touches no device. Names are those of known_names(). Throws Error: usage for a name that is wrong; no_device, or permission, when `all`
// alone was asked for and there is none. `all` stands for PCI functions with a mailbox; for drives where only their own way is asked
// (Via::storage); for endpoints of MCTP networks with Via::mctp, and then Error{unsupported} where the kernel has no MCTP.
Targets targets_of(const std::vector<std::string>& names, const transport::Host& host, transport::Via via = transport::Via::any);

// Adds those that no target means yet, as what is only sought.
void add_endpoints(std::vector<Target>& out, const std::vector<transport::MctpNeighbour>& endpoints);

// The address in a target, "0000:03:00.0" or "03:00.0?max=4600"; nothing when it is no PCI function.
std::optional<transport::Bdf> address_of(std::string_view target);

// "all: 5 PCI functions are asleep, ...": the note on functions whose mailboxes could not be looked for.
std::string unknown_in_words(std::size_t functions);
// Throws Error{permission}: nothing was found, these functions could not be looked at, and the process is not root's.
[[noreturn]] void fail_for_want_of_permission(std::size_t functions);

// The same for drives.
inline constexpr std::string_view kNoDrive = "this host has no drive that is awake";

// What is said where `all` stands for nothing, and what to do about it.
inline constexpr std::string_view kNoDevice = "no PCI device of this host has a DOE mailbox that carries CMA-SPDM";
inline constexpr std::string_view kSeeDevices = "see: spdmctl list";
// Throws Error{no_device}: no PCI function has a mailbox that carries CMA-SPDM; with Via::storage, no drive speaks SPDM;
// with Via::mctp, no endpoint.
[[noreturn]] void fail_for_want_of_devices(transport::Via via);

// What the host sees of a target that was not opened: of a PCI function what the kernel shows, else its name. With `inspect` also
// HostView::encryption, where it can be read.
HostView view_of(const std::string& target, const transport::Host& host, bool inspect = false);

// Opens the live targets, several at once: one device may have to wake up, one name server may be slow. The time of the options
// is for all of them together. No exchange takes place yet, and nothing is connected. Errors are in Target::failure.
// `adapt`: changes the options for a device of which the host sees this; empty: they stay as they are.
void open_targets(std::vector<Target>& targets, const transport::OpenOptions& options,
                  const std::function<void(transport::OpenOptions&, const HostView&)>& adapt = {});

// What is still to be read by name once the devices are open.
std::vector<std::filesystem::path> recordings_of(const std::vector<Target>& targets);
// Whether it is a peer in the network.
bool is_on_socket(const Target& target);
// Whether a target is still to be connected with, in the network.
bool connects(const std::vector<Target>& targets);
// Whether one of those that are open is an endpoint of MCTP.
bool sends_mctp(const std::vector<Target>& targets);

}  // namespace spdm::cmd

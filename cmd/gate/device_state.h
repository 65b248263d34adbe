// What became of a PCI device: /run/spdmctl/devices/BDF.json, "schema": "spdmctl.state/1". Written whole or not at all,
// read by `status`, by the next run of the gate and by `watch`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmd/gate/gate_words.h"
#include "core/appraisal/report.h"
#include "core/format/json.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"
#include "transport/pci/bus.h"
#include "transport/pci/control.h"

namespace spdm::cmd {

inline constexpr std::string_view kStateSchema = "spdmctl.state/1";
inline constexpr std::size_t kMaxStates = 1024;

struct DeviceState {
  std::string bdf;      // empty when absent and the rule names no single function; of a drive that is no function
  std::string drive{};  // the node of a drive that was asked as such, "/dev/nvme0"; it has no file
  std::string time;     // RFC 3339, in UTC
  Occasion occasion = Occasion::request;
  Decision decision = Decision::pending;
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  std::string reason;                   // one line
  std::string rule;                     // name of the rule that decided
  std::vector<GateStep> actions;        // what was done, in order
  std::vector<std::string> trouble;     // what could not be done, and why
  std::optional<std::string> driver;    // bound when the decision was made
  std::optional<std::string> identity;  // CMA wording of what the host sees (PciIdentity)
  std::optional<std::string> leaf;      // SHA-256 of the leaf certificate, lower-case hex
  std::optional<std::uint8_t> version;  // SPDMVersion, the newest that the device with this leaf has spoken, signed
  std::optional<bool> same_device;      // leaf and identity are those seen before; nothing when there was no leaf to compare

  // What the next appraisal needs to know; not for people.
  std::optional<std::string> former_leaf, former_identity;  // of the last appraisal that saw a leaf
  std::optional<std::string> former_override;               // the override of somebody else that ours has replaced
  std::optional<std::string> instance;                      // of the device (PciDevice::instance), in decimal digits
  bool bound_before = false;                                // a driver was bound before the gate could keep it off

  bool operator==(const DeviceState&) const = default;
};

// Whether the state is about this device, and not about one that had its address before.
bool is_of(const DeviceState& state, const transport::PciDevice& device);
// Whether the device was judged, and may have a driver.
bool may_be_used(const DeviceState& state);

// Whether the gate removed the device, or took its power, because it failed.
bool was_taken_away(const DeviceState& state);

// For documents: strings are escaped, and what only the next appraisal needs is left out.
Json to_json(const DeviceState& state);

// Throws Error: io, permission.
void write_state(const transport::Host& host, const DeviceState& state);
void remove_state(const transport::Host& host, const DeviceState& state);
std::optional<DeviceState> read_state(const transport::Host& host, const std::string& bdf);  // Error{bad_input} names the file

struct States {
  std::vector<DeviceState> states;  // by address
  std::vector<Error> problems;      // files that cannot be understood; device is the file
};
// Reads at most kMaxStates files; more are one of the problems. Empty when no gate has run.
States read_states(const transport::Host& host);

// Whether drivers must stay off the device.
bool is_shut(const DeviceState& state);
// Whether the kernel shows something else than what the state says was done. Throws Error: permission, io.
bool disagrees(const DeviceState& state, const transport::PciControl& control);

// The version that was spoken, where a good signature covers the negotiation.
std::optional<std::uint8_t> proven_version(const Report& report);
// The leaf of the chain that was used; of the first that was read when none was.
std::optional<std::string> leaf_of(const Report& report);
// Fills same_device, former_leaf, former_identity and version of a new state from the state before.
void compare(DeviceState& state, const DeviceState& before);

}  // namespace spdm::cmd

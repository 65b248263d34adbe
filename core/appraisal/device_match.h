// Which devices a rule, a reference value or a root is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm::yaml {
class Value;
}

namespace spdm {

struct ChainResult;

// What a device has proven of itself: by a good signature, and a chain that is sound and trusted. One that has signed with keys of
// several slots may have proven several of each.
struct Proven {
  bool is_certified = false;                // a root vouches for what the certificates say: what they leave out, the device does not have
  std::vector<PciIdentity> identities;      // those of identity_texts that can be read
  std::vector<std::string> identity_texts;  // CMA otherNames of the leaf; in the form of to_string(PciIdentity) where they can be read
  std::vector<std::string> leaf_keys;       // SHA-256 of the DER SubjectPublicKeyInfo
  std::vector<std::string> roots;           // SHA-256 of the certificate
  std::vector<std::string> device_infos;    // DMTF otherNames "manufacturer:product:serial"

  bool operator==(const Proven&) const = default;
};

// What a chain proves of the device that holds the key of its leaf; nothing when the chain is not sound. Where no anchor vouches for
// it (a pin does), the certificates prove nothing.
Proven proven_by(const ChainResult& chain);

// Every key that is given must fit; a match without keys fits every device. A value that is not known of a device fits
// no key: a device without a PCI identity matches no vendor.
struct DeviceMatch {
  std::optional<std::uint16_t> vendor, device, subsystem_vendor, subsystem;
  std::optional<std::uint32_t> class_code, class_mask;  // "01", "0108", "010802"
  std::optional<std::string> bdf;                       // a pattern of fnmatch(3), "0000:03:*"; with its domain
  std::optional<std::string> target;                    // a pattern of fnmatch(3) over the target's name, "emu://*"
  std::optional<std::string> driver, slot;              // exactly
  std::optional<bool> removable;
  // Of a drive that is asked by its own way: patterns of fnmatch(3), and a word (DriveView::transport); "mctp" of an endpoint.
  std::optional<std::string> model, serial, firmware_revision, transport;
  std::optional<std::string> endpoint;  // a pattern of fnmatch(3) over network and EID, "1:*"
  // What a device proves.
  std::optional<std::string> certificate_identity;  // a pattern of fnmatch(3) over a CMA otherName, "Vendor=1b36:Device=0010:*"
  std::optional<std::string> device_info;           // a pattern of fnmatch(3), "Example:*"
  std::optional<std::string> leaf_key, root;        // SHA-256, lower-case hex

  bool operator==(const DeviceMatch&) const = default;
};

// The order is that of strength: a match is as good as the worst of its keys.
enum class Fit {
  no,
  denied,   // no, but only by what the collector says (HostView::is_claimed), or because the device has proven nothing of the kind
  claimed,  // yes, but only by what the collector says
  yes,
};
inline bool is_open(Fit fit) { return fit == Fit::denied || fit == Fit::claimed; }

// The vendor, the device, the subsystem and the class of a claimed host are what the certificate says, where it says any.
Fit fit(const DeviceMatch& match, const HostView& host, const Proven& proven = {});
// Whether it fits, going by what the host says.
inline bool matches(const DeviceMatch& match, const HostView& host, const Proven& proven = {}) {
  return fit(match, host, proven) >= Fit::claimed;
}
// Why it does not match, by the first key that does not fit: "class is 020000, not 0108". Empty when it matches.
std::string misfit(const DeviceMatch& match, const HostView& host, const Proven& proven = {});
// The keys that are open, with what the collector says: "bdf 0000:03:00.0", "no driver".
std::vector<std::string> open_keys(const DeviceMatch& match, const HostView& host, const Proven& proven);
// Whether it says of whom a function is, or where: by its vendor, its slot or its one address.
bool names_function(const DeviceMatch& match);
// Whether it has keys that are known only after the device has answered.
bool needs_proof(const DeviceMatch& match);
// Whether it has keys that only a drive has, and only once its driver is bound.
bool names_drive(const DeviceMatch& match);
// The keys that are given, as they stand in a file.
struct MatchKey {
  std::string_view name;
  std::string value;
  bool is_flag = false;  // "true" and "false" stand without quotes
};
std::vector<MatchKey> keys_of(const DeviceMatch& match);

// A pattern of fnmatch(3) that fits this name and no other. Exception: a character that a file cannot hold becomes "?",
// which fits any one character.
std::string pattern_for(std::string_view name);

// {vendor: "1b36", device: "0010", subsystem-vendor: "1af4", subsystem: "1100", class: "0108", bdf: "0000:03:*",
//  target: "emu://*", driver: nvme, slot: "3", removable: true, model: "Example *", serial: "S1*",
//  firmware-revision: "2.*", transport: pcie, endpoint: "1:*", certificate-identity: "Vendor=1b36:*", device-info: "Example:*",
//  leaf-key: SHA256, root: SHA256}. Throws Error{config} with file, line and column.
DeviceMatch read_device_match(const yaml::Value& value);

}  // namespace spdm

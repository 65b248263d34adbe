#include "core/appraisal/device_match.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "core/evidence/chain.h"
#include "core/format/fingerprint.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;

// Hex digits as lspci -n prints them, without a prefix. The number of digits counts: "0108" is a class without its interface.
std::uint32_t hex_digits(const Value& value, std::initializer_list<std::size_t> lengths, std::string_view hint) {
  const std::string text = value.text();
  const bool digits = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!digits || std::find(lengths.begin(), lengths.end(), text.size()) == lengths.end())
    value.fail(cat("invalid number '", printable(text), "'"), hint);
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
}

std::uint16_t read_id(const Value& value) { return static_cast<std::uint16_t>(hex_digits(value, {4}, "write four hex digits: \"1b36\"")); }

// In the form of /sys, where a domain has at least four digits. "03:00.0" is completed, as on the command line. A
// pattern that fits no address is an error: it would silently match nothing.
std::string read_address(const Value& value) {
  const std::string text = value.text();
  const auto fail = [&] {
    value.fail(cat("invalid PCI address '", printable(text), "'"), "write it as in /sys: \"0000:03:00.0\", \"0000:03:*\"");
  };
  if (text.empty() || text.find_first_not_of("0123456789abcdef:.*?[]-!") != std::string::npos) fail();
  const bool is_pattern = text.find_first_of("*?[") != std::string::npos;
  // A star may stand for the domain, too, so such a pattern stays as it is.
  const std::size_t colon = text.find(':');
  const bool is_short = colon != std::string::npos && colon <= 2 && colon == text.rfind(':') && text.find('*') > colon;
  const std::string full = is_short ? cat("0000:", colon == 1 ? "0" : "", text) : text;
  if (is_pattern) return full;
  if (full.find_first_of("]-!") != std::string::npos) fail();
  unsigned domain = 0, bus = 0, device = 0, function = 0;
  int used = 0;
  const int found = std::sscanf(full.c_str(), "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &used);  // NOLINT(cert-err34-c)
  if (found != 4 || static_cast<std::size_t>(used) != full.size() || device > 31 || function > 7) fail();
  std::string digits = hex(domain, 8);
  digits.erase(0, std::min<std::size_t>(digits.find_first_not_of('0'), 4));
  return cat(digits, ":", hex(bus, 2), ":", hex(device, 2), ".", function);
}

std::string read_word(const Value& value) {
  std::string out = value.text();
  if (out.empty()) value.fail("is empty", "leave the key out to match any");
  return out;
}

// Targets are called by their whole address, whatever name was given: "03:00.0" is 0000:03:00.0.
std::string read_target(const Value& value) {
  std::string out = read_word(value);
  const auto is_digit = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (out.size() != 7 || out[2] != ':' || out[5] != '.') return out;
  for (const std::size_t at : {0U, 1U, 3U, 4U, 6U})
    if (!is_digit(out[at])) return out;
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return "0000:" + out;
}

bool fits_pattern(const std::string& pattern, const std::string& text) { return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0; }

bool fits_pattern(const std::optional<std::string>& pattern, const std::string& text) { return !pattern || fits_pattern(*pattern, text); }

template <class T>
bool fits(const std::optional<T>& wanted, const std::optional<T>& there) {
  return !wanted || wanted == there;
}

// Nothing when it is not known.
std::optional<bool> is_removable(const HostView& host) {
  if (!host.removable || host.removable->empty() || *host.removable == "unknown") return std::nullopt;
  return *host.removable == "removable";
}

bool id_fits(const std::optional<std::uint16_t>& wanted, const HostView& host, std::uint16_t PciIdentity::*there) {
  return !wanted || (host.identity && *wanted == *host.identity.*there);
}

std::string digits(const std::optional<std::uint16_t>& id) { return id ? hex(*id, 4) : std::string(); }

std::string seen_id(const HostView& host, std::uint16_t PciIdentity::*id) { return host.identity ? hex(*host.identity.*id, 4) : ""; }

// What is not known of a drive fits nothing that is asked for.
bool drive_fits(const std::optional<std::string>& pattern, const HostView& host, std::string DriveView::*there) {
  return !pattern || (host.drive && !((*host.drive).*there).empty() && fits_pattern(*pattern, (*host.drive).*there));
}

std::string seen_of_drive(const HostView& host, std::string DriveView::*there) { return host.drive ? (*host.drive).*there : std::string(); }

std::string boolean(bool value) { return value ? "true" : "false"; }

// Of a drive how the host reaches it; an endpoint of MCTP is reached in that way alone.
std::string transport_of(const HostView& host) { return host.mctp ? "mctp" : seen_of_drive(host, &DriveView::transport); }

// "01", "0108", "010802": as many digits as were written.
void read_class(const Value& code, DeviceMatch& out) {
  const std::size_t missing = 4 * (6 - std::min<std::size_t>(code.text().size(), 6));
  out.class_code = hex_digits(code, {2, 4, 6}, "write two, four or six hex digits: \"01\", \"0108\", \"010802\"") << missing;
  out.class_mask = 0xFFFFFF >> missing << missing;
}

bool class_fits(const DeviceMatch& match, const HostView& host) {
  return !match.class_code || (host.identity && *match.class_code == (host.identity->class_code & match.class_mask.value_or(0xFFFFFF)));
}

std::string class_text(const DeviceMatch& match) {
  if (!match.class_code) return {};
  const std::uint32_t mask = match.class_mask.value_or(0xFFFFFF);
  return hex(*match.class_code, 6).substr(0, (mask & 0xFF) != 0 ? 6 : (mask & 0xFF00) != 0 ? 4 : 2);
}

// Who says it.
enum class Source {
  host,      // the host alone
  identity,  // the host, and certificates
};

// One row per key of what the host says, in the order in which they are compared and shown.
struct KeyRow {
  using Read = void (*)(const Value& value, DeviceMatch& out);
  using Fits = bool (*)(const DeviceMatch& match, const HostView& host);
  using Text = std::string (*)(const DeviceMatch& match);
  using Seen = std::string (*)(const HostView& host);

  // No member has a default: a row that lacks one does not compile.
  constexpr KeyRow(std::string_view name_in_file, Source who, Read how_read, Fits how_compared, Text how_shown, Seen what_is_there)
      : name(name_in_file), source(who), read(how_read), fits(how_compared), text(how_shown), seen(what_is_there) {}

  std::string_view name;
  Source source;
  Read read;
  Fits fits;
  Text text;  // as `read` understands it; empty where the key is not given
  Seen seen;  // empty: the host has seen nothing of the kind
};

constexpr std::array kKeys{
    KeyRow(
        "vendor", Source::identity, [](const Value& id, DeviceMatch& out) { out.vendor = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) { return id_fits(match.vendor, host, &PciIdentity::vendor); },
        [](const DeviceMatch& match) { return digits(match.vendor); },
        [](const HostView& host) { return seen_id(host, &PciIdentity::vendor); }),
    KeyRow(
        "device", Source::identity, [](const Value& id, DeviceMatch& out) { out.device = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) { return id_fits(match.device, host, &PciIdentity::device); },
        [](const DeviceMatch& match) { return digits(match.device); },
        [](const HostView& host) { return seen_id(host, &PciIdentity::device); }),
    KeyRow(
        "subsystem-vendor", Source::identity, [](const Value& id, DeviceMatch& out) { out.subsystem_vendor = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) {
          return !match.subsystem_vendor || (host.identity && match.subsystem_vendor == host.identity->subsystem_vendor);
        },
        [](const DeviceMatch& match) { return digits(match.subsystem_vendor); },
        [](const HostView& host) { return host.identity ? digits(host.identity->subsystem_vendor) : ""; }),
    KeyRow(
        "subsystem", Source::identity, [](const Value& id, DeviceMatch& out) { out.subsystem = read_id(id); },
        [](const DeviceMatch& match, const HostView& host) {
          return !match.subsystem || (host.identity && match.subsystem == host.identity->subsystem);
        },
        [](const DeviceMatch& match) { return digits(match.subsystem); },
        [](const HostView& host) { return host.identity ? digits(host.identity->subsystem) : ""; }),
    KeyRow("class", Source::identity, read_class, class_fits, class_text,
           [](const HostView& host) { return host.identity ? hex(host.identity->class_code, 6) : ""; }),
    KeyRow(
        "bdf", Source::host, [](const Value& pattern, DeviceMatch& out) { out.bdf = read_address(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return !match.bdf || (host.bdf && fits_pattern(match.bdf, *host.bdf)); },
        [](const DeviceMatch& match) { return match.bdf.value_or(""); }, [](const HostView& host) { return host.bdf.value_or(""); }),
    KeyRow(
        "target", Source::host, [](const Value& pattern, DeviceMatch& out) { out.target = read_target(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return fits_pattern(match.target, host.target); },
        [](const DeviceMatch& match) { return match.target.value_or(""); }, [](const HostView& host) { return host.target; }),
    KeyRow(
        "driver", Source::host, [](const Value& name, DeviceMatch& out) { out.driver = read_word(name); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.driver, host.driver); },
        [](const DeviceMatch& match) { return match.driver.value_or(""); }, [](const HostView& host) { return host.driver.value_or(""); }),
    KeyRow(
        "slot", Source::host, [](const Value& name, DeviceMatch& out) { out.slot = read_word(name); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.slot, host.slot); },
        [](const DeviceMatch& match) { return match.slot.value_or(""); }, [](const HostView& host) { return host.slot.value_or(""); }),
    KeyRow(
        "removable", Source::host, [](const Value& flag, DeviceMatch& out) { out.removable = flag.boolean(); },
        [](const DeviceMatch& match, const HostView& host) { return fits(match.removable, is_removable(host)); },
        [](const DeviceMatch& match) { return match.removable ? boolean(*match.removable) : std::string(); },
        [](const HostView& host) { return is_removable(host) ? boolean(*is_removable(host)) : host.removable.value_or(""); }),
    KeyRow(
        "model", Source::host, [](const Value& pattern, DeviceMatch& out) { out.model = read_word(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return drive_fits(match.model, host, &DriveView::model); },
        [](const DeviceMatch& match) { return match.model.value_or(""); },
        [](const HostView& host) { return seen_of_drive(host, &DriveView::model); }),
    KeyRow(
        "serial", Source::host, [](const Value& pattern, DeviceMatch& out) { out.serial = read_word(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return drive_fits(match.serial, host, &DriveView::serial); },
        [](const DeviceMatch& match) { return match.serial.value_or(""); },
        [](const HostView& host) { return seen_of_drive(host, &DriveView::serial); }),
    KeyRow(
        "firmware-revision", Source::host, [](const Value& pattern, DeviceMatch& out) { out.firmware_revision = read_word(pattern); },
        [](const DeviceMatch& match, const HostView& host) { return drive_fits(match.firmware_revision, host, &DriveView::firmware); },
        [](const DeviceMatch& match) { return match.firmware_revision.value_or(""); },
        [](const HostView& host) { return seen_of_drive(host, &DriveView::firmware); }),
    KeyRow(
        "transport", Source::host, [](const Value& word, DeviceMatch& out) { out.transport = read_word(word); },
        [](const DeviceMatch& match, const HostView& host) { return !match.transport || transport_of(host) == *match.transport; },
        [](const DeviceMatch& match) { return match.transport.value_or(""); }, transport_of),
    KeyRow(
        "endpoint", Source::host, [](const Value& pattern, DeviceMatch& out) { out.endpoint = read_word(pattern); },
        [](const DeviceMatch& match, const HostView& host) {
          return !match.endpoint || (host.mctp && fits_pattern(match.endpoint, to_string(*host.mctp)));
        },
        [](const DeviceMatch& match) { return match.endpoint.value_or(""); },
        [](const HostView& host) { return host.mctp ? to_string(*host.mctp) : std::string(); }),
};

// The keys of what a device proves.
struct ProofRow {
  std::string_view name;
  std::optional<std::string> DeviceMatch::*wanted;
  std::vector<std::string> Proven::*proven;
  bool is_pattern;  // else a fingerprint
};

constexpr std::array kProofs{
    ProofRow{"certificate-identity", &DeviceMatch::certificate_identity, &Proven::identity_texts, true},
    ProofRow{"device-info", &DeviceMatch::device_info, &Proven::device_infos, true},
    ProofRow{"leaf-key", &DeviceMatch::leaf_key, &Proven::leaf_keys, false},
    ProofRow{"root", &DeviceMatch::root, &Proven::roots, false},
};

// Of several values that a device has proven, all or none must fit. Else it may choose which of them counts.
template <class T, class Fits>
std::optional<Fit> fit_of_all(const std::vector<T>& values, const Fits& fits) {
  const auto count = static_cast<std::size_t>(std::count_if(values.begin(), values.end(), fits));
  if (values.empty() || (count != 0 && count != values.size())) return std::nullopt;
  return count == 0 ? Fit::no : Fit::yes;
}

Fit fit_of(const KeyRow& row, const DeviceMatch& match, const HostView& host, const Proven& proven) {
  const bool fits = row.fits(match, host);
  const bool known = !host.is_claimed || (row.source == Source::identity && host.identity_given);
  if (known) return fits ? Fit::yes : Fit::no;
  if (row.text(match).empty()) return Fit::yes;  // nothing is asked
  const auto certified = [&](const PciIdentity& identity) {
    HostView view;
    view.identity = identity;
    return row.fits(match, view);
  };
  if (row.source == Source::identity)
    if (const std::optional<Fit> out = fit_of_all(proven.identities, certified)) return *out;
  return fits ? Fit::claimed : Fit::denied;
}

Fit fit_of(const ProofRow& row, const DeviceMatch& match, const Proven& proven) {
  const std::optional<std::string>& wanted = match.*row.wanted;
  if (!wanted) return Fit::yes;
  const auto fits = [&](const std::string& text) { return row.is_pattern ? fits_pattern(*wanted, text) : *wanted == text; };
  const std::vector<std::string>& there = proven.*row.proven;
  if (there.empty() && proven.is_certified) return Fit::no;
  return fit_of_all(there, fits).value_or(Fit::denied);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += cat(out.empty() ? "" : " and ", word);
  return out;
}

// What is there in the place of what the key asks for.
std::string seen_of(const KeyRow& row, const HostView& host, const Proven& proven) {
  const bool certified = row.source == Source::identity && host.is_claimed && !host.identity_given && !proven.identities.empty();
  if (!certified) return row.seen(host);
  std::vector<std::string> out;
  out.reserve(proven.identities.size());
  for (const PciIdentity& identity : proven.identities) {
    HostView view;
    view.identity = identity;
    out.push_back(row.seen(view));
  }
  return joined(out);
}

}  // namespace

std::string pattern_for(std::string_view name) {
  constexpr std::string_view special = "*?[\\";
  std::string out;
  for (const char c : name) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c >= ' ' && c < 0x7F ? c : '?';
  }
  return out;
}

Proven proven_by(const ChainResult& chain) {
  Proven out;
  if (!chain.sound) return out;
  if (!chain.leaf_key_sha256.empty()) out.leaf_keys.push_back(chain.leaf_key_sha256);
  if (!chain.anchor || chain.certificates.empty()) return out;
  out.is_certified = true;
  out.roots.push_back(chain.anchor->sha256);
  const CertificateInfo& leaf = chain.certificates.back();
  if (!leaf.device_info.empty()) out.device_infos.push_back(leaf.device_info);
  for (const std::string& text : leaf.cma_identities) {
    out.identity_texts.push_back(text);
    try {
      out.identities.push_back(parse_pci_identity(text));
      out.identity_texts.back() = to_string(out.identities.back());
    } catch (const Error&) {
      continue;  // malformed: it names no function, and stays as it is
    }
  }
  return out;
}

Fit fit(const DeviceMatch& match, const HostView& host, const Proven& proven) {
  Fit out = Fit::yes;
  for (const KeyRow& row : kKeys) out = std::min(out, fit_of(row, match, host, proven));
  for (const ProofRow& row : kProofs) out = std::min(out, fit_of(row, match, proven));
  return out;
}

std::string misfit(const DeviceMatch& match, const HostView& host, const Proven& proven) {
  for (const KeyRow& row : kKeys) {
    if (fit_of(row, match, host, proven) >= Fit::claimed) continue;
    const std::string wanted = printable(row.text(match)), there = printable(seen_of(row, host, proven));
    return there.empty() ? cat("it has no ", row.name, ", the rule requires ", wanted) : cat(row.name, " is ", there, ", not ", wanted);
  }
  for (const ProofRow& row : kProofs) {
    if (fit_of(row, match, proven) >= Fit::claimed) continue;
    const std::string wanted = printable((match.*row.wanted).value_or("")), there = printable(joined(proven.*row.proven));
    return there.empty() ? cat("it has proven no ", row.name, ", the rule requires ", wanted)
                         : cat(row.name, " is ", there, ", not ", wanted);
  }
  return {};
}

std::vector<std::string> open_keys(const DeviceMatch& match, const HostView& host, const Proven& proven) {
  std::vector<std::string> out;
  for (const KeyRow& row : kKeys) {
    if (!is_open(fit_of(row, match, host, proven))) continue;
    const std::string claim = row.seen(host);
    out.push_back(claim.empty() ? cat("no ", row.name) : cat(row.name, " ", printable(claim)));
  }
  for (const ProofRow& row : kProofs)
    if (is_open(fit_of(row, match, proven))) out.push_back(cat(row.name, " not proven"));
  return out;
}

bool names_function(const DeviceMatch& match) {
  const bool one_address = match.bdf && match.bdf->find_first_of("*?[") == std::string::npos;
  return match.vendor || match.slot || one_address;
}

bool needs_proof(const DeviceMatch& match) {
  return std::any_of(kProofs.begin(), kProofs.end(), [&](const ProofRow& row) { return (match.*row.wanted).has_value(); });
}

bool names_drive(const DeviceMatch& match) { return match.model || match.serial || match.firmware_revision || match.transport; }

std::vector<MatchKey> keys_of(const DeviceMatch& match) {
  std::vector<MatchKey> out;
  for (const KeyRow& row : kKeys)
    if (std::string text = row.text(match); !text.empty()) out.push_back({row.name, std::move(text), row.name == "removable"});
  for (const ProofRow& row : kProofs)
    if (const std::optional<std::string>& wanted = match.*row.wanted) out.push_back({row.name, *wanted});
  return out;
}

DeviceMatch read_device_match(const Value& value) {
  std::vector<std::string_view> keys;
  keys.reserve(kKeys.size() + kProofs.size());
  for (const KeyRow& row : kKeys) keys.push_back(row.name);
  for (const ProofRow& row : kProofs) keys.push_back(row.name);
  const Section section(value, keys);
  DeviceMatch out;
  for (const KeyRow& row : kKeys) section.with(row.name, [&](const Value& wanted) { row.read(wanted, out); });
  for (const ProofRow& row : kProofs)
    section.with(row.name, [&](const Value& wanted) { out.*row.wanted = row.is_pattern ? read_word(wanted) : read_fingerprint(wanted); });
  return out;
}

}  // namespace spdm

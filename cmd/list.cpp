// list: the PCI functions that may be attested, who has them, what their mailboxes carry, and what they have for PCI encryption; the
// drives that speak SPDM by their own way; the endpoints of MCTP networks.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "cmd/attest/endpoint_scope.h"
#include "cmd/attestation.h"
#include "cmd/host/drive_broker.h"
#include "cmd/host/this_host.h"
#include "cmd/list_drives.h"
#include "cmd/list_endpoints.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/table.h"
#include "cmd/output/wrap.h"
#include "cmd/verb.h"
#include "core/appraisal/encryption_json.h"
#include "core/text.h"
#include "transport/naming.h"
#include "transport/pci/encryption.h"
#include "transport/pci/open.h"
#include "transport/pci/power.h"

namespace spdm::cmd {

namespace {

using transport::Bdf;
using transport::DoeFeature;
using transport::Host;
using transport::PciDevice;

constexpr std::string_view kSchema = "spdmctl.list/2";

struct Options {
  OutputOptions output;
  std::vector<std::string> functions;
  std::string timeout = "10";
  bool all = false, discover = false, drives = false, mctp = false;
};

struct Listed {
  PciDevice device;
  transport::PciNames names;
  std::optional<std::vector<DoeFeature>> features;  // of all mailboxes; nothing when unknown
  bool asked = false;                               // the features come from the mailboxes, not from the kernel
  std::optional<Error> error;                       // why they did not
  std::optional<transport::EncryptionBrief> encryption = std::nullopt;
  std::string unread = "";  // why nothing is known of encryption
};

// PCIe r6.x 6.30.1, data object types of PCI-SIG.
std::string feature_name(const DoeFeature& feature) {
  constexpr std::array<std::string_view, 5> names{"discovery", "CMA", "secured CMA", "CMA with connection id",
                                                  "secured CMA with connection id"};
  if (feature.vendor != 0x0001 || feature.type >= names.size()) return transport::to_string(feature);
  return std::string(names[feature.type]);
}

std::string features_text(const Listed& listed) {
  if (listed.features) {
    std::string out;
    // Every mailbox has discovery: it is shown only where there is nothing else.
    for (const DoeFeature& feature : *listed.features)
      if (feature != DoeFeature{0x0001, 0x00}) out += cat(out.empty() ? "" : ", ", feature_name(feature));
    return out.empty() && !listed.features->empty() ? "discovery" : out.empty() ? "-" : out;
  }
  if (listed.device.gone) return "gone";
  if (!listed.device.mailboxes) return "unknown";
  const std::size_t count = listed.device.mailboxes->size();
  return count == 0 ? "-" : count == 1 ? "mailbox" : cat(count, " mailboxes");
}

// What can be read without waking the function.
void look_at_encryption(Listed& listed, const Host& host) {
  try {
    listed.encryption = transport::encryption_brief(host, listed.device.bdf);
  } catch (const Error& error) {
    listed.unread = error.what();
  }
}

std::string tee_io_text(const Listed& listed) { return !listed.encryption ? "?" : listed.encryption->tee_io ? "yes" : "no"; }

// "sel 4 (1 on), link 1"
std::string ide_text(const Listed& listed) {
  if (!listed.encryption) return "?";
  if (!listed.encryption->ide) return "-";
  const IdeRegisters& ide = *listed.encryption->ide;
  std::string out;
  const auto add = [&](std::string_view kind, bool is_selective, std::size_t count) {
    if (count == 0) return;
    const auto on = std::count_if(ide.streams.begin(), ide.streams.end(),
                                  [&](const IdeStream& stream) { return stream.is_selective == is_selective && stream.is_enabled(); });
    out += cat(out.empty() ? "" : ", ", kind, " ", count, on > 0 ? cat(" (", on, " on)") : "");
  };
  add("sel", true, ide.selective_streams());
  add("link", false, ide.link_streams());
  return out.empty() ? "no streams" : out;
}

// Asks each mailbox, as an owner would: with the lock, and with the device awake.
std::vector<DoeFeature> ask_mailboxes(const Host& host, const PciDevice& device, Clock::time_point deadline) {
  if (const std::optional<std::string> owner = owner_of(device))
    throw Error(ErrorId::owned, cat("its mailboxes were not queried, they belong to somebody else: ", printable(*owner)));
  transport::PciLock lock(host, device.bdf);
  const transport::PciPower power(host, device.bdf, lock);
  power.wait_until_awake(deadline);
  const std::unique_ptr<transport::ConfigSpace> config = transport::open_config(host, device.bdf);
  std::vector<DoeFeature> out;
  for (const std::uint16_t offset : transport::find_extended(*config, transport::kDoeCapability)) {
    transport::DoeMailbox mailbox(*config, offset);
    mailbox.claim(lock.abandoned(), deadline);
    for (const DoeFeature& feature : mailbox.discover(deadline))
      if (std::find(out.begin(), out.end(), feature) == out.end()) out.push_back(feature);
  }
  lock.settle();
  return out;
}

Json names_json(const std::vector<DoeFeature>& features) {
  Json out = Json::array();
  for (const DoeFeature& feature : features) out.push_back(transport::to_string(feature));
  return out;
}

void add_identity(Json& out, const PciDevice& device) {
  const PciIdentity& id = device.identity;
  out["identity"] = to_string(id);
  out["vendor_id"] = hex(id.vendor, 4);
  out["device_id"] = hex(id.device, 4);
  out["class"] = hex(id.class_code, 6);
  out["revision"] = hex(id.revision, 2);
  if (id.subsystem_vendor) out["subsystem_vendor_id"] = hex(*id.subsystem_vendor, 4);
  if (id.subsystem) out["subsystem_id"] = hex(*id.subsystem, 4);
  if (id.serial != 0) out["serial"] = hex(id.serial, 16);
  out["header_type"] = device.header_type;
}

void add_attributes(Json& out, const PciDevice& device) {
  const auto text = [&](const char* key, const std::optional<std::string>& value) {
    if (value) out[key] = printable(*value);
  };
  text("driver", device.driver);
  text("driver_override", device.driver_override);
  if (device.iommu_group) out["iommu_group"] = *device.iommu_group;
  text("removable", device.removable);
  text("power_state", device.power_state);
  if (device.physical_function) out["physical_function"] = transport::to_string(*device.physical_function);
  text("slot", device.slot);
  out["bus_master"] = device.bus_master;
  out["gone"] = device.gone;
}

Json to_json(const Listed& listed) {
  const PciDevice& device = listed.device;
  Json out{{"bdf", transport::to_string(device.bdf)}};
  add_identity(out, device);
  out["name"] = Json{{"vendor", printable(listed.names.vendor)},
                     {"device", printable(listed.names.device)},
                     {"class", printable(listed.names.device_class)}};
  add_attributes(out, device);
  out["mailboxes"] = device.mailboxes ? Json(*device.mailboxes) : Json();
  out["features"] = listed.features ? names_json(*listed.features) : Json();
  if (listed.features) out["features_from"] = listed.asked ? "discovery" : "kernel";
  out["may_attest"] = listed.asked
                          ? std::find(listed.features->begin(), listed.features->end(), transport::kCmaSpdm) != listed.features->end()
                          : device.may_attest();
  out["tee_io"] = listed.encryption ? Json(listed.encryption->tee_io) : Json();
  out["ide"] = listed.encryption && listed.encryption->ide ? to_json(*listed.encryption->ide) : Json();
  if (!listed.encryption) out["encryption_unread"] = printable(listed.unread);
  if (const std::optional<std::string> owner = owner_of(device)) out["owner"] = printable(*owner);
  if (Json platform = to_json(device.platform); !platform.empty()) out["platform"] = std::move(platform);
  if (listed.error) out["error"] = error_json(*listed.error);
  return out;
}

using Row = std::array<std::string, 7>;

std::string to_text(const std::vector<Listed>& devices) {
  if (devices.empty()) return "";
  std::vector<Row> rows{{"ADDRESS", "FEATURES", "TEE-IO", "IDE", "DRIVER", "POWER", "NAME"}};
  for (const Listed& listed : devices) {
    const PciDevice& device = listed.device;
    rows.push_back({transport::to_string(device.bdf), features_text(listed), tee_io_text(listed), ide_text(listed),
                    printable(device.driver.value_or("-")), printable(device.power_state.value_or("-")),
                    printable(cat(listed.names.vendor, " ", listed.names.device))});
  }
  // A name that does not fit, and an owner, which takes a sentence, stand below their device.
  std::string lines = table(rows, true);
  const bool fits = fitted(lines) == lines;
  if (!fits) {
    for (Row& row : rows) row.back().clear();
    lines = table(rows);
  }
  std::size_t end = lines.find('\n') + 1;
  std::string out = lines.substr(0, end);
  for (const Listed& listed : devices) {
    const std::size_t begin = std::exchange(end, lines.find('\n', end) + 1);
    out += lines.substr(begin, end - begin);
    if (!fits) out += cat("    ", printable(cat(listed.names.vendor, " ", listed.names.device)), "\n");
    if (const std::optional<std::string> owner = owner_of(listed.device)) out += cat("    owner of SPDM: ", printable(*owner), "\n");
  }
  return out;
}

// Those that were named, or all. A host without a PCI bus may have drives, or endpoints.
std::vector<PciDevice> chosen(const Host& host, const std::vector<Bdf>& named, bool may_lack_bus) {
  if (named.empty()) try {
      return transport::scan(host);
    } catch (const Error& error) {
      if (!may_lack_bus || error.id != ErrorId::no_device) throw;
      return {};
    }
  std::vector<PciDevice> out;
  out.reserve(named.size());
  for (const Bdf& bdf : named) out.push_back(transport::find_device(host, bdf));
  return out;
}

// All drives of the host; where functions were named, those that are one of them.
std::vector<transport::Drive> drives_among(const std::vector<PciDevice>& functions, bool named, const Host& host) {
  std::vector<transport::Drive> out = transport::scan_drives(host);
  if (named)
    std::erase_if(out, [&](const transport::Drive& drive) {
      return std::none_of(functions.begin(), functions.end(), [&](const PciDevice& function) { return drive.bdf == function.bdf; });
    });
  return out;
}

// What the kernel's routes lead to. Whoever named functions did not ask for it; whoever asks for nothing but a list gets it as far as
// the kernel tells.
std::vector<ListedEndpoint> endpoints_to_list(const Host& host, const Options& options, const Console& console) {
  if (options.mctp) assert_has_mctp(host);
  if (!options.mctp && !options.functions.empty()) return {};
  try {
    return listed(endpoints_of(host));
  } catch (const Error& error) {
    if (options.mctp) throw;
    console.note(cat("spdmctl: MCTP endpoints are not listed: ", error.what()));
    return {};
  }
}

// The error when no mailbox was found: it names what could not be looked at.
Error nothing_found(const std::vector<PciDevice>& seen, bool named, const Options& options) {
  const std::string whom = !named             ? "no PCI function of this host has a"
                           : seen.size() == 1 ? cat(to_string(seen.front().bdf), " has no")
                                              : "none of these functions has a";
  const auto hidden = std::count_if(seen.begin(), seen.end(), [](const PciDevice& device) { return device.hides_mailboxes(); });
  if (hidden > 0)
    return {ErrorId::permission, cat("the mailboxes of ", hidden, hidden == 1 ? " function" : " functions", " cannot be seen"),
            "run it as root: reading all of configuration space needs CAP_SYS_ADMIN"};
  const bool asleep = std::any_of(seen.begin(), seen.end(), [](const PciDevice& device) { return device.has_no_power(); });
  return {ErrorId::no_spdm,
          cat(whom, " DOE mailbox", asleep ? "; functions in D3cold were not checked" : "",
              options.drives ? ", and no drive that was asked speaks SPDM" : "",
              options.mctp ? ", and no MCTP endpoint with a route speaks SPDM" : ""),
          named ? "" : "see all functions with: spdmctl list --all"};
}

void ask(std::vector<Listed>& devices, const Host& host, const Options& options, const Console& console) {
  for (Listed& listed : devices) {
    if (listed.features || !listed.device.has_mailbox()) continue;
    try {
      const Clock::time_point deadline = Clock::now() + parse_duration(options.timeout, given_as("--timeout"));
      listed.features = ask_mailboxes(host, listed.device, deadline);
      listed.asked = true;
    } catch (const Error& error) {
      listed.error = error;
      listed.error->device = transport::to_string(listed.device.bdf);
      console.complain(*listed.error);
    }
  }
}

// Where libpci looks names up: its list, and udev's database.
std::vector<std::filesystem::path> places_of_names(const Host& host) {
  std::vector<std::filesystem::path> out{host.root / "usr/share/misc", host.root / "usr/share/hwdata"};
  for (const char* const database : {"etc/udev/hwdb.bin", "etc/systemd/hwdb", "usr/lib/udev/hwdb.bin", "usr/lib/systemd/hwdb"})
    out.push_back(host.root / database);
  return out;
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  parse_duration(options.timeout, given_as("--timeout"));
  const Host host = this_host();
  const std::vector<Bdf> functions = transport::functions_named(options.functions, host);
  std::optional<DriveBroker> broker;
  if (options.drives) broker = start_drive_broker({.root = host.root});
  std::vector<ListedEndpoint> endpoints = endpoints_to_list(host, options, console);
  MctpSockets sockets = options.mctp ? open_sockets(endpoints) : MctpSockets();
  Needs needs{.readable = places_of_names(host), .sends_mctp = !sockets.empty()};
  if (broker) needs.broker_lacks = broker->missing;
  work_on_host(console, host, options.discover ? HostUse::change : HostUse::look, std::move(needs));
  std::vector<PciDevice> seen = chosen(host, functions, options.drives || options.mctp || !endpoints.empty());
  const bool named = !functions.empty();
  const bool any = std::any_of(seen.begin(), seen.end(), [](const PciDevice& device) { return device.has_mailbox(); });
  std::optional<std::vector<ListedDrive>> drives;
  if (broker) {
    const std::vector<transport::Drive> there = drives_among(seen, named, host);
    drives = ask_drives(host, there, *broker->opener, seen, parse_duration(options.timeout, given_as("--timeout")));
  }
  if (drives && !options.all) std::erase_if(*drives, [](const ListedDrive& listed) { return !listed.may_speak_spdm(); });
  if (options.mctp) ask_endpoints(endpoints, std::move(sockets), parse_duration(options.timeout, given_as("--timeout")));
  if (!options.all) std::erase_if(endpoints, [](const ListedEndpoint& listed) { return !listed.may_speak_spdm(); });
  const bool all_local = std::all_of(endpoints.begin(), endpoints.end(), [](const ListedEndpoint& one) { return one.endpoint.is_local; });
  std::optional<Error> error;
  if (!any && !options.all && (!drives || drives->empty()) && all_local) error = nothing_found(seen, named, options);
  if (!named && !options.all) std::erase_if(seen, [](const PciDevice& device) { return !device.has_mailbox(); });

  const std::vector<transport::PciNames> names = seen.empty() ? std::vector<transport::PciNames>() : names_of(seen, host);
  std::vector<Listed> devices;
  for (std::size_t i = 0; i < seen.size(); ++i)
    devices.push_back({.device = seen[i], .names = names[i], .features = seen[i].doe_features, .error = {}});
  for (Listed& listed : devices) look_at_encryption(listed, host);
  if (options.discover) ask(devices, host, options, console);

  Exit exit = error ? row(error->id).exit : Exit::ok;
  Json document = begin_document(kSchema);
  document["devices"] = Json::array();
  for (const Listed& listed : devices) {
    document["devices"].push_back(to_json(listed));
    if (listed.error) exit = worse(exit, row(listed.error->id).exit);
  }
  std::string text = to_text(devices);
  if (drives) {
    document["drives"] = Json::array();
    for (const ListedDrive& listed : *drives) {
      document["drives"].push_back(to_json(listed));
      if (listed.error) console.complain(*listed.error);
      if (listed.error && listed.error->id != ErrorId::unsupported) exit = worse(exit, row(listed.error->id).exit);
    }
    text += cat(text.empty() || drives->empty() ? "" : "\n", to_text(*drives));
  }
  if (options.mctp || !endpoints.empty()) document["endpoints"] = Json::array();
  for (const ListedEndpoint& listed : endpoints) {
    document["endpoints"].push_back(to_json(listed));
    if (!listed.error || !listed.is_there()) continue;
    console.complain(*listed.error);
    exit = worse(exit, row(listed.error->id).exit);
  }
  text += cat(text.empty() || endpoints.empty() ? "" : "\n", to_text(endpoints));
  document["exit_code"] = static_cast<int>(exit);
  if (error) document["error"] = error_json(*error);
  write_document(console, document, text);
  if (error) console.complain(*error);
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("function", options->functions, "Only these PCI functions, such as 0000:03:00.0 or 03:00.0")->type_name("[BDF...]");
  parser.add_flag("--all", options->all, "Every PCI function, not only those with a mailbox");
  parser.add_flag("--discover", options->discover,
                  "Query mailboxes for their protocols if the kernel does not report them: writes to the device");
  parser.add_flag("--drives", options->drives,
                  "Also list drives that speak SPDM through security commands; queries each drive that is awake");
  parser.add_flag("--mctp", options->mctp, "Query the MCTP endpoints that have a route whether they speak SPDM");
  parser.add_option("--timeout", options->timeout, "Longest wait for the mailboxes of a function, a drive or an endpoint; default: 10s")
      ->type_name("DURATION")
      ->envname("SPDMCTL_TIMEOUT");
  add_output_options(parser, options->output);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb list_verb{"list",
                     "List PCI functions, drives and MCTP endpoints that may speak SPDM",
                     "  spdmctl list\n"
                     "  spdmctl list --all --json\n"
                     "  spdmctl list --discover 03:00.0\n"
                     "  spdmctl list --drives\n"
                     "  spdmctl list --mctp\n",
                     setup,
                     {.schema = kSchema, .devices = true}};

}  // namespace spdm::cmd

#include "transport/pci/bus.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "core/error.h"
#include "core/text.h"
#include "transport/pci/libpci.h"
#include "transport/pci/platform.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kFeaturesMax = 4096;  // 16 mailboxes with all 256 indices of DOE discovery

// libpci calls this on a fatal error; its own hook would end the process. The exception passes through C frames of
// libpci, by the unwind tables of the ABI. Afterwards libpci is only freed.
__attribute__((noreturn)) void give_up(char* format, ...) {  // of its type, too: [[noreturn]] is not
  std::array<char, 512> text{};
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  throw Error(ErrorId::io, cat("PCI: ", printable(text.data())));
}

// libpci warns about missing attributes, which we notice ourselves.
void ignore(char*, ...) {}

struct AccessDeleter {
  void operator()(pci_access* access) const { libpci().cleanup(access); }
};
using Access = std::unique_ptr<pci_access, AccessDeleter>;

struct FunctionDeleter {
  void operator()(pci_dev* function) const { libpci().free_dev(function); }
};
using Function = std::unique_ptr<pci_dev, FunctionDeleter>;

// Only sysfs is used: the other access methods are raw ports and memory, which bypass the kernel.
Access start_libpci(const Host& host) {
  Access access(libpci().alloc());
  access->error = give_up;
  access->warning = ignore;
  access->debug = ignore;
  access->method = PCI_ACCESS_SYS_BUS_PCI;
  access->id_lookup_mode = 0;  // no cache below $HOME is read
  std::string key = "sysfs.path", directory = host.pci().string();
  libpci().set_param(access.get(), key.data(), directory.data());
  libpci().init(access.get());
  return access;
}

std::optional<std::uint64_t> instance_of(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

// "0001:01": vendor and type. DOE discovery, which every mailbox has, has a file with a name of its own.
std::optional<DoeFeature> feature_of(std::string_view name) {
  if (name == "doe_discovery") return DoeFeature{0x0001, 0x00};
  DoeFeature out;
  if (name.size() != 7 || name[4] != ':') return std::nullopt;
  const char* const start = name.data();
  if (const auto [end, error] = std::from_chars(start, start + 4, out.vendor, 16); error != std::errc{} || end != start + 4)
    return std::nullopt;
  if (const auto [end, error] = std::from_chars(start + 5, start + 7, out.type, 16); error != std::errc{} || end != start + 7)
    return std::nullopt;
  return out;
}

std::optional<std::vector<DoeFeature>> features_of(const std::filesystem::path& device) {
  const std::optional<std::vector<std::string>> names = entries(device / "doe_features");
  if (!names) return std::nullopt;
  std::vector<DoeFeature> out;
  for (const std::string& name : *names)
    if (const std::optional<DoeFeature> feature = feature_of(name); feature && out.size() < kFeaturesMax) out.push_back(*feature);
  std::sort(out.begin(), out.end(),
            [](const DoeFeature& a, const DoeFeature& b) { return a.vendor != b.vendor ? a.vendor < b.vendor : a.type < b.type; });
  return out;
}

// From the address in slots/*/address ("0000:03:00", or "0000:03" for the slot of a whole bus) to the name of the slot.
using Slots = std::map<std::string, std::string, std::less<>>;

Slots slots_of(const Host& host) {
  Slots out;
  const std::filesystem::path directory = host.pci() / "slots";
  for (const std::string& name : entries(directory).value_or(std::vector<std::string>{}))
    if (const std::optional<std::string> address = attribute(directory / name / "address")) out.emplace(*address, name);
  return out;
}

std::optional<std::string> slot_of(const Slots& slots, const Bdf& bdf) {
  const std::string address = to_string(bdf);
  const std::string_view device = std::string_view(address).substr(0, address.rfind('.'));
  auto found = slots.find(device);
  if (found == slots.end()) found = slots.find(device.substr(0, device.rfind(':')));
  if (found == slots.end()) return std::nullopt;
  return found->second;
}

// Calls pci_fill_info(). False when a needed attribute is gone or malformed.
bool fill(pci_dev& function, int what) {
  try {
    libpci().fill_info(&function, what);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Takes the ids from the kernel: it knows those of virtual functions, whose registers have none, and corrects wrong
// classes.
void read_ids(pci_dev& function, PciIdentity& identity) {
  if (fill(function, PCI_FILL_IDENT)) {
    identity.vendor = function.vendor_id;
    identity.device = function.device_id;
  }
  if (fill(function, PCI_FILL_CLASS | PCI_FILL_CLASS_EXT)) {
    identity.class_code = std::uint32_t{function.device_class} << 8 | function.prog_if;
    identity.revision = function.rev_id;
  }
}

std::uint8_t header_of_class(std::uint32_t class_code) {
  return class_code >> 8 == 0x0604 ? PCI_HEADER_TYPE_BRIDGE : class_code >> 8 == 0x0607 ? PCI_HEADER_TYPE_CARDBUS : PCI_HEADER_TYPE_NORMAL;
}

// Reads Command and header type. False when configuration space cannot be read or reads as all ones. Vendor and device
// alone do not decide it: a virtual function has ones there (PCIe r6.x 9.3.4.1.1).
bool read_header(pci_dev& function, PciDevice& device) {
  std::array<u8, 16> header{};
  if (libpci().read_block(&function, 0, header.data(), header.size()) == 0) return false;
  device.gone = std::all_of(header.begin(), header.end(), [](u8 byte) { return byte == 0xFF; });
  if (device.gone) return false;
  device.bus_master = (header[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
  device.header_type = header[PCI_HEADER_TYPE] & 0x7F;
  return true;
}

void read_extended(pci_dev& function, const std::filesystem::path& directory, PciDevice& device) {
  std::array<u8, 4> first{};
  if (libpci().read_block(&function, 0x100, first.data(), first.size()) == 0) {
    // Conventional PCI has 256 bytes and so no mailbox. For any other size it is not known.
    std::error_code error;
    if (std::filesystem::file_size(directory / "config", error) == 256 && !error) device.mailboxes.emplace();
    return;
  }
  device.mailboxes.emplace();
  if (!fill(function, PCI_FILL_EXT_CAPS)) return;
  for (const pci_cap* cap = function.first_cap; cap != nullptr; cap = cap->next) {
    if (cap->type != PCI_CAP_EXTENDED || cap->addr < 0x100) continue;
    if (cap->id == kDoeCapability && cap->addr + 0x18 <= 0x1000) device.mailboxes->push_back(static_cast<std::uint16_t>(cap->addr));
    if (cap->id == kSerialCapability && cap->addr + 12 <= 0x1000 && device.identity.serial == 0) {
      const int at = static_cast<int>(cap->addr);
      device.identity.serial = std::uint64_t{libpci().read_long(&function, at + 8)} << 32 | libpci().read_long(&function, at + 4);
    }
  }
}

void read_subsystem(pci_dev& function, PciIdentity& identity) {
  if (!fill(function, PCI_FILL_SUBSYS)) return;
  identity.subsystem_vendor = function.subsys_vendor_id;
  identity.subsystem = function.subsys_id;
}

void read_attributes(const std::filesystem::path& directory, PciDevice& device) {
  device.driver = link_name(directory / "driver");
  device.driver_override = attribute(directory / "driver_override");
  if (device.driver_override == "(null)") device.driver_override.reset();
  if (const std::optional<std::string> group = link_name(directory / "iommu_group")) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(group->data(), group->data() + group->size(), number);
    if (error == std::errc{} && end == group->data() + group->size()) device.iommu_group = number;
  }
  device.removable = attribute(directory / "removable");
  device.power_state = attribute(directory / "power_state");
  if (const std::optional<std::string> function = link_name(directory / "physfn")) device.physical_function = parse_bdf(*function);
  device.doe_features = features_of(directory);
  device.platform = read_platform(directory);
}

// Reads one function; nothing when it is not there, or no longer.
std::optional<PciDevice> examine(pci_access& access, const Host& host, const Bdf& bdf, const Slots& slots) {
  PciDevice device;
  device.bdf = bdf;
  const std::filesystem::path directory = device.directory(host);
  const std::optional<std::uint64_t> instance = instance_of(directory);
  if (!instance) return std::nullopt;
  device.instance = *instance;
  read_attributes(directory, device);
  device.slot = slot_of(slots, bdf);
  const Function function(libpci().get_dev(&access, static_cast<int>(bdf.domain), bdf.bus, bdf.device, bdf.function));
  read_ids(*function, device.identity);
  device.header_type = header_of_class(device.identity.class_code);
  // To read the configuration space of a device in D3cold, the kernel would wake it: let it sleep.
  if (!device.has_no_power() && read_header(*function, device)) read_extended(*function, directory, device);
  if (device.header_type == PCI_HEADER_TYPE_NORMAL) read_subsystem(*function, device.identity);
  if (instance_of(directory) != instance) return std::nullopt;  // half of what was read may be of another device
  return device;
}

std::string name_of(pci_access& access, int what, const PciIdentity& identity, const std::string& otherwise) {
  std::array<char, 256> buffer{};
  const int flags = what | PCI_LOOKUP_NO_NUMBERS;
  const int size = static_cast<int>(buffer.size());
  const char* const name = what == PCI_LOOKUP_CLASS
                               ? libpci().lookup_name(&access, buffer.data(), size, flags, static_cast<int>(identity.class_code >> 8))
                               : libpci().lookup_name(&access, buffer.data(), size, flags, int{identity.vendor}, int{identity.device});
  return name == nullptr ? otherwise : name;
}

}  // namespace

bool PciDevice::may_attest() const {
  if (doe_features) return std::find(doe_features->begin(), doe_features->end(), kCmaSpdm) != doe_features->end();
  return mailboxes && !mailboxes->empty();
}

bool is_same(const PciDevice& a, const PciDevice& b) {
  PciIdentity left = a.identity, right = b.identity;
  if (!a.mailboxes || !b.mailboxes) left.serial = right.serial = 0;
  return a.bdf == b.bdf && a.instance == b.instance && left == right;
}

void prepare_to_scan() {
  try {
    libpci();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): whoever looks at a device is told
  }
}

std::vector<PciDevice> scan(const Host& host) {
  const std::filesystem::path directory = host.pci() / "devices";
  const std::optional<std::vector<std::string>> names = entries(directory);
  if (!names)
    throw Error(ErrorId::no_device, cat("this host shows no PCI bus: ", printable(directory.string()), " cannot be read"),
                "is /sys mounted?");
  const Access access = start_libpci(host);
  const Slots slots = slots_of(host);
  std::vector<PciDevice> out;
  for (const std::string& name : *names)
    if (const std::optional<Bdf> bdf = parse_bdf(name); bdf && to_string(*bdf) == name)
      if (std::optional<PciDevice> device = examine(*access, host, *bdf, slots)) out.push_back(std::move(*device));
  std::sort(out.begin(), out.end(), [](const PciDevice& a, const PciDevice& b) { return a.bdf < b.bdf; });
  return out;
}

PciDevice find_device(const Host& host, const Bdf& bdf) {
  const Access access = start_libpci(host);
  if (std::optional<PciDevice> device = examine(*access, host, bdf, slots_of(host))) return std::move(*device);
  if (!is_there(host.pci() / "devices"))
    throw Error(ErrorId::no_device,
                cat("there is no PCI function ", to_string(bdf), ": this host shows no PCI bus in ", printable(host.pci().string())),
                "is /sys mounted?");
  throw Error(ErrorId::no_device, cat("there is no PCI function ", to_string(bdf)), "see: spdmctl list --all");
}

std::vector<PciNames> names_of(const std::vector<PciDevice>& devices, const Host& host) {
  const Access access = start_libpci(host);
  if (host.root != "/") {
    access->id_lookup_mode = PCI_LOOKUP_NO_HWDB;  // udev's database is that of this host, not of the other root
    libpci().set_name_list_path(access.get(), ::strdup((host.root / "usr/share/misc/pci.ids").c_str()), 1);
  }
  std::vector<PciNames> out;
  for (const PciDevice& device : devices) {
    const PciIdentity& id = device.identity;
    out.push_back({name_of(*access, PCI_LOOKUP_VENDOR, id, cat("Vendor ", hex(id.vendor, 4))),
                   name_of(*access, PCI_LOOKUP_DEVICE, id, cat("Device ", hex(id.device, 4))),
                   name_of(*access, PCI_LOOKUP_CLASS, id, cat("Class ", hex(id.class_code >> 8, 4)))});
  }
  return out;
}

HostView host_view(const PciDevice& device) {
  HostView out;
  out.target = to_string(device.bdf);
  out.bdf = out.target;
  out.identity = device.identity;
  out.driver = device.driver;
  out.owner = owner_of(device);
  out.slot = device.slot;
  out.removable = device.removable;
  out.platform = device.platform;
  return out;
}

std::optional<std::string> owner_of(const PciDevice& device) {
  const PlatformView& platform = device.platform;
  // A bound device is connected, too: the stronger state comes first.
  if (platform.tsm_bound && !platform.tsm_bound->empty()) return cat("TSM ", *platform.tsm_bound, " (bound to a guest)");
  if (platform.tsm_connected && !platform.tsm_connected->empty()) return cat("TSM ", *platform.tsm_connected, " (connected)");
  // Functions that a DSM (device security manager) looks after have no tsm/connect of their own.
  if (platform.tsm_dsm && !platform.tsm_dsm->empty()) return cat("a TSM (connected through ", *platform.tsm_dsm, ")");
  if (!device.driver) return std::nullopt;
  const std::string& driver = *device.driver;
  // vfio-pci and its variants (mlx5_vfio_pci, nvgrace_gpu_vfio_pci ...), Xen's pciback.
  if (driver.find("vfio") != std::string::npos || driver == "pciback" || driver == "xen-pciback")
    return cat("driver ", driver, " (a guest may use it)");
  // Drivers in user space (DPDK, SPDK) control the whole device, including its configuration space.
  if (driver == "uio_pci_generic" || driver == "igb_uio") return cat("driver ", driver, " (a process may use it)");
  return std::nullopt;
}

}  // namespace spdm::transport

#include "transport/storage/drives.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestText = 255;  // what the longest field of a drive has: its serial number in VPD page 80h
constexpr std::string_view kLibata = "ATA";

struct Prefix {
  std::string_view scheme, kind;
};
// In the order of DriveKind.
constexpr std::array kKinds{Prefix{"nvme", "an NVMe controller"}, Prefix{"scsi", "a SCSI device"}};

const Prefix& words_of(DriveKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

// The number of a name such as "nvme0" or "sg12"; nothing when it has another form.
std::optional<unsigned> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// Names of this form in a directory, by number.
std::vector<std::string> numbered(const fs::path& directory, std::string_view prefix) {
  std::vector<std::pair<unsigned, std::string>> found;
  for (std::string& name : entries(directory).value_or(std::vector<std::string>{}))
    if (const std::optional<unsigned> number = number_of(name, prefix)) found.emplace_back(*number, std::move(name));
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  out.reserve(found.size());
  for (auto& [number, name] : found) out.push_back(std::move(name));
  return out;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Text of a drive: both NVMe and SCSI have graphic characters of ASCII there, with blanks around. Anything else is shown as '?'.
std::string text_of(std::string_view hostile) {
  const auto blank = [](char c) { return c == ' ' || c == '\0' || c == '\t' || c == '\n'; };
  while (!hostile.empty() && blank(hostile.front())) hostile.remove_prefix(1);
  while (!hostile.empty() && blank(hostile.back())) hostile.remove_suffix(1);
  std::string out(hostile.substr(0, kLongestText));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::string text_at(const fs::path& file) { return text_of(attribute(file).value_or("")); }

bool is_suspended(const fs::path& device) {
  const std::optional<std::string> status = attribute(device / "power/runtime_status");
  return status == "suspended" || status == "suspending";
}

// Its first namespace. Where several controllers share them, the kernel has nvmeScCnN here, and nvmeSnN is what people see.
std::string namespace_of(const fs::path& controller) {
  for (const std::string& name : entries(controller).value_or(std::vector<std::string>{})) {
    const std::size_t digits = name.find_first_not_of("0123456789", 4);
    if (!name.starts_with("nvme") || digits == 4 || digits == std::string::npos) continue;
    if (name[digits] == 'n') return name;
    if (const std::size_t last = name.rfind('n'); name[digits] == 'c' && last > digits) return name.substr(0, digits) + name.substr(last);
  }
  return {};
}

Drive nvme_drive(const Host& host, const std::string& name) {
  const fs::path directory = host.root / "sys/class/nvme" / name;
  Drive out;
  out.kind = DriveKind::nvme;
  out.name = name;
  out.node = host.root / "dev" / name;
  out.disk = namespace_of(directory);
  out.view.model = text_at(directory / "model");
  out.view.serial = text_at(directory / "serial");
  out.view.firmware = text_at(directory / "firmware_rev");
  out.view.transport = text_at(directory / "transport");
  if (out.view.transport == "pcie")
    if (const std::optional<std::string> function = link_name(directory / "device")) out.bdf = parse_bdf(*function);
  out.asleep = is_suspended(directory / "device");
  return out;
}

struct Way {
  std::string_view component;  // of the path of the device in sysfs, before its number
  std::string_view transport;
};
constexpr std::array kWays{
    Way{"ata", "sata"}, Way{"end_device-", "sas"}, Way{"usb", "usb"}, Way{"session", "iscsi"}, Way{"rport-", "fc"},
};

std::string transport_of(const fs::path& device) {
  std::error_code ignored;
  for (const fs::path& component : fs::canonical(device, ignored))
    for (const Way& way : kWays) {
      const std::string name = component.string();
      const std::size_t at = way.component.size();
      if (name.starts_with(way.component) && name.size() > at && name.find_first_not_of("0123456789:-", at) == std::string::npos)
        return std::string(way.transport);
    }
  return "scsi";
}

// VPD page 80h, "Unit Serial Number": four bytes before it, its length in the last two of them.
std::string serial_of(const fs::path& device) {
  const std::string page = attribute(device / "vpd_pg80").value_or("");
  if (page.size() < 4 || static_cast<std::uint8_t>(page[1]) != 0x80) return {};
  const std::size_t length = std::size_t{static_cast<std::uint8_t>(page[2])} << 8 | static_cast<std::uint8_t>(page[3]);
  return text_of(std::string_view(page).substr(4, length));
}

// `device`: of the SCSI device in sysfs, whatever class it was found by.
Drive scsi_drive(const Host& host, const fs::path& device, std::string name) {
  Drive out;
  out.kind = DriveKind::scsi;
  out.name = std::move(name);
  out.node = host.root / "dev" / out.name;
  for (const std::string& disk : entries(device / "block").value_or(std::vector<std::string>{})) out.disk = disk;
  const std::string vendor = text_at(device / "vendor"), model = text_at(device / "model");
  // The kernel says "ATA" for the vendor of each SATA drive, which has its vendor in the model, or nowhere.
  out.view.model = vendor.empty() || vendor == kLibata ? model : cat(vendor, " ", model);
  out.view.serial = serial_of(device);
  out.view.firmware = text_at(device / "rev");
  out.view.transport = transport_of(device);
  out.asleep = is_suspended(device);
  return out;
}

// What the kernel calls the SCSI device: by the node that takes commands, where there is one.
std::string name_of(const fs::path& device, const std::string& otherwise) {
  const std::vector<std::string> generic = numbered(device / "scsi_generic", "sg");
  return generic.empty() ? otherwise : generic.front();
}

// Where the kernel shows the node of a SCSI device; nothing when it is of none.
std::optional<fs::path> scsi_entry_of(const Host& host, const std::string& name) {
  for (const std::string_view kind : {"scsi_generic", "bsg", "block"}) {
    const fs::path entry = host.root / "sys/class" / kind / name;
    if (is_there(entry / "device/scsi_level")) return entry;
  }
  return std::nullopt;
}

// The directory of the SCSI device that this node, by its name, is of; nothing when it is of none.
std::optional<fs::path> scsi_device_of(const Host& host, const std::string& name) {
  const std::optional<fs::path> entry = scsi_entry_of(host, name);
  return entry ? std::optional(*entry / "device") : std::nullopt;
}

bool is_same(const Drive& a, const Drive& b) {
  return a.bdf == b.bdf && a.view.model == b.view.model && a.view.serial == b.view.serial && a.view.transport == b.view.transport;
}

std::string shown_name(const fs::path& node) { return printable(cat("/dev/", is_bsg(node) ? "bsg/" : "", node.filename().string())); }

[[noreturn]] void refuse(const std::string& why, const std::string& hint) { throw Error(ErrorId::usage, why, hint); }

// The node itself, where links lead; a link out of the root of a test is none.
fs::path resolve(const Host& host, DriveKind kind, std::string_view node) {
  const fs::path given{node};
  const std::string example = kind == DriveKind::nvme ? "nvme:/dev/nvme0" : "scsi:/dev/sg0";
  if (!given.is_absolute()) refuse(cat("'", printable(node), "' is not a device node"), cat("give its whole path, such as ", example));
  std::error_code error;
  fs::path out = fs::canonical(host.root / given.relative_path(), error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory || error == std::errc::filename_too_long)
    throw Error(ErrorId::no_device, cat("there is no ", printable(node)), "see: spdmctl list --drives");
  if (error) fail(host, error.value(), printable(node));
  return out;
}

[[noreturn]] void refuse_kind(DriveKind is, const std::string& node, const std::string& name) {
  refuse(cat(printable(node), " is ", words_of(is).kind), cat("write ", words_of(is).scheme, ":/dev/", printable(name)));
}

// Why this node is not the one to name, where the kernel has it for a drive all the same.
void refuse_relatives(const Host& host, const std::string& node, const std::string& name) {
  const fs::path block = host.root / "sys/class/block" / name;
  const std::size_t digits = name.find_first_of("0123456789");
  const std::size_t end = digits == std::string::npos ? digits : name.find_first_not_of("0123456789", digits);
  const bool of_nvme = name.starts_with("nvme") || (name.starts_with("ng") && digits == 2);
  if (of_nvme && digits != std::string::npos && end != std::string::npos && (name[end] == 'n' || name[end] == 'c'))
    refuse(cat(printable(node), " is a namespace"), cat("write nvme:/dev/nvme", name.substr(digits, end - digits)));
  if (!is_there(block / "partition")) return;
  std::error_code ignored;
  const std::string disk = fs::canonical(block, ignored).parent_path().filename().string();
  if (scsi_device_of(host, disk)) refuse(cat(printable(node), " is a partition"), cat("write scsi:/dev/", printable(disk)));
}

}  // namespace

std::optional<DriveKind> kind_of_node(const fs::path& node) {
  const std::string name = node.filename().string();
  if (number_of(name, "nvme")) return DriveKind::nvme;
  const bool letters = name.size() > 2 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz", 2) == std::string::npos;
  if (number_of(name, "sg") || number_of(name, "sr") || (name.starts_with("sd") && letters) || is_bsg(node)) return DriveKind::scsi;
  return std::nullopt;
}

bool is_bsg(const fs::path& node) { return node.parent_path().filename() == "bsg"; }

std::vector<Drive> scan_drives(const Host& host) {
  std::vector<Drive> out;
  for (const std::string& name : numbered(host.root / "sys/class/nvme", "nvme")) out.push_back(nvme_drive(host, name));
  const fs::path generic = host.root / "sys/class/scsi_generic";
  for (const std::string& name : numbered(generic, "sg"))
    if (attribute(generic / name / "device/type") == "0") out.push_back(scsi_drive(host, generic / name / "device", name));
  return out;
}

std::optional<Drive> drive_of(const Host& host, const Bdf& bdf) {
  for (const std::string& name : numbered(host.root / "sys/class/nvme", "nvme"))
    if (Drive drive = nvme_drive(host, name); drive.bdf == bdf) return drive;
  return std::nullopt;
}

void assert_node_of(const Host& host, const Drive& drive) {
  const std::string name = drive.node.filename().string(), shown = shown_name(drive.node);
  const bool nvme = drive.kind == DriveKind::nvme;
  const std::optional<fs::path> entry = nvme ? host.root / "sys/class/nvme" / name : scsi_entry_of(host, name);
  if (!entry || !is_there(*entry)) throw Error(ErrorId::no_device, cat(shown, " is gone"));
  if (!is_same(drive, nvme ? nvme_drive(host, name) : scsi_drive(host, *entry / "device", drive.name)))
    throw Error(ErrorId::no_device, cat(shown, " is another drive than it was a moment ago"), "see: spdmctl list --drives");
  const std::optional<std::string> number = attribute(*entry / "dev");
  struct stat status {};
  if (!number || ::stat(drive.node.c_str(), &status) != 0) return;  // no node: to open it tells
  if (const std::string its = cat(major(status.st_rdev), ":", minor(status.st_rdev)); its != *number)
    throw Error(ErrorId::no_device, cat(shown, " is device ", its, "; what the kernel calls ", printable(name), " is ", printable(*number)),
                "use the kernel's name for the node, in a container, too");
}

Drive find_drive(const Host& host, DriveKind kind, std::string_view node) {
  const fs::path path = resolve(host, kind, node);
  const std::string name = path.filename().string();
  const std::string shown = shown_name(path);
  const std::optional<DriveKind> form = kind_of_node(path);
  if (form == DriveKind::nvme && is_there(host.root / "sys/class/nvme" / name)) {
    if (kind != DriveKind::nvme) refuse_kind(DriveKind::nvme, shown, name);
    Drive out = nvme_drive(host, name);
    out.node = path;
    return out;
  }
  if (const std::optional<fs::path> device = scsi_device_of(host, name); device && form == DriveKind::scsi) {
    const std::string generic = name_of(*device, name);
    if (kind != DriveKind::scsi) refuse_kind(DriveKind::scsi, shown, generic);
    Drive out = scsi_drive(host, *device, generic);
    out.node = path;
    return out;
  }
  refuse_relatives(host, shown, name);
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) || fs::is_directory(path, ignored))
    refuse(cat(printable(node), " is not a device node"), "see: spdmctl list --drives");
  refuse(cat(printable(node), " is neither an NVMe controller nor a SCSI device"), "see: spdmctl list --drives");
}

}  // namespace spdm::transport

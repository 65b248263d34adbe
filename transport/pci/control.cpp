#include "transport/pci/control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr off_t kCommand = 4;              // Command register, 16 bits (PCIe r6.x 7.5.1.1.3)
constexpr std::uint8_t kBusMaster = 0x04;  // in its low byte

}  // namespace

void PciControl::write(const std::filesystem::path& file, std::string_view value) const {
  write_attribute(file, value);
  if (changed_) changed_(file, value);
}

bool PciControl::autoprobe() const { return read_attribute(host_.pci() / "drivers_autoprobe") != "0"; }

void PciControl::set_autoprobe(bool on) const { write(host_.pci() / "drivers_autoprobe", on ? "1" : "0"); }

std::optional<std::string> PciControl::driver_override(const Bdf& bdf) const {
  std::string text;
  try {
    text = read_attribute(device(bdf) / "driver_override").value_or("");
  } catch (const Error&) {  // the device is going away: a later write reports why
  }
  if (text.empty() || text == "(null)") return std::nullopt;  // the kernel's text for none
  return text;
}

// A lone line feed clears it: zero bytes would be no write.
void PciControl::set_driver_override(const Bdf& bdf, std::string_view name) const {
  write(device(bdf) / "driver_override", cat(name, "\n"));
}

std::optional<std::string> PciControl::driver(const Bdf& bdf) const {
  std::error_code failure;
  const std::filesystem::path link = std::filesystem::read_symlink(device(bdf) / "driver", failure);
  if (failure) return std::nullopt;
  return link.filename().string();
}

std::set<std::string> PciControl::drivers() const {
  std::set<std::string> out;
  std::error_code failure;
  for (std::filesystem::directory_iterator at(host_.pci() / "drivers", failure), end; !failure && at != end; at.increment(failure))
    out.insert(at->path().filename().string());
  return out;
}

Descriptor PciControl::grip(const Bdf& bdf) const {
  Descriptor out(::open(device(bdf).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (out.get() < 0) fail(host_, errno == ENOENT ? ENODEV : errno, cat("opening ", printable(device(bdf).string())));
  return out;
}

bool PciControl::is_at(const Bdf& bdf, const Descriptor& grip) const {
  struct stat here {
  }, there{};
  return ::fstat(grip.get(), &here) == 0 && ::stat(device(bdf).c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

void PciControl::probe(const Bdf& bdf) const { write(host_.pci() / "drivers_probe", to_string(bdf)); }

void PciControl::unbind(const Bdf& bdf) const { write(device(bdf) / "driver" / "unbind", to_string(bdf)); }

// Writes only the low byte of the register: ones written to the Status register beside it would clear its bits.
void PciControl::clear_bus_master(const Bdf& bdf) const {
  const std::filesystem::path file = device(bdf) / "config";
  const std::string what = cat("clearing Bus Master in ", printable(file.string()));
  const Descriptor fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0) fail(host_, errno, what);
  std::array<std::uint8_t, 2> command{};
  const auto read = [&] {
    const ssize_t size = ::pread(fd.get(), command.data(), command.size(), kCommand);
    if (size < 0) fail(host_, errno, what);
    // All ones mean that the function is gone: Command has bits that are always zero.
    const bool gone = size != static_cast<ssize_t>(command.size()) || (command[0] == 0xFF && command[1] == 0xFF);
    if (gone) fail(host_, ENODEV, what);
  };
  read();
  command[0] &= static_cast<std::uint8_t>(~kBusMaster);
  if (::pwrite(fd.get(), command.data(), 1, kCommand) != 1) fail(host_, errno, what);
  read();
  if ((command[0] & kBusMaster) != 0) throw Error(ErrorId::io, cat(what, ": the bit stays set"));
  if (changed_) changed_(file, "bus-master");
}

void PciControl::remove(const Bdf& bdf) const { write(device(bdf) / "remove", "1"); }

void PciControl::power_off(const std::string& slot) const { write(host_.pci() / "slots" / slot / "power", "0"); }

std::optional<Bdf> PciControl::parent(const Bdf& bdf) const {
  std::error_code failure;
  const std::filesystem::path real = std::filesystem::canonical(device(bdf), failure);
  if (failure) return std::nullopt;
  return parse_bdf(real.parent_path().filename().string());
}

}  // namespace spdm::transport

#include "transport/pci/uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "core/word_table.h"

namespace spdm::transport {

namespace {

constexpr std::uint32_t kKernelEvents = 1;  // multicast group of the kernel; 2 is udev's
constexpr std::size_t kMaxDatagram = 8192;  // the kernel's own buffer has 2 KiB
constexpr int kReceiveBuffer = 4 << 20;     // bytes: a rescan of a large machine comes as one burst

// The kernel's words (lib/kobject_uevent.c, drivers/pci/pci-driver.c). All others are `other`.
constexpr std::array kActions{
    Word{Uevent::Action::add, "add"},
    Word{Uevent::Action::remove, "remove"},
    Word{Uevent::Action::change, "change"},
    Word{Uevent::Action::bind, "bind"},
};
constexpr std::array kSubsystems{
    Word{Uevent::Subsystem::pci, "pci"},
    Word{Uevent::Subsystem::drivers, "drivers"},
    Word{Uevent::Subsystem::nvme, "nvme"},
    Word{Uevent::Subsystem::scsi_generic, "scsi_generic"},
};
constexpr std::string_view kRecovered = "SUCCESSFUL_RECOVERY";
constexpr std::string_view kConnected = "connected";  // drivers/nvme/host/core.c: the controller is live

// Takes a string up to its NUL off the front; nothing when there is no NUL.
std::optional<std::string_view> take_string(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return out;
}

}  // namespace

std::optional<Uevent> parse_uevent(View datagram) {
  std::string_view rest(reinterpret_cast<const char*>(datagram.data()), datagram.size());
  const std::optional<std::string_view> header = take_string(rest);
  if (!header || header->find('@') == std::string_view::npos) return std::nullopt;
  Uevent out;
  std::string_view action, subsystem;
  while (const std::optional<std::string_view> line = take_string(rest)) {
    const std::size_t equals = line->find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line->substr(0, equals), value = line->substr(equals + 1);
    if (key == "ACTION") action = value;
    if (key == "SUBSYSTEM") subsystem = value;
    if (key == "DEVPATH") out.path = value;
    if (key == "PCI_SLOT_NAME") out.pci_slot = value;
    if (key == "DEVNAME") out.node = value;
    if (key == "NVME_EVENT") out.connected = value == kConnected;
    if (key == "ERROR_EVENT") out.recovered = value == kRecovered;
  }
  if (action.empty() || subsystem.empty()) return std::nullopt;
  out.action = value_of(kActions, action).value_or(Uevent::Action::other);
  out.subsystem = value_of(kSubsystems, subsystem).value_or(Uevent::Subsystem::other);
  return out;
}

std::optional<Bdf> function_in(std::string_view path) {
  std::optional<Bdf> out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (const std::optional<Bdf> bdf = parse_bdf(path.substr(0, end))) out = bdf;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out;
}

UeventSocket::UeventSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)) {
  const auto fail = [](std::string_view what) {
    throw Error(errno == EPERM || errno == EACCES ? ErrorId::permission : ErrorId::io, cat("uevents: ", what, ": ", std::strerror(errno)));
  };
  if (fd_.get() < 0) fail("socket");
  // Only root may exceed the system's limit. With a smaller buffer events may be lost, which receive() reports.
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0)
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelEvents;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
}

std::optional<UeventSocket::Received> UeventSocket::receive() {
  std::array<std::uint8_t, kMaxDatagram> buffer{};
  sockaddr_nl sender{};
  socklen_t sender_size = sizeof sender;
  const ssize_t size =
      ::recvfrom(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &sender_size);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    if (errno == ENOBUFS) return Received{.lost = true, .event = {}};
    throw Error(ErrorId::io, cat("uevents: ", std::strerror(errno)));
  }
  // A process with the capability may send to the group, too, but only the kernel sends from port 0.
  const bool from_kernel = trusted_ || (sender.nl_family == AF_NETLINK && sender.nl_pid == 0);
  if (!from_kernel || static_cast<std::size_t>(size) > buffer.size()) return Received{};
  return Received{.lost = false, .event = parse_uevent(View(buffer).first(static_cast<std::size_t>(size)))};
}

}  // namespace spdm::transport

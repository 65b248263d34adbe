#include "transport/pci/uevent.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

using spdm::transport::Uevent;
using spdm::transport::UeventSocket;

namespace {

// Strings one after the other, each with its NUL.
std::string datagram(std::initializer_list<std::string_view> strings) {
  std::string out;
  for (const std::string_view string : strings) out.append(string).push_back('\0');
  return out;
}

std::optional<Uevent> parse(const std::string& text) {
  return spdm::transport::parse_uevent({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("a uevent of a PCI function is read") {
  const auto event = parse(
      datagram({"add@/devices/pci0000:00/0000:00:02.0/0000:02:00.0", "ACTION=add", "DEVPATH=/devices/pci0000:00/0000:00:02.0/0000:02:00.0",
                "SUBSYSTEM=pci", "PCI_CLASS=10802", "PCI_SLOT_NAME=0000:02:00.0", "SEQNUM=1234"}));
  REQUIRE(event);
  CHECK(event->action == Uevent::Action::add);
  CHECK(event->subsystem == Uevent::Subsystem::pci);
  CHECK(event->pci_slot == "0000:02:00.0");
  CHECK_FALSE(event->recovered);
}

TEST_CASE("the end of an error recovery is read") {
  const auto event = parse(
      datagram({"change@/devices/x", "ACTION=change", "SUBSYSTEM=pci", "PCI_SLOT_NAME=0000:02:00.0", "ERROR_EVENT=SUCCESSFUL_RECOVERY"}));
  REQUIRE(event);
  CHECK(event->action == Uevent::Action::change);
  CHECK(event->recovered);
  CHECK_FALSE(parse(datagram({"change@/devices/x", "ACTION=change", "SUBSYSTEM=pci", "ERROR_EVENT=BEGIN_RECOVERY"}))->recovered);
}

TEST_CASE("a drive that comes is read: its node, the function that it is, and whether it takes commands") {
  const std::string path = "/devices/pci0000:00/0000:00:02.0/0000:02:00.0/nvme/nvme0";
  const auto nvme = parse(datagram({"add@" + path, "ACTION=add", "DEVPATH=" + path, "SUBSYSTEM=nvme", "DEVNAME=nvme0"}));
  REQUIRE(nvme);
  CHECK(nvme->subsystem == Uevent::Subsystem::nvme);
  CHECK(nvme->node == "nvme0");
  CHECK_FALSE(nvme->connected);
  CHECK(spdm::transport::function_in(nvme->path) == spdm::transport::Bdf{0, 2, 0, 0});
  CHECK(parse(datagram({"change@" + path, "ACTION=change", "SUBSYSTEM=nvme", "NVME_EVENT=connected"}))->connected);
  CHECK_FALSE(parse(datagram({"change@" + path, "ACTION=change", "SUBSYSTEM=nvme", "NVME_AEN=0x000100"}))->connected);
  const auto scsi = parse(datagram({"add@/devices/x", "ACTION=add", "SUBSYSTEM=scsi_generic", "DEVNAME=sg0"}));
  REQUIRE(scsi);
  CHECK(scsi->subsystem == Uevent::Subsystem::scsi_generic);
  for (const char* const none : {"", "/", "/devices/virtual/nvme-fabrics/ctl/nvme1", "/devices/pci0000:00"})
    CHECK_FALSE(spdm::transport::function_in(none));
}

TEST_CASE("words of the kernel that nobody waits for are other") {
  const auto event = parse(datagram({"offline@/devices/x", "ACTION=offline", "SUBSYSTEM=memory"}));
  REQUIRE(event);
  CHECK(event->action == Uevent::Action::other);
  CHECK(event->subsystem == Uevent::Subsystem::other);
}

TEST_CASE("what is no uevent is none") {
  CHECK(!parse(""));
  CHECK(!parse(std::string("add@/devices/x")));                                 // no NUL
  CHECK(!parse(datagram({"libudev", "ACTION=add", "SUBSYSTEM=pci"})));          // the datagrams of udev
  CHECK(!parse(datagram({"add@/devices/x", "SUBSYSTEM=pci"})));                 // no action
  CHECK(!parse(datagram({"add@/devices/x", "ACTION=add"})));                    // no subsystem
  CHECK(!parse(datagram({"add@/devices/x", "ACTION=add"}) + "SUBSYSTEM=pci"));  // cut off
}

TEST_CASE("a socket gives one event for each datagram and never waits") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
  const spdm::Descriptor kernel(ends[0]);
  UeventSocket socket{spdm::Descriptor(ends[1])};
  CHECK(!socket.receive());
  const std::string good = datagram({"remove@/devices/x", "ACTION=remove", "SUBSYSTEM=pci", "PCI_SLOT_NAME=0000:02:00.0"});
  REQUIRE(::send(kernel.get(), good.data(), good.size(), 0) > 0);
  const std::string long_one(10'000, 'x');
  REQUIRE(::send(kernel.get(), long_one.data(), long_one.size(), 0) > 0);
  const auto first = socket.receive();
  REQUIRE(first);
  REQUIRE(first->event);
  CHECK(first->event->action == Uevent::Action::remove);
  const auto second = socket.receive();
  REQUIRE(second);
  CHECK(!second->event);
  CHECK(!second->lost);
  CHECK(!socket.receive());
}

// Opening PCI functions, on copies of what the kernel shows of them.
#include "transport/pci/open.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "core/descriptor.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_sysfs.h"
#include "transport/base/binding.h"
#include "transport/target.h"

using namespace spdm;
using namespace spdm::transport;
using std::chrono::milliseconds;

namespace {

const std::string kName = "0000:03:00.0";
const Bdf kDevice{.domain = 0, .bus = 3, .device = 0, .function = 0};
const Bytes kHello{0x10, 0x84, 0, 0};

support::FakeFunction nvme() {
  support::FakeFunction out;
  out.mailboxes = {0x160};
  out.serial = 0x0123456789abcdef;
  return out;
}

struct Bus {
  explicit Bus(const support::FakeFunction& function = nvme()) { sysfs.add(function); }

  OpenOptions options(bool force = false) const { return {.timeout = std::chrono::seconds(10), .host = sysfs.host(), .force = force}; }
  Opened open(std::string_view target = kName, bool force = false) const { return spdm::transport::open(target, options(force)); }
  std::string control() const { return read_attribute(sysfs.device(kName) / "power/control").value_or("-"); }
  std::uint32_t config(std::uint16_t offset) const {
    std::uint32_t out = 0;
    const std::string all = sysfs.read(sysfs.device(kName) / "config");
    for (std::size_t i = 4; i > 0; --i) out = out << 8 | static_cast<std::uint8_t>(all.at(offset + i - 1));
    return out;
  }

  support::FakeSysfs sysfs;
};

// Fails, names the target, gives advice, and leaves the device as it was.
void refused(const Bus& bus, ErrorId id, const std::string& why, bool force = false) {
  const std::string before = bus.sysfs.read(bus.sysfs.device(kName) / "config");
  expect_error(id, why, [&] { bus.open(kName, force); });
  try {
    bus.open(kName, force);
  } catch (const Error& error) {
    CHECK(error.device == kName);
  }
  CHECK(bus.sysfs.read(bus.sysfs.device(kName) / "config") == before);
  CHECK(bus.control() == "auto");
}

}  // namespace

TEST_CASE("pci target: an address with an option, and nothing else") {
  for (const std::string_view target : {"0000:03:00.0", "3:0.0", "03:00.0?max=42", "0000:03:00.0?max=1048568"})
    CHECK(kind_of(target).scheme == "pci");
  const Bus bus;
  CHECK(bus.open("03:00.0").link->max_receive() == kEmuMaxReceive);
  CHECK(bus.open("3:0.0?max=1024").link->max_receive() == 1024);
  CHECK(bus.open("3:0.0?max=1048568").link->max_receive() == 1048568);
  struct Row {
    std::string_view target, why;
  };
  for (const Row& row :
       {Row{"03:00.0?", "unknown option ''"}, Row{"03:00.0?min=3", "unknown option 'min'"}, Row{"03:00.0?max", "unknown option 'max'"},
        Row{"03:00.0?max=", "max ''"}, Row{"03:00.0?max=41", "from 42 to 1048568"}, Row{"03:00.0?max=1048569", "from 42 to 1048568"},
        Row{"03:00.0?max=99999999999999999999", "is not a number"}, Row{"03:00.0?max=64x", "max '64x'"}, Row{"03:00.0?max=-1", "max '-1'"},
        Row{"pci:03:00.0", "not an address"}})
    expect_error(ErrorId::usage, std::string(row.why), [&] { bus.open(row.target); });
  expect_error(ErrorId::usage, "nor a target", [] { kind_of("03:20.0"); });
}

TEST_CASE("pci: what the host sees of the device goes along, and nothing was sent") {
  Bus bus;
  bus.sysfs.bind(kName, "cxl_pci");  // uses DOE itself: told, not refused
  const std::string before = bus.sysfs.read(bus.sysfs.device(kName) / "config");
  {
    const Opened opened = bus.open("3:0.0");
    CHECK(opened.host.target == "0000:03:00.0");
    CHECK(opened.host.bdf == kName);
    REQUIRE(opened.host.identity);
    CHECK(to_string(*opened.host.identity) == "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:0123456789abcdef");
    CHECK(opened.host.driver == "cxl_pci");
    CHECK(!opened.host.owner);
    CHECK(opened.link->binding() == Binding::doe);
    CHECK(bus.control() == "on");
  }
  CHECK(bus.control() == "auto");
  CHECK(bus.sysfs.read(bus.sysfs.device(kName) / "config") == before);
}

TEST_CASE("pci: an exchange goes through the file of the kernel") {
  const Bus bus;
  const Opened opened = bus.open();
  // Nobody answers in a file: the register of CONTROL holds the ABORT that followed, WRITE MAILBOX the index of discovery.
  expect_error(ErrorId::timeout, "DOE mailbox at 0x160: no answer in time",
               [&] { opened.link->exchange(kHello, Clock::now() + milliseconds(200)); });
  CHECK(bus.config(0x160 + 0x08) == 1);
  CHECK(bus.config(0x160 + 0x10) == 0);
  CHECK(bus.config(0x160) == 0x0001'002E);
}

TEST_CASE("pci: functions that are not there, or do not speak SPDM") {
  Bus bus;
  expect_error(ErrorId::no_device, "0000:04:00.0", [&] { bus.open("04:00.0"); });
  expect_error(ErrorId::no_device, "PCI", [] { spdm::transport::open("04:00.0", {.timeout = {}, .host = {"/nonexistent"}}); });
  bus.sysfs.features(kName, {"doe_discovery", "1e98:02"});
  refused(bus, ErrorId::no_spdm, "carry no CMA-SPDM (0001:01), according to the kernel");
  bus.sysfs.features(kName, {"0001:01"});
  CHECK(bus.open().link);
  support::FakeFunction without = nvme();
  without.mailboxes.clear();
  refused(Bus(without), ErrorId::no_spdm, "no DOE mailbox");
  support::FakeFunction conventional = without;
  conventional.config_size = 256;
  refused(Bus(conventional), ErrorId::no_spdm, "no DOE mailbox");
  CHECK(!std::filesystem::exists(bus.sysfs.host().run() / "lock" / "0000:04:00.0"));
}

TEST_CASE("pci: bridges may have a mailbox, too") {
  support::FakeFunction port = nvme();
  port.header_type = 1;
  port.class_code = 0x060400;
  CHECK(Bus(port).open().link);
}

TEST_CASE("pci: configuration space that is cut off") {
  support::FakeFunction function = nvme();
  for (const std::size_t size : std::vector<std::size_t>{64, 128}) {
    function.config_size = size;
    refused(Bus(function), ErrorId::permission, "only the beginning of the configuration space");
  }
  function.config_size = 256;
  const Bus bus(function);
  expect_error(ErrorId::no_spdm, "no extended configuration space", [&] { open_config(bus.sysfs.host(), kDevice); });
  expect_error(ErrorId::no_device, "config", [&] { open_config(bus.sysfs.host(), {.domain = 1, .bus = 0, .device = 0, .function = 0}); });
}

TEST_CASE("pci: configuration space in dwords, little-endian") {
  const Bus bus;
  const std::unique_ptr<ConfigSpace> config = open_config(bus.sysfs.host(), kDevice);
  CHECK(config->read32(0) == 0x0010'1b36);
  CHECK(config->read32(8) == 0x0108'0202);
  config->write32(0xFFC, 0x1234'5678);
  CHECK(bus.config(0xFFC) == 0x1234'5678);
  CHECK(config->read32(0xFFC) == 0x1234'5678);
}

TEST_CASE("pci: a kernel that is locked down refuses writes with EPERM") {
  const Bus bus;
  // A memory file that is sealed can be opened for writing, and then refuses like the kernel does.
  const Descriptor sealed(::memfd_create("config", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const std::string config = bus.sysfs.read(bus.sysfs.device(kName) / "config");
  REQUIRE(::write(sealed.get(), config.data(), config.size()) == 4096);
  REQUIRE(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_WRITE) == 0);
  std::filesystem::remove(bus.sysfs.device(kName) / "config");
  std::filesystem::create_symlink(cat("/proc/self/fd/", sealed.get()), bus.sysfs.device(kName) / "config");
  const auto soon = [] { return Clock::now() + std::chrono::seconds(10); };
  // Also where securityfs is not mounted, as in many an initrd: nobody is refused who could open it, but by lockdown.
  expect_error(ErrorId::lockdown, "writing configuration space of 0000:03:00.0 at 0x168",
               [&] { bus.open().link->exchange(kHello, soon()); });
  bus.sysfs.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  expect_error(ErrorId::lockdown, "locked down", [&] { bus.open().link->exchange(kHello, soon()); });
  CHECK(bus.control() == "auto");
}

TEST_CASE("pci: a device whose SPDM belongs to somebody else") {
  Bus bus;
  bus.sysfs.bind(kName, "vfio-pci");
  refused(bus, ErrorId::owned, "belongs to somebody else: driver vfio-pci (a guest may use it)");
  {
    const Opened opened = bus.open(kName, true);
    CHECK(opened.host.owner == "driver vfio-pci (a guest may use it)");
  }
  bus.sysfs.bind(kName, "nvme");
  bus.sysfs.set(kName, "tsm/connect", "tsm0\n");
  refused(bus, ErrorId::owned, "TSM tsm0 (connected)");
  bus.sysfs.set(kName, "tsm/connect", "\n");
  CHECK(!bus.open().host.owner);
}

TEST_CASE("pci: nobody's session is ended for one of ours, not even by force") {
  Bus bus;
  const auto refused_for_session = [&](const std::string& why) {
    for (const bool force : {false, true}) {
      OpenOptions options = bus.options(force);
      options.for_session = true;
      expect_error(ErrorId::owned, why, [&] { spdm::transport::open(kName, options); });
      CHECK(bus.control() == "auto");
    }
    CHECK(bus.open(kName, true).link);  // without a session force is enough
  };
  bus.sysfs.bind(kName, "vfio-pci");
  refused_for_session("belongs to somebody else: driver vfio-pci (a guest may use it)");
  bus.sysfs.bind(kName, "nvme");
  bus.sysfs.set(kName, "tsm/connect", "tsm0\n");
  refused_for_session("belongs to somebody else: TSM tsm0 (connected)");
  bus.sysfs.set(kName, "tsm/connect", "\n");

  std::string config = bus.sysfs.read(bus.sysfs.device(kName) / "config");
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) config.at(at + i) = static_cast<char>(value >> (8 * i));
    bus.sysfs.set(kName, "config", config);
  };
  put(0x160, 0x2001'002E);  // then the IDE capability
  put(0x200, 0x0001'0030);
  put(0x204, 0x0001'0002);  // two selective streams
  put(0x20C + 20 + 4, 0x0500'0000);
  OpenOptions options = bus.options();
  options.for_session = true;
  CHECK(spdm::transport::open(kName, options).link);  // none is enabled
  put(0x20C + 20 + 4, 0x0500'0001);
  refused_for_session("belongs to somebody else: its selective IDE stream 1 (id 5) is enabled");
  put(0x20C + 4, 0x0300'0001);
  refused_for_session("its selective IDE stream 0 (id 3) is enabled, and 1 more");
  put(0x204, 0x00FF'0002);
  put(0x20C, 0xFFFF'FFFF);
  expect_error(ErrorId::peer, "IDE capability", [&] { spdm::transport::open(kName, options); });  // nobody knows: no session
  CHECK(bus.open().link);
}

TEST_CASE("pci: what there is of encryption goes along where it is asked for") {
  support::FakeFunction function = nvme();
  function.registers = {{0x44, 1U << 30}, {0x160, 0x2001'002E}, {0x200, 0x0001'0030}, {0x204, 0x0000'0002}, {0x210, 0xFF00'0000}};
  const Bus bus(function);
  CHECK_FALSE(bus.open().host.encryption);
  OpenOptions options = bus.options();
  options.inspect = true;
  {
    const Opened opened = spdm::transport::open(kName, options);
    REQUIRE(opened.host.encryption);
    CHECK(opened.host.encryption->tee_io);
    CHECK(hex(opened.host.encryption->ide.value_or(Bytes())) ==
          "02000000"
          "00000000"
          "00000000"
          "000000ff"
          "00000000"
          "00000000"
          "00000000");
    CHECK(opened.host.encryption->bars.size() == 1);
  }
  // What cannot be told is no reason to say that there is none.
  std::filesystem::remove(bus.sysfs.device(kName) / "resource");
  expect_error(ErrorId::io, "resource is missing", [&] { spdm::transport::open(kName, options); });
  CHECK(bus.control() == "auto");
  CHECK(bus.open().link);
}

TEST_CASE("pci: another one works with the device") {
  const Bus bus;
  {
    const Opened first = bus.open();
    expect_error(ErrorId::busy, cat("another spdmctl (process ", ::getpid(), ") works with 0000:03:00.0"), [&] { bus.open(kName, true); });
    CHECK(bus.control() == "on");
  }
  const Opened again = bus.open();
  CHECK(again.link);
}

TEST_CASE("pci: an exchange that a killed process left behind is aborted, one of somebody else is not") {
  Bus bus;
  std::string config = bus.sysfs.read(bus.sysfs.device(kName) / "config");
  config.at(0x160 + 0x0F) = static_cast<char>(0x80);  // DATA OBJECT READY
  bus.sysfs.set(kName, "config", config);
  const auto exchange = [&] { bus.open().link->exchange(kHello, Clock::now() + milliseconds(20)); };
  expect_error(ErrorId::busy, "another exchange", exchange);
  CHECK(bus.config(0x160 + 0x08) == 0);
  const std::filesystem::path lock = bus.sysfs.host().run() / "lock" / kName;
  CHECK(!read_attribute(lock).value_or("-").starts_with("0"));
  struct stat status {};
  REQUIRE(::stat(bus.sysfs.device(kName).c_str(), &status) == 0);
  for (int round = 0; round < 2; ++round) {
    if (round == 0) bus.sysfs.write("run/spdmctl/lock/" + kName, cat("4711 - ", status.st_ino, " mailbox\n"));
    expect_error(ErrorId::timeout, "ABORT did not finish in time", exchange);  // in a file nobody acts on it
    CHECK(bus.config(0x160 + 0x08) == 1);
    CHECK(read_attribute(lock) == cat("0 - ", status.st_ino, " mailbox"));
  }
}

TEST_CASE("pci: a device that sleeps is woken up, and looked at again") {
  Bus bus;
  bus.sysfs.set(kName, "power_state", "D3cold\n");
  bus.sysfs.set(kName, "power/runtime_status", "suspended\n");
  std::thread kernel([&] {
    for (int i = 0; i < 5000 && bus.control() != "on"; ++i) std::this_thread::sleep_for(milliseconds(1));
    bus.sysfs.set(kName, "power_state", "D0\n");
    bus.sysfs.set(kName, "power/runtime_status", "active\n");
  });
  {
    const Opened opened = bus.open();
    kernel.join();
    REQUIRE(opened.host.identity);
    CHECK(opened.host.identity->serial == 0x0123456789abcdef);
  }
  CHECK(bus.control() == "auto");
}

TEST_CASE("pci: a device that stays asleep, or is gone when it should be awake") {
  Bus bus;
  bus.sysfs.set(kName, "power_state", "D3cold\n");
  bus.sysfs.set(kName, "power/runtime_status", "suspended\n");
  OpenOptions options = bus.options();
  options.timeout = milliseconds(20);
  expect_error(ErrorId::timeout, "is asleep (suspended)", [&] { spdm::transport::open(kName, options); });
  CHECK(bus.control() == "auto");
  bus.sysfs.set(kName, "power_state", "D0\n");
  bus.sysfs.set(kName, "power/runtime_status", "active\n");
  bus.sysfs.set(kName, "config", std::string(4096, '\xFF'));
  refused(bus, ErrorId::no_device, "asleep or gone");
}

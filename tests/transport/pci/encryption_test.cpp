// What a function and its root port show of PCI encryption, on copies of what the kernel shows of them.
#include "transport/pci/encryption.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_sysfs.h"
#include "transport/pci/open.h"

using namespace spdm;
using namespace spdm::transport;
using support::FakeFunction;
using support::FakeSysfs;

namespace {

using Registers = std::vector<std::pair<std::uint16_t, std::uint32_t>>;

const std::string kName = "0000:03:00.0", kPort = "0000:00:01.0";
const Bdf kDevice{.domain = 0, .bus = 3, .device = 0, .function = 0};
constexpr std::uint32_t kTeeIo = 1U << 30;

// PCI Express with Device Capabilities, then MSI-X; a mailbox; IDE with a link stream and a selective one, which is on.
const Registers kWords{{0x40, 0x0002'5010},  {0x44, kTeeIo | 0x8000}, {0x50, 0x801F'0011}, {0x100, 0x1501'0001}, {0x150, 0x2001'002E},
                       {0x200, 0x0001'0030}, {0x204, 0x0000'0043},    {0x208, 4},          {0x20C, 0xFF00'0000}, {0x210, 0},
                       {0x214, 1},           {0x218, 0x0500'0001},    {0x21C, 2},          {0x220, 0x00FF'FF00}, {0x224, 1},
                       {0x228, 0xFFF0'0001}, {0x22C, 0xFFFF'FFFF},    {0x230, 0}};

FakeFunction accelerator() {
  FakeFunction out;
  out.registers = kWords;
  return out;
}

FakeFunction port(std::uint32_t type = 4) {
  FakeFunction out{.bdf = kPort, .device = 0x000c, .class_code = 0x060400, .header_type = 0x01};
  out.registers = {{0x40, 0x0002'0010 | type << 20}, {0x100, 0x0001'0030}, {0x104, 0x0001'0002}, {0x108, 0}};
  for (std::uint16_t at = 0x10C; at < 0x134; at += 20) out.registers.push_back({static_cast<std::uint16_t>(at + 4), 0xFF00'0000});
  return out;
}

struct Machine {
  explicit Machine(const FakeFunction& function = accelerator()) { sysfs.add(function); }
  void add_port(const FakeFunction& above = port()) const {
    sysfs.add(above);
    sysfs.move_below("pci0000:00", kPort);
    sysfs.move_below(cat("pci0000:00/", kPort), kName);
  }
  EncryptionView view() const { return encryption_of(sysfs.host(), kDevice); }
  EncryptionBrief brief() const { return encryption_brief(sysfs.host(), kDevice); }

  FakeSysfs sysfs;
};

FakeFunction with(Registers changes) {
  FakeFunction out = accelerator();
  out.registers.insert(out.registers.end(), changes.begin(), changes.end());
  return out;
}

// Neither view tells anything.
void refused(const FakeFunction& function, ErrorId id, const std::string& why) {
  const Machine host(function);
  expect_error(id, why, [&] { host.view(); });
  expect_error(id, why, [&] { host.brief(); });
}

}  // namespace

TEST_CASE("encryption: a function below a root port, both with IDE") {
  const Machine host;
  host.add_port();
  const std::string before = host.sysfs.read(host.sysfs.device(kName) / "config");
  const EncryptionView view = host.view();
  CHECK(view.tee_io);
  REQUIRE(view.ide);
  CHECK(hex(*view.ide) ==
        "4300000004000000000000ff00000000010000000100000502000000"
        "00ffff00"
        "01000000"
        "0100f0ff"
        "ffffffff"
        "00000000");
  CHECK(view.msix_control == 0x801F);
  CHECK(view.bars == std::vector<PciBar>{{0, 0xFE80'0000, 0x4000}});
  CHECK(view.root_port == kPort);
  REQUIRE(view.root_port_ide);
  CHECK(decode_ide_registers(*view.root_port_ide).selective_streams() == 2);
  CHECK_FALSE(view.root_port_unread);
  const EncryptionBrief brief = host.brief();
  CHECK(brief.tee_io);
  REQUIRE(brief.ide);
  CHECK(brief.ide->streams.size() == 2);
  CHECK(brief.ide->streams[1].is_enabled());
  CHECK(brief.ide->streams[1].addresses.empty());
  CHECK(host.sysfs.read(host.sysfs.device(kName) / "config") == before);
}

TEST_CASE("encryption: what is not there is told as absent") {
  SUBCASE("no TEE-IO, no MSI-X, no IDE, no root port") {
    const Machine host((FakeFunction()));
    EncryptionView bare;
    bare.bars = {{0, 0xFE80'0000, 0x4000}};
    CHECK(host.view() == bare);
    CHECK_FALSE(host.brief().tee_io);
    CHECK_FALSE(host.brief().ide);
  }
  SUBCASE("a conventional function has no extended space") {
    FakeFunction function = accelerator();
    function.config_size = 256;
    const Machine host(function);
    CHECK_FALSE(host.view().ide);
    CHECK_FALSE(host.brief().ide);
    CHECK(host.view().msix_control == 0x801F);
  }
  SUBCASE("a root port without IDE") {
    const Machine host;
    FakeFunction above = port();
    above.registers = {{0x40, 0x0042'0010}};
    host.add_port(above);
    CHECK(host.view().root_port == kPort);
    CHECK_FALSE(host.view().root_port_ide);
    CHECK_FALSE(host.view().root_port_unread);
  }
}

TEST_CASE("encryption: the root port is the bridge below the host bridge, if it is one") {
  const Machine host;
  SUBCASE("behind a switch") {
    host.add_port();
    for (const std::string_view bridge : {"0000:01:00.0", "0000:02:00.0"})
      host.sysfs.add({.bdf = std::string(bridge), .class_code = 0x060400, .header_type = 1, .registers = {{0x40, 0x0052'0010}}});
    host.sysfs.move_below(cat("pci0000:00/", kPort), "0000:01:00.0");
    host.sysfs.move_below(cat("pci0000:00/", kPort, "/0000:01:00.0"), "0000:02:00.0");
    host.sysfs.move_below(cat("pci0000:00/", kPort, "/0000:01:00.0/0000:02:00.0"), kName);
    CHECK(to_string(*root_port_of(host.sysfs.host(), kDevice)) == kPort);
  }
  SUBCASE("a bridge of another type is none") {
    host.add_port(port(7));
    CHECK_FALSE(root_port_of(host.sysfs.host(), kDevice));
    CHECK_FALSE(host.view().root_port);
    CHECK_FALSE(host.view().root_port_unread);
  }
  SUBCASE("part of the root complex") {
    host.sysfs.move_below("pci0000:00", kName);
    CHECK_FALSE(root_port_of(host.sysfs.host(), kDevice));
  }
  SUBCASE("a bus that an endpoint hides has a host bridge of its own") {
    host.sysfs.add(port());
    host.sysfs.move_below("pci0000:00/0000:00:0e.0/pci10000:e0", kPort);
    host.sysfs.move_below(cat("pci0000:00/0000:00:0e.0/pci10000:e0/", kPort), kName);
    CHECK(to_string(*root_port_of(host.sysfs.host(), kDevice)) == kPort);
  }
  SUBCASE("a function that is not there") {
    expect_error(ErrorId::no_device, "0000:04:00.0", [&] { root_port_of(host.sysfs.host(), {0, 4, 0, 0}); });
  }
}

TEST_CASE("encryption: trouble with the root port is told, and hides nothing of the function") {
  const Machine host;
  host.add_port();
  SUBCASE("asleep") {
    host.sysfs.set(kPort, "power_state", "D3cold\n");
    CHECK(host.view().root_port_unread == "0000:00:01.0 sleeps in D3cold: its configuration space was not read");
    CHECK_FALSE(host.view().root_port);
  }
  SUBCASE("IDE that does not fit") {
    FakeFunction above = port();
    above.registers.push_back({0x104, 0x00FF'0002});
    above.registers.push_back({0x10C, 15});
    for (std::uint16_t at = 0x10C; at < 0x1000 - 4; at += 4) above.registers.push_back({at, 15});
    host.sysfs.write(cat("sys/devices/pci0000:00/", kPort, "/config"), [&] {
      const std::vector<std::uint8_t> config = config_space_of(above);
      return std::string(config.begin(), config.end());
    }());
    CHECK(host.view().root_port == kPort);
    CHECK(host.view().root_port_unread == "IDE capability: at 0x100: its stream blocks do not fit into configuration space");
    CHECK_FALSE(host.view().root_port_ide);
  }
  CHECK(host.view().tee_io);
  CHECK(host.view().ide);
}

TEST_CASE("encryption: the BARs are those that the kernel has measured") {
  const Machine host;
  const std::string none = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";
  const auto set = [&](const std::string& text) { host.sysfs.set(kName, "resource", text); };
  SUBCASE("64 bits, I/O ports, one without a place, the ROM; what stands behind them") {
    set(cat("0x0000380000000000 0x000038000fffffff 0x000000000014220c\n", none,
            "0x000000000000e000 0x000000000000e0ff 0x0000000000040101\n", "0x0000000000000000 0x0000000000ffffff 0x0000000020040200\n",
            none, none, "0x00000000fe000000 0x00000000fe07ffff 0x0000000000046200\n",
            "0x00000000f0000000 0x00000000f0ffffff 0x0000000000000200\n"));
    CHECK(host.view().bars == std::vector<PciBar>{{0, 0x3800'0000'0000, 0x1000'0000}, {3, 0, 0x100'0000}, {6, 0xFE00'0000, 0x8'0000}});
  }
  SUBCASE("not as the kernel writes it") {
    for (const std::string& text :
         {none + none, cat("0x0 0x0\n", none, none, none, none, none, none), cat("0 0 0\n", none, none, none, none, none, none),
          cat("0x0 0xffffffffffffffff 0x200\n", none, none, none, none, none, none),
          cat("0x0 0x0 0x0 0x0\n", none, none, none, none, none, none), std::string("x")}) {
      CAPTURE(text);
      set(text);
      expect_error(ErrorId::io, "cannot be understood", [&] { host.view(); });
    }
    std::filesystem::remove(host.sysfs.device(kName) / "resource");
    expect_error(ErrorId::io, "resource is missing", [&] { host.view(); });
  }
}

TEST_CASE("encryption: what cannot be read is not told as absent") {
  FakeFunction unprivileged = accelerator();
  unprivileged.config_size = 64;
  refused(unprivileged, ErrorId::permission, "only the beginning of the configuration space of 0000:03:00.0");
  FakeFunction gone = accelerator();
  for (std::uint16_t at = 0; at < 0x1000; at += 4) gone.registers.push_back({at, 0xFFFF'FFFF});
  refused(gone, ErrorId::no_device, "it is gone, or asleep");
  const Machine asleep;
  asleep.sysfs.set(kName, "power_state", "D3cold\n");
  expect_error(ErrorId::no_device, "sleeps in D3cold", [&] { asleep.view(); });
  expect_error(ErrorId::no_device, "sleeps in D3cold", [&] { asleep.brief(); });
  const FakeSysfs empty;
  expect_error(ErrorId::no_device, "0000:03:00.0", [&] { encryption_brief(empty.host(), kDevice); });
}

TEST_CASE("N357 encryption: capabilities that do not fit, or loop") {
  refused(with({{0x34, 0xFC}, {0xFC, 0x0002'0010}}), ErrorId::peer, "PCI Express capability: at 0xfc: does not fit");
  refused(with({{0x50, 0x801F'4011}}), ErrorId::peer, "capabilities: next: the list has no end");
  refused(with({{0x100, 0x1001'0001}}), ErrorId::peer, "extended capabilities: next: the list has no end");
  refused(with({{0x44, 0xFFFF'FFFF}}), ErrorId::peer, "0x44: reads as all ones");
  refused(with({{0x204, 0x00FF'0002}, {0x208, 0}, {0x22C, 0}}), ErrorId::peer, "stream blocks do not fit");
  const Machine msix(with({{0x40, 0x0002'F810}, {0xF8, 0x801F'0011}}));
  expect_error(ErrorId::peer, "MSI-X capability: at 0xf8: does not fit", [&] { msix.view(); });
  CHECK(msix.brief().tee_io);
  // The last place in which they fit.
  const Machine last(with({{0x34, 0xF8}, {0xF8, 0x0002'F410}, {0xFC, kTeeIo}, {0xF4, 0x0003'0011}}));
  CHECK(last.view().tee_io);
  CHECK(last.view().msix_control == 3);
}

// IDE capabilities of several layouts, sound and not.
#include "transport/pci/ide.h"

#include "transport/pci/doe_rig.h"

using namespace rig;

namespace {

constexpr std::uint16_t kAt = 0x200;  // where the capability is

// A function whose IDE capability has these registers, from its capability register on.
fake::Function function_with(const std::vector<std::uint32_t>& registers, std::uint16_t at = kAt) {
  fake::Function out;
  out.put(0x100, std::uint32_t{at} << 20 | 0x0001'0001);
  out.put(at, 0x0001'0030);
  for (std::size_t i = 0; i < registers.size(); ++i) out.put(static_cast<std::uint16_t>(at + 4 + 4 * i), registers[i]);
  return out;
}

// An enabled stream, as far as these tests look at it.
struct Enabled {
  bool is_selective = false;
  std::size_t block = 0;
  std::uint8_t id = 0;

  bool operator==(const Enabled&) const = default;
};
using Streams = std::vector<Enabled>;

Streams streams_of(ConfigSpace& function) {
  Streams out;
  for (const IdeStream& stream : enabled_ide_streams(function)) out.push_back({stream.is_selective, stream.block, stream.id()});
  return out;
}

Streams enabled(fake::Function&& function) { return streams_of(function); }

Streams enabled(const std::vector<std::uint32_t>& registers) { return enabled(function_with(registers)); }

constexpr std::uint32_t kLink = 0x0000'0001, kSelective = 0x0000'0002, kIdeKm = 0x0000'0040;
constexpr std::uint32_t link_streams(std::uint32_t count) { return kLink | (count - 1) << 13; }
constexpr std::uint32_t selective_streams(std::uint32_t count) { return kSelective | (count - 1) << 16; }

// A block of a selective stream with so many address association blocks, each of which is full of ones in its first bits: no register of
// another kind may be taken for a control register.
void add_selective(std::vector<std::uint32_t>& out, std::size_t addresses, std::uint32_t control) {
  out.insert(out.end(), {static_cast<std::uint32_t>(addresses), control, 2, 0x00FF'FF01, 0x0000'0001});
  for (std::size_t i = 0; i < addresses; ++i) out.insert(out.end(), {0xFFF0'0001, 1, 1});
}

}  // namespace

TEST_CASE("ide: no capability, and one without streams") {
  CHECK(enabled(fake::Function()).empty());
  CHECK(enabled({kIdeKm, 0}).empty());
  fake::Function conventional;
  conventional.put(0x100, 0xFFFF'FFFF);
  CHECK(enabled_ide_streams(conventional).empty());
}

TEST_CASE("ide: link streams, one for each traffic class") {
  CHECK(enabled({link_streams(2), 0, 0x0700'0000, 2, 0x0800'0000, 2}).empty());
  CHECK(enabled({link_streams(2), 0, 0x0700'0000, 2, 0x0800'0001, 2}) == Streams{{false, 1, 8}});
  std::vector<std::uint32_t> eight{link_streams(8), 0};
  for (std::uint32_t i = 0; i < 8; ++i) eight.insert(eight.end(), {(0x10 + i) << 24 | 1, 0x8000'0002});
  const Streams seen = enabled(eight);
  REQUIRE(seen.size() == 8);
  CHECK(seen.back() == Enabled{false, 7, 0x17});
  // What stands behind the last one is none, and a count without the bit means nothing.
  CHECK(enabled({link_streams(1), 0, 0, 0, 0x0800'0001}).empty());
  CHECK(enabled({link_streams(8) & ~kLink, 0, 0x0800'0001}).empty());
  CHECK(enabled({selective_streams(8) & ~kSelective, 0, 0, 0x0800'0001}).empty());
}

TEST_CASE("ide: selective streams whose blocks have several sizes, behind those of the link") {
  for (const std::size_t which : {0U, 1U, 2U, 3U, 4U}) {
    CAPTURE(which);
    std::vector<std::uint32_t> registers{link_streams(3) | selective_streams(4), 4, 0, 1, 0, 1, 0, 1};
    std::size_t block = 0;
    for (const std::size_t addresses : {3U, 0U, 15U, 1U}) {
      add_selective(registers, addresses, 0x2A40'0200 | (which == block ? 1U : 0U));
      ++block;
    }
    registers.insert(registers.end(), 8, 0xFFFF'0001);  // behind the capability
    CHECK(enabled(registers) == (which < 4 ? Streams{{true, which, 0x2A}} : Streams{}));
  }
  std::vector<std::uint32_t> all{selective_streams(2), 0};
  add_selective(all, 1, 0x0500'0001);
  add_selective(all, 2, 0x0600'0001);
  CHECK(enabled(all) == Streams{{true, 0, 5}, {true, 1, 6}});
  fake::Function function = function_with(all);
  CHECK(to_string(enabled_ide_streams(function).back()) == "selective IDE stream 1 (id 6)");
}

TEST_CASE("N354 IDE: as many blocks as fit, and one more") {
  // 0xE00 bytes of extended space behind 0x200 hold the header and 178 blocks of 20 bytes.
  constexpr std::size_t kFit = (0x1000 - kAt - 12) / 20;
  fake::Function most = function_with({selective_streams(kFit), 0});
  most.put(kAt + 12 + 20 * (kFit - 1) + 4, 0x0900'0001);
  CHECK(streams_of(most) == Streams{{true, kFit - 1, 9}});
  expect_error(ErrorId::peer, "IDE capability: at 0x200: its stream blocks do not fit", [] { enabled({selective_streams(256), 0}); });
  fake::Function wide = function_with({selective_streams(256), 0});
  for (std::size_t at = kAt + 12; at < 0x1000; at += 20 + 15 * 12) wide.put(static_cast<std::uint16_t>(at), 15);
  expect_error(ErrorId::peer, "do not fit", [&] { enabled_ide_streams(wide); });
  // In the last place: a header and one selective block without addresses have 32 bytes.
  CHECK(enabled(function_with({selective_streams(1), 0, 0, 0xFF00'0001, 0, 0, 0}, 0xFE0)) == Streams{{true, 0, 255}});
  fake::Function last = function_with({selective_streams(1), 0, 0, 0x0900'0000, 0, 0, 0}, 0xFE0);
  CHECK(copy_ide(last)->size() == 28);
  fake::Function beyond = function_with({selective_streams(1), 0, 1, 0x0900'0000, 0, 0, 0}, 0xFE0);
  expect_error(ErrorId::peer, "do not fit", [&] { copy_ide(beyond); });
  for (const std::uint16_t at : std::vector<std::uint16_t>{0xFFC, 0xFF4})
    expect_error(ErrorId::peer, "do not fit", [&] {
      enabled(function_with(at == 0xFFC ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{link_streams(1), 0}, at));
    });
}

TEST_CASE("N352 IDE: registers of ones are no streams, and a function that goes away is gone") {
  expect_error(ErrorId::peer, "IDE capability: at 0x200: register 0x004 reads as all ones", [] { enabled({0xFFFF'FFFF}); });
  expect_error(ErrorId::peer, "register 0x00c reads as all ones", [] { enabled({link_streams(1), 0, 0xFFFF'FFFF}); });
  expect_error(ErrorId::peer, "register 0x00c reads as all ones", [] { enabled({selective_streams(1), 0, 0xFFFF'FFFF}); });
  fake::Function leaving = function_with({link_streams(1), 0, 0x0100'0001});
  for (const std::size_t accesses : {0U, 1U, 2U, 3U, 4U, 5U}) {
    leaving.leave_after(accesses);
    expect_error(ErrorId::no_device, "gone", [&] { enabled_ide_streams(leaving); });
  }
  leaving.leave_after(6);
  CHECK(streams_of(leaving) == Streams{{false, 0, 1}});
}

TEST_CASE("ide: nothing is written") {
  std::vector<std::uint32_t> registers{link_streams(1) | selective_streams(1), 0, 1, 2};
  add_selective(registers, 2, 1);
  fake::Function function = function_with(registers);
  const std::size_t before = function.others;
  CHECK(enabled_ide_streams(function).size() == 2);
  CHECK(function.others - before == 2 + 2 + 2 + 3);  // two headers, capability and control, one link block, one selective block
}

TEST_CASE("N355 IDE: a second capability") {
  fake::Function function = function_with({link_streams(1), 0, 0x0100'0001, 2});
  function.put(kAt, 0x3001'0030);
  function.put(0x300, 0x0001'0030);
  expect_error(ErrorId::peer, "IDE capability: at 0x300: the function has another one already", [&] { enabled_ide_streams(function); });
}

TEST_CASE("ide: a copy has every register") {
  std::vector<std::uint32_t> registers{link_streams(1) | selective_streams(2), 4, 0, 1};
  add_selective(registers, 2, 0x0700'0001);
  add_selective(registers, 0, 0xFF00'0000);
  registers[10] = 0xFFFF'FFFF;  // the upper half of a limit may be ones
  fake::Function function = function_with(registers);
  Writer expected;
  for (const std::uint32_t value : registers) expected.u32(value);
  const std::optional<Bytes> copy = copy_ide(function);
  REQUIRE(copy);
  CHECK(*copy == expected.take());
  CHECK(decode_ide_registers(*copy) == find_ide(function, IdeDepth::all));
  CHECK(find_ide(function)->streams.size() == 3);
  fake::Function without;
  CHECK_FALSE(copy_ide(without));
  CHECK_FALSE(find_ide(without));
}

// Copies of IDE registers: several layouts, cut, too long, and two that differ.
#include "core/wire/ide_registers.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::uint32_t kLink = 1, kSelective = 1U << 1, kIdeKm = 1U << 6, kTeeLimited = 1U << 24;
constexpr std::uint32_t link_streams(std::uint32_t count) { return kLink | (count - 1) << 13; }
constexpr std::uint32_t selective_streams(std::uint32_t count) { return kSelective | (count - 1) << 16; }

using Words = std::vector<std::uint32_t>;

Bytes bytes_of(const Words& words) {
  Writer out;
  for (const std::uint32_t word : words) out.u32(word);
  return out.take();
}

// A block of a selective stream. The upper halves of its addresses are ones, as of a range without end.
void add_selective(Words& out, std::uint32_t addresses, std::uint32_t control) {
  out.insert(out.end(), {addresses, control, 2, 0x00FF'FF00, 0x0001'0001});
  for (std::uint32_t i = 0; i < addresses; ++i) out.insert(out.end(), {0xFFF0'0001 | i << 8, 0xFFFF'FFFF, 0xFFFF'FFFF});
}

// Two link streams; three selective ones with 3, 0 and 15 address associations.
Words mixed() {
  Words out{link_streams(2) | selective_streams(3) | kIdeKm | kTeeLimited, 4, 0xFF00'0000, 0, 0x0808'0001, 0x8000'0002};
  add_selective(out, 3, 0xFF00'0000);
  add_selective(out, 0, 0x05D0'0001);
  add_selective(out, 15, 0x0600'4000);
  return out;
}

IdeRegisters read(const Words& words) { return decode_ide_registers(bytes_of(words)); }

std::vector<std::string> places(const Words& first, const Words& second) {
  std::vector<std::string> out;
  for (const IdeDifference& difference : differences(read(first), read(second))) out.push_back(difference.where);
  return out;
}

}  // namespace

TEST_CASE("IDE registers: streams of both kinds, blocks of several sizes") {
  const IdeRegisters ide = read(mixed());
  CHECK(ide.has_link_streams());
  CHECK(ide.has_selective_streams());
  CHECK(ide.has_ide_km());
  CHECK(ide.has_aes_gcm_256());
  CHECK(ide.is_tee_limited_supported());
  CHECK(ide.control == 4);
  CHECK(ide.surplus == 0);
  REQUIRE(ide.streams.size() == 5);
  const IdeStream& link = ide.streams[1];
  CHECK_FALSE(link.is_selective);
  CHECK(link.block == 1);
  CHECK(link.is_enabled());
  CHECK(link.id() == 8);
  CHECK(link.traffic_class() == 1);
  CHECK(link.is_secure());
  CHECK(link.has_failed());
  CHECK(to_string(link) == "link IDE stream 1 (id 8)");
  CHECK(ide.streams[0].id() == kIdleStreamId);
  CHECK_FALSE(ide.streams[0].is_enabled());
  CHECK(ide.streams[0].state() == 0);
  const IdeStream& second = ide.streams[3];
  CHECK(second.is_selective);
  CHECK(second.block == 1);
  CHECK(second.is_enabled());
  CHECK(second.is_default());
  CHECK(second.is_tee_limited());
  CHECK(second.traffic_class() == 2);
  CHECK(second.rid_1 == 0x00FF'FF00);
  CHECK(second.rid_2 == 0x0001'0001);
  CHECK(second.addresses.empty());
  CHECK(to_string(second) == "selective IDE stream 1 (id 5)");
  CHECK(ide.streams[2].addresses.size() == 3);
  CHECK(ide.streams[4].addresses.size() == 15);
  CHECK(ide.streams[4].addresses[14] == IdeStream::AddressAssociation{0xFFF0'0E01, 0xFFFF'FFFF, 0xFFFF'FFFF});
  CHECK(ide.streams[4].algorithm() == 1);
  CHECK_FALSE(ide.streams[4].is_default());
}

TEST_CASE("IDE registers: bits of a link stream are none of a selective one") {
  const IdeRegisters ide = read({link_streams(1), 0, 0x01FF'C001, 2});
  CHECK_FALSE(ide.streams.at(0).is_default());
  CHECK_FALSE(ide.streams.at(0).is_tee_limited());
  CHECK(ide.streams.at(0).algorithm() == 0x1F);
}

TEST_CASE("IDE registers: names of states and algorithms") {
  CHECK(ide_algorithm_name(0) == "AES-GCM-256");
  CHECK(ide_algorithm_name(0x1F) == "0x1f");
  CHECK(ide_state_name(0) == "insecure");
  CHECK(ide_state_name(1) == "0x01");
  CHECK(ide_state_name(2) == "secure");
}

TEST_CASE("IDE registers: counts mean nothing without their bit, and the largest are read") {
  const IdeRegisters none = read({link_streams(8) - kLink + selective_streams(256) - kSelective, 0});
  CHECK(none.link_streams() == 0);
  CHECK(none.selective_streams() == 0);
  CHECK(none.streams.empty());
  CHECK_FALSE(read({0x0000'0100, 0}).has_aes_gcm_256());
  Words most{link_streams(8) | selective_streams(256), 0};
  most.resize(2 + 16);
  for (int i = 0; i < 256; ++i) add_selective(most, 15, 0);
  const IdeRegisters ide = read(most);
  CHECK(ide.streams.size() == 264);
  CHECK(ide.streams.back().block == 255);
  CHECK(ide.streams.back().addresses.size() == 15);
}

TEST_CASE("N352 IDE registers that read as all ones") {
  for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 11U}) {
    CAPTURE(at);
    Words words = mixed();
    words[at] = 0xFFFF'FFFF;
    malformed(cat("register 0x", hex(4 + 4 * at, 3)), [&] { read(words); });
  }
}

TEST_CASE("N353 copies of IDE registers that are cut, of odd length, or longer than they announce") {
  const Bytes good = bytes_of(mixed());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    malformed(size % 4 == 0 ? "stream blocks" : "size", [&] { decode_ide_registers(View(good).first(size)); });
  }
  Words longer = mixed();
  longer.insert(longer.end(), {0, 0xFFFF'FFFF});
  CHECK(read(longer).surplus == 8);
  CHECK(read(longer).streams == read(mixed()).streams);
}

TEST_CASE("IDE registers: with less depth no association is read") {
  const Words words = mixed();
  std::vector<std::size_t> asked;
  const IdeRegisters seen = walk_ide_registers(
      [&](std::size_t offset) {
        asked.push_back(offset);
        return words.at(offset / 4);
      },
      IdeDepth::status);
  const std::size_t first = 24, second = first + 20 + 36, third = second + 20;  // of the selective blocks
  CHECK(asked == std::vector<std::size_t>{0, 4, 8, 12, 16, 20, first, first + 4, first + 8, second, second + 4, second + 8, third,
                                          third + 4, third + 8});
  IdeRegisters whole = read(words);
  for (IdeStream& stream : whole.streams) {
    stream.rid_1 = stream.rid_2 = 0;
    stream.addresses.clear();
  }
  CHECK(seen == whole);
}

TEST_CASE("IDE registers: where two copies differ") {
  CHECK(places(mixed(), mixed()).empty());
  const std::vector<std::pair<std::size_t, std::string>> cases{
      {1, "control"},
      {4, "link IDE stream 1, control"},
      {5, "link IDE stream 1, status"},
      {7, "selective IDE stream 0, control"},
      {9, "selective IDE stream 0, RID association 1"},
      {10, "selective IDE stream 0, RID association 2"},
      {11, "selective IDE stream 0, address association 0, register 1"},
      {15, "selective IDE stream 0, address association 1, limit"},
      {19, "selective IDE stream 0, address association 2, base"},
      {22, "selective IDE stream 1, status"},
  };
  for (const auto& row : cases) {
    const auto& [at, where] = row;
    CAPTURE(row.second);
    Words other = mixed();
    other[at] ^= 0x10;
    CHECK(places(mixed(), other) == std::vector<std::string>{where});
    CHECK(differences(read(mixed()), read(other)).front().first == mixed()[at]);
    CHECK(differences(read(mixed()), read(other)).front().second == other[at]);
  }
  Words failed = mixed();
  failed[3] ^= 1U << 31;
  CHECK(places(mixed(), failed).empty());
}

TEST_CASE("IDE registers: copies that announce other streams differ in what announces them") {
  Words fewer{link_streams(1) | selective_streams(1) | kIdeKm | kTeeLimited, 4, 0xFF00'0000, 0};
  add_selective(fewer, 2, 0xFF00'0000);
  const std::vector<std::string> expected{"capability", "selective IDE stream 0, capability"};
  CHECK(places(mixed(), fewer) == expected);
  CHECK(places(fewer, mixed()) == expected);
}

#include "core/wire/opaque.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

// One element, padded.
Bytes element(std::uint8_t registry, std::size_t vendor, std::size_t data) {
  Writer out;
  out.u8(registry).u8(vendor).bytes(Bytes(vendor, 0x11)).u16(data).bytes(Bytes(data, 0x22));
  out.zeros((4 - out.size() % 4) % 4);
  return out.take();
}

Bytes general(std::uint8_t total, const Bytes& elements) { return Writer().u8(total).zeros(3).bytes(elements).take(); }

std::vector<OpaqueElement> read(const Bytes& opaque) { return read_elements(opaque, "MESSAGE"); }

}  // namespace

TEST_CASE("A9 general opaque data with elements of every registry") {
  constexpr std::size_t vendors[] = {0, 2, 2, 2, 4, 4, 2, 2, 2, 0, 3, 2};
  Bytes all;
  for (std::uint8_t registry = 0; registry <= 0x0B; ++registry) append(all, element(registry, vendors[registry], registry));
  Bytes opaque = general(12, all);
  opaque[1] = opaque[2] = opaque[3] = 0xFF;  // reserved
  const std::vector<OpaqueElement> elements = read(opaque);
  REQUIRE(elements.size() == 12);
  CHECK(elements[11].data == Bytes(11, 0x22));
  CHECK(elements[3].vendor == Bytes(2, 0x11));
  CHECK(registry_name(3) == "PCI-SIG");
  CHECK(registry_name(0x0C) == "unknown registry");
}

TEST_CASE("N230 general opaque data that is not well formed") {
  const Bytes one = element(0, 0, 3);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes opaque = general(1, one);
    opaque.at(at) = value;
    return opaque;
  };
  malformed("TotalElements", [&] { read(with(0, 0)); });
  malformed("OpaqueElement", [&] { read(with(0, 2)); });
  malformed("OpaqueElement", [&] { read(with(0, 255)); });
  malformed("OpaqueElement.ID", [&] { read(with(4, 0x0C)); });
  malformed("OpaqueElement", [&] { read(with(5, 255)); });
  malformed("OpaqueElement", [&] { read(with(6, 255)); });
  malformed("OpaqueElement", [&] { read(with(7, 255)); });
  malformed("AlignPadding", [&] { read(with(11, 1)); });
  malformed("OpaqueData: 4 bytes left over at its offset 8, behind the last of its 1 elements", [&] { read(general(1, Bytes(8, 0))); });
  malformed("multiple of 4", [&] { read(Bytes{1, 0, 0, 0, 0, 0, 0}); });
  malformed("TotalElements", [&] { read(Bytes{}); });
  const Bytes whole = general(3, [&] {
    Bytes out = element(3, 2, 5);
    append(out, element(0, 0, 9));
    append(out, element(4, 4, 1));
    return out;
  }());
  refused_when_cut(whole, [&](View cut) { read(to_bytes(cut)); });
}

TEST_CASE("opaque: format 0 is not looked into") {
  Parameters p = parameters(k12);
  p.opaque_format = other_params::opaque_fmt0;
  const Bytes message{3, 0, 0xFF, 0xFF, 0xFF};
  Reader reader(message, "MESSAGE");
  CHECK(read_opaque(reader, p).size() == 3);
}

TEST_CASE("opaque: vendor id lengths by registry") {
  CHECK(vendor_length_fits(0, 0));
  CHECK_FALSE(vendor_length_fits(0, 2));
  CHECK(vendor_length_fits(3, 2));
  CHECK(vendor_length_fits(3, 0));
  CHECK_FALSE(vendor_length_fits(3, 4));
  CHECK(vendor_length_fits(4, 4));
  CHECK_FALSE(vendor_length_fits(4, 2));
  CHECK_FALSE(vendor_length_fits(9, 1));
  for (const std::size_t length : {1U, 2U, 3U, 5U, 9U}) CHECK(vendor_length_fits(0xA, length));
  CHECK_FALSE(vendor_length_fits(0xA, 4));
  CHECK_FALSE(vendor_length_fits(0xB, 0));
  CHECK_FALSE(vendor_length_fits(0xC, 0));
  CHECK_FALSE(vendor_length_fits(0x100, 0));
}

#include "core/wire/interface_report.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

InterfaceReport sample() {
  InterfaceReport out;
  out.info = 0x0015;
  out.msix_control = 0x8007;
  out.lnr_control = 0x0102;
  out.tph_control = 0x03040506;
  out.ranges = {{.first_page = 0x10, .pages = 1, .attributes = 1, .id = 0}, {.first_page = 0x20, .pages = 8, .attributes = 4, .id = 1}};
  out.device_specific = {0xD1, 0xD2, 0xD3};
  return out;
}

// Where the number of ranges stands; where the first range does; where the length behind two of them does.
constexpr std::size_t kCount = 12, kFirst = 16, kLength = kFirst + 2 * 16;

Bytes with(std::size_t at, std::uint32_t value) {
  Bytes out = sample().encode();
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
  return out;
}

}  // namespace

TEST_CASE("device interface report: the layout") {
  const Bytes bytes = sample().encode();
  CHECK(hex(bytes) ==
        "1500"
        "0000"
        "0780"
        "0201"
        "06050403"
        "02000000"
        "1000000000000000"
        "01000000"
        "0100"
        "0000"
        "2000000000000000"
        "08000000"
        "0400"
        "0100"
        "03000000"
        "d1d2d3");
  const InterfaceReport read = decode_interface_report(bytes);
  CHECK(read.msix_control == 0x8007);
  CHECK(read.lnr_control == 0x0102);
  CHECK(read.tph_control == 0x03040506);
  CHECK(read.has_no_fw_update());
  CHECK_FALSE(read.has_dma_without_pasid());
  CHECK(read.has_dma_with_pasid());
  CHECK_FALSE(read.has_ats());
  CHECK(read.has_prs());
  REQUIRE(read.ranges.size() == 2);
  CHECK(read.ranges[1].first_page == 0x20);
  CHECK(read.ranges[1].id == 1);
  CHECK(read.device_specific == Bytes{0xD1, 0xD2, 0xD3});
  CHECK(read.encode() == bytes);
  CHECK(decode_interface_report(InterfaceReport{}.encode()).ranges.empty());
}

TEST_CASE("A33 reserved bytes of a device interface report") { CHECK(decode_interface_report(with(0, 0xFFFFFFFF)).info == 0xFFFF); }

TEST_CASE("N346 a device interface report that is cut anywhere, or longer") {
  Bytes bytes = sample().encode();
  refused_when_cut(bytes, [](View cut) { decode_interface_report(cut); });
  bytes.push_back(0);
  malformed("length: 1 bytes left over", [&] { decode_interface_report(bytes); });
}

TEST_CASE("N345 a device interface report that is larger than its offsets") {
  InterfaceReport most = sample();
  most.device_specific.resize(kMaxInterfaceReport - kLength - 4);
  CHECK(decode_interface_report(most.encode()).device_specific.size() == most.device_specific.size());
  most.device_specific.push_back(0);
  malformed("length: 65536 bytes, at most 65535", [&] { decode_interface_report(most.encode()); });
}

TEST_CASE("N347 a device interface report with counts and lengths that are not there") {
  // Sizes that wrap 32 bits would be 16 * count.
  for (const std::uint32_t count : {3U, 0x10000000U, 0x10000002U, 0xFFFFFFFFU})
    malformed("MMIO_RANGE_COUNT", [&] { decode_interface_report(with(kCount, count)); });
  for (const std::uint32_t length : {4U, 0x7FFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFCU})
    malformed("DEVICE_SPECIFIC_INFO", [&] { decode_interface_report(with(kLength, length)); });
  for (const std::uint32_t length : {0U, 2U}) malformed("length", [&] { decode_interface_report(with(kLength, length)); });
  malformed("", [] { decode_interface_report(with(kCount, 1)); });
}

TEST_CASE("N348 a device interface report with a range that has no page") {
  malformed("MMIO_RANGE: id 0, first page 0x0000000000000010: no pages", [] { decode_interface_report(with(kFirst + 8, 0)); });
}

TEST_CASE("N349 a device interface report with a range beyond 64 bits of addresses") {
  malformed("do not end within 64 bits", [] { decode_interface_report(with(kFirst + 4, 0x00100000)); });
}

#include "core/wire/opaque.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {
constexpr std::array kRegistries{"DMTF", "TCG", "USB",   "PCI-SIG", "IANA",      "HDBaseT",
                                 "MIPI", "CXL", "JEDEC", "VESA",    "IANA CBOR", "DMTF-DSP"};
}

std::string_view registry_name(std::uint8_t registry) {
  return registry < kRegistries.size() ? kRegistries.at(registry) : "unknown registry";
}

bool vendor_length_fits(std::uint16_t registry, std::size_t length) {
  switch (registry) {
    case 0x0:
    case 0x9:
      return length == 0;  // DMTF, VESA
    case 0x1:
    case 0x2:
    case 0x3:
    case 0x6:
    case 0x7:
    case 0x8:
      return length == 0 || length == 2;  // TCG, USB, PCI-SIG, MIPI, CXL, JEDEC
    case 0x4:
    case 0x5:
      return length == 0 || length == 4;  // IANA, HDBaseT
    case 0xA:
      return length == 1 || length == 2 || length == 3 || length == 5 || length == 9;  // IANA CBOR: an encoded tag
    case 0xB:
      return length == 2;  // DMTF-DSP
    default:
      return false;
  }
}

std::vector<OpaqueElement> read_elements(View opaque, std::string_view message) {
  Reader reader(opaque, message);
  if (opaque.size() % 4 != 0) reader.fail("OpaqueData", cat(opaque.size(), " bytes, not a multiple of 4"));
  const std::uint8_t total = reader.u8("OpaqueData.TotalElements");
  reader.skip(3, "OpaqueData.reserved");
  return read_elements(reader, total);
}

std::vector<OpaqueElement> read_elements(Reader& reader, std::uint8_t total) {
  if (total == 0) reader.fail("OpaqueData.TotalElements", "0");
  std::vector<OpaqueElement> out;
  for (unsigned i = 0; i < total; ++i) {
    const std::size_t start = reader.offset();
    OpaqueElement element;
    element.registry = reader.u8("OpaqueElement.ID");
    if (element.registry >= kRegistries.size()) reader.fail("OpaqueElement.ID", cat("registry ", element.registry, " does not exist"));
    element.vendor = to_bytes(reader.take(reader.u8("OpaqueElement.VendorLen"), "OpaqueElement.VendorID"));
    element.data = to_bytes(reader.take(reader.u16("OpaqueElement.OpaqueElementDataLen"), "OpaqueElement.OpaqueElementData"));
    const std::size_t used = reader.offset() - start;
    const View padding = reader.take((4 - used % 4) % 4, "OpaqueElement.AlignPadding");
    if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte != 0; }))
      reader.fail("OpaqueElement.AlignPadding", "not zero");
    out.push_back(std::move(element));
  }
  if (reader.remaining() != 0)
    reader.fail("OpaqueData", cat(reader.remaining(), " bytes left over at its offset ", reader.offset(), ", behind the last of its ",
                                  total, " elements (TotalElements)"));
  return out;
}

Bytes read_opaque(Reader& reader, const Parameters& parameters) {
  const std::size_t length = reader.u16("OpaqueDataLength");
  return read_opaque(reader, length, parameters);
}

Bytes read_opaque(Reader& reader, std::size_t length, const Parameters& parameters) {
  // DSP0274 CHALLENGE_AUTH, N180; MEASUREMENTS, N213; KEY_EXCHANGE_RSP, N229; FINISH_RSP, N240; PSK_FINISH_RSP, N249: the limit of all
  // opaque data.
  if (length > kMaxOpaque) reader.breaks("OpaqueDataLength", cat(length, ", at most ", kMaxOpaque));
  // DSP0274 CHALLENGE_AUTH, N182; MEASUREMENTS, N214: without a negotiated format there is no opaque data.
  if (length != 0 && parameters.version >= k12 && parameters.opaque_format == 0 && !parameters.assumed)
    reader.breaks("OpaqueDataLength", cat(length, ", but no opaque data format was negotiated"));
  const View opaque = reader.take(length, "OpaqueData");  // DSP0274 CHALLENGE_AUTH, N181
  if (length != 0 && parameters.version >= k12 && parameters.opaque_format == other_params::opaque_fmt1) try {
      read_elements(opaque, reader.message());
    } catch (const Malformed& broken) {  // its length is known: what is in it does not keep the rest from being read
      reader.breaks(broken.field, broken.why);
    }
  return to_bytes(opaque);
}

void write_opaque(Writer& writer, View opaque) { writer.u16(opaque.size()).bytes(opaque); }

}  // namespace spdm

#include "core/wire/secured_versions.h"

#include "core/text.h"

namespace spdm {

namespace {

// DSP0277: what the elements begin with, and their ids.
constexpr std::uint32_t kSpecId = 0x444D5446;
constexpr std::uint8_t kOpaqueVersion = 1, kDataVersion = 1;
enum class ElementId : std::uint8_t { selection = 0, versions = 1, aead_limit = 2 };

constexpr std::uint16_t kMajorMinor = 0xFF00;  // the rest tells updates and drafts apart

// DSP0274 "General opaque data format", from 1.2 on where it was negotiated. Before, and with a format of the vendor's, the elements
// have the table header of DSP0277.
bool general_format(const Parameters& parameters) {
  return parameters.version >= k12 && parameters.opaque_format != other_params::opaque_fmt0;
}

Bytes write_element(const Parameters& parameters, ElementId id, View body) {
  constexpr std::size_t data_header = 2;
  Writer writer;
  if (general_format(parameters))
    writer.u8(1).zeros(3);
  else
    writer.u32(kSpecId).u8(kOpaqueVersion).u8(1).zeros(2);
  writer.u8(0).u8(0).u16(data_header + body.size());  // of DMTF, which has no vendor id
  writer.u8(kDataVersion).u8(static_cast<std::uint8_t>(id)).bytes(body);
  writer.zeros((4 - writer.size() % 4) % 4);
  return writer.take();
}

std::vector<OpaqueElement> read_table(View opaque, std::string_view message) {
  Reader reader(opaque, message);
  const std::uint32_t spec = reader.u32("OpaqueData.SpecID");
  const std::uint8_t version = reader.u8("OpaqueData.OpaqueVersion");
  const std::uint8_t total = reader.u8("OpaqueData.TotalElements");
  reader.skip(2, "OpaqueData.reserved");
  // DSP0277 Secured Message Opaque Element, N321
  if (spec != kSpecId) reader.fail("OpaqueData.SpecID", cat("0x", hex(spec, 8), ", that of DSP0277 is 0x", hex(kSpecId, 8)));
  if (version != kOpaqueVersion) reader.fail("OpaqueData.OpaqueVersion", cat(version, ", ", kOpaqueVersion, " is defined"));
  return read_elements(reader, total);
}

// What the one element of this id holds behind its id; nothing when there is none.
std::optional<Bytes> find_element(View opaque, const Parameters& parameters, std::string_view message, ElementId id) {
  std::optional<Bytes> out;
  if (opaque.empty()) return out;
  for (const OpaqueElement& element : general_format(parameters) ? read_elements(opaque, message) : read_table(opaque, message)) {
    if (element.registry != 0 || !element.vendor.empty()) continue;
    Reader reader(element.data, message);
    const std::uint8_t data_version = reader.u8("SMDataVersion");
    const std::uint8_t data_id = reader.u8("SMDataID");
    if (data_version != kDataVersion || data_id != static_cast<std::uint8_t>(id)) continue;
    if (out) reader.fail("SMDataID", cat(data_id, " appears twice"));  // DSP0277 Secured Message Opaque Element, N229
    out = to_bytes(reader.rest());
  }
  return out;
}

}  // namespace

std::string secured_version_name(std::uint16_t version) { return cat(version >> 12, ".", version >> 8 & 0x0F); }

Bytes encode_secured_versions(const Parameters& parameters, std::span<const std::uint16_t> versions) {
  Writer body;
  body.u8(versions.size());
  for (const std::uint16_t version : versions) body.u16(version);
  return write_element(parameters, ElementId::versions, body.take());
}

Bytes encode_secured_selection(const Parameters& parameters, std::uint16_t version) {
  return write_element(parameters, ElementId::selection, Writer().u16(version).take());
}

std::vector<std::uint16_t> decode_secured_versions(View opaque, const Parameters& parameters, std::string_view message) {
  std::vector<std::uint16_t> out;
  const std::optional<Bytes> body = find_element(opaque, parameters, message, ElementId::versions);
  if (!body) return out;
  Reader reader(*body, message);
  const std::uint8_t count = reader.u8("VersionCount");
  if (count == 0) reader.fail("VersionCount", "0");
  for (unsigned i = 0; i < count; ++i) out.push_back(reader.u16("VersionsList") & kMajorMinor);
  reader.assert_done();
  return out;
}

std::optional<std::uint16_t> decode_secured_selection(View opaque, const Parameters& parameters, std::string_view message) {
  const std::optional<Bytes> body = find_element(opaque, parameters, message, ElementId::selection);
  if (!body) return std::nullopt;
  Reader reader(*body, message);
  const std::uint16_t out = reader.u16("SelectedVersion") & kMajorMinor;
  reader.assert_done();
  return out;
}

std::uint8_t decode_aead_limit(View opaque, const Parameters& parameters, std::string_view message) {
  const std::optional<Bytes> body = find_element(opaque, parameters, message, ElementId::aead_limit);
  if (!body) return kNoAeadLimit;
  Reader reader(*body, message);
  const std::uint8_t out = reader.u8("AEADLimitExponent");
  if (out > kNoAeadLimit) reader.fail("AEADLimitExponent", cat(out, ", at most ", kNoAeadLimit));  // DSP0277, N231
  reader.assert_done();
  return out;
}

}  // namespace spdm

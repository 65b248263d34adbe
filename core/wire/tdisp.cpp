#include "core/wire/tdisp.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array kCodes{
    Word{TdispCode::tdisp_version, "TDISP_VERSION"},
    Word{TdispCode::tdisp_capabilities, "TDISP_CAPABILITIES"},
    Word{TdispCode::lock_interface_response, "LOCK_INTERFACE_RESPONSE"},
    Word{TdispCode::device_interface_report, "DEVICE_INTERFACE_REPORT"},
    Word{TdispCode::device_interface_state, "DEVICE_INTERFACE_STATE"},
    Word{TdispCode::start_interface_response, "START_INTERFACE_RESPONSE"},
    Word{TdispCode::stop_interface_response, "STOP_INTERFACE_RESPONSE"},
    Word{TdispCode::bind_p2p_stream_response, "BIND_P2P_STREAM_RESPONSE"},
    Word{TdispCode::unbind_p2p_stream_response, "UNBIND_P2P_STREAM_RESPONSE"},
    Word{TdispCode::set_mmio_attribute_response, "SET_MMIO_ATTRIBUTE_RESPONSE"},
    Word{TdispCode::vdm_response, "VDM_RESPONSE"},
    Word{TdispCode::tdisp_error, "TDISP_ERROR"},
    Word{TdispCode::get_tdisp_version, "GET_TDISP_VERSION"},
    Word{TdispCode::get_tdisp_capabilities, "GET_TDISP_CAPABILITIES"},
    Word{TdispCode::lock_interface_request, "LOCK_INTERFACE_REQUEST"},
    Word{TdispCode::get_device_interface_report, "GET_DEVICE_INTERFACE_REPORT"},
    Word{TdispCode::get_device_interface_state, "GET_DEVICE_INTERFACE_STATE"},
    Word{TdispCode::start_interface_request, "START_INTERFACE_REQUEST"},
    Word{TdispCode::stop_interface_request, "STOP_INTERFACE_REQUEST"},
    Word{TdispCode::bind_p2p_stream_request, "BIND_P2P_STREAM_REQUEST"},
    Word{TdispCode::unbind_p2p_stream_request, "UNBIND_P2P_STREAM_REQUEST"},
    Word{TdispCode::set_mmio_attribute_request, "SET_MMIO_ATTRIBUTE_REQUEST"},
    Word{TdispCode::vdm_request, "VDM_REQUEST"},
};

constexpr std::array kErrors{
    Word{TdispErrorCode::invalid_request, "INVALID_REQUEST"},
    Word{TdispErrorCode::busy, "BUSY"},
    Word{TdispErrorCode::invalid_interface_state, "INVALID_INTERFACE_STATE"},
    Word{TdispErrorCode::unspecified, "UNSPECIFIED"},
    Word{TdispErrorCode::unsupported_request, "UNSUPPORTED_REQUEST"},
    Word{TdispErrorCode::version_mismatch, "VERSION_MISMATCH"},
    Word{TdispErrorCode::vendor_specific, "VENDOR_SPECIFIC_ERROR"},
    Word{TdispErrorCode::invalid_interface, "INVALID_INTERFACE"},
    Word{TdispErrorCode::invalid_nonce, "INVALID_NONCE"},
    Word{TdispErrorCode::insufficient_entropy, "INSUFFICIENT_ENTROPY"},
    Word{TdispErrorCode::invalid_device_configuration, "INVALID_DEVICE_CONFIGURATION"},
};

// The requests that only read. All others, those of vendors among them, are for the manager of a guest that owns the interface.
constexpr std::array kReading{
    TdispCode::get_tdisp_version,
    TdispCode::get_tdisp_capabilities,
    TdispCode::get_device_interface_report,
    TdispCode::get_device_interface_state,
};

constexpr std::uint32_t kSegment = 0x00FF0000, kSegmentValid = 1U << 24;
constexpr std::uint64_t kPagesOfAddressSpace = std::uint64_t{1} << 52;

Writer begin(TdispCode code, FunctionId function) { return TdispHeader{.code = code, .function = function}.begin(); }

}  // namespace

std::string name(TdispCode code) {
  for (const Word<TdispCode>& row : kCodes)
    if (row.value == code) return std::string(row.name);
  return cat("0x", hex(static_cast<std::uint8_t>(code), 2));
}

std::string name(TdispErrorCode code) {
  for (const Word<TdispErrorCode>& row : kErrors)
    if (row.value == code) return std::string(row.name);
  return cat("0x", hex(static_cast<std::uint32_t>(code), 8));
}

std::string to_string(FunctionId id) {
  const std::uint16_t rid = id.requester_id();
  const std::string address = cat(hex(rid >> 8U, 2), ":", hex(rid >> 3U & 0x1F, 2), ".", rid & 7);
  return id.segment() ? cat(hex(*id.segment(), 4), ":", address) : address;
}

Writer TdispHeader::begin() const {
  // N350
  if (is_tdisp_request(code) && std::find(kReading.begin(), kReading.end(), code) == kReading.end())
    throw Error(ErrorId::internal, cat(name(code), " changes an interface, and is not written"));
  Writer writer;
  writer.u8(version).u8(static_cast<std::uint8_t>(code)).zeros(2).u32(function.value).zeros(8);
  return writer;
}

TdispHeader TdispHeader::decode(Reader& reader) {
  TdispHeader out;
  out.version = reader.u8("TDISPVersion");
  out.code = static_cast<TdispCode>(reader.u8("MessageType"));
  reader.skip(2, "reserved");
  out.function.value = reader.u32("FUNCTION_ID");
  // PCIe 11.3, FUNCTION_ID, N336: only with the valid bit is there a segment.
  if ((out.function.value & kSegmentValid) == 0 && (out.function.value & kSegment) != 0)
    reader.fail("FUNCTION_ID", cat("0x", hex(out.function.value, 8), " has a segment, and says that it is not valid"));
  reader.skip(8, "reserved");
  return out;
}

TdispHeader TdispHeader::decode(Reader& reader, const TdispHeader& request) {
  TdispHeader out = decode(reader);
  // PCIe 11.3, N337 to N339: what is told about another interface would be taken for this one's.
  if (out.version != kTdispVersion) reader.fail("TDISPVersion", cat(tdisp_version_name(out.version), ", asked in 1.0"));
  if (out.code != response_to(request.code) && out.code != TdispCode::tdisp_error)
    reader.fail("MessageType", cat(spdm::name(out.code), " does not answer ", spdm::name(request.code)));
  if (out.function != request.function)
    reader.fail("INTERFACE_ID", cat(to_string(out.function), ", asked about ", to_string(request.function)));
  return out;
}

std::string tdisp_version_name(std::uint8_t version) { return cat(version >> 4, ".", version & 0x0F); }

Bytes encode_tdisp(TdispQuestion question, FunctionId function) { return begin(static_cast<TdispCode>(question), function).take(); }

Bytes TdispVersions::encode(FunctionId function) const {
  return begin(TdispCode::tdisp_version, function).u8(versions.size()).bytes(versions).take();
}

TdispVersions TdispVersions::decode(Reader& reader) {
  const std::size_t count = reader.u8("VERSION_NUM_COUNT");
  if (count == 0) reader.fail("VERSION_NUM_COUNT", "0");  // PCIe 11.3, TDISP_VERSION, N342
  const TdispVersions out{.versions = to_bytes(reader.take(count, "VERSION_NUM_ENTRY"))};
  reader.assert_done();
  return out;
}

Bytes GetTdispCapabilities::encode(FunctionId function) const { return begin(TdispCode::get_tdisp_capabilities, function).u32(tsm).take(); }

GetTdispCapabilities GetTdispCapabilities::decode(Reader& reader) {
  const GetTdispCapabilities out{.tsm = reader.u32("TSM_CAPS")};
  reader.assert_done();
  return out;
}

bool TdispCapabilities::supports(TdispCode request) const {
  const unsigned bit = static_cast<std::uint8_t>(request) & 0x7FU;
  return is_tdisp_request(request) && (requests.at(bit / 8) >> bit % 8 & 1) != 0;
}

Bytes TdispCapabilities::encode(FunctionId function) const {
  Writer writer = begin(TdispCode::tdisp_capabilities, function);
  writer.u32(dsm).bytes(requests).u16(lock_flags).zeros(3).u8(address_width).u8(requests_this).u8(requests_all);
  return writer.take();
}

TdispCapabilities TdispCapabilities::decode(Reader& reader) {
  TdispCapabilities out;
  out.dsm = reader.u32("DSM_CAPS");
  out.requests = reader.block<16>("REQ_MSGS_SUPPORTED");
  out.lock_flags = reader.u16("LOCK_INTERFACE_FLAGS_SUPPORTED");
  reader.skip(3, "reserved");
  out.address_width = reader.u8("DEV_ADDR_WIDTH");
  out.requests_this = reader.u8("NUM_REQ_THIS");
  out.requests_all = reader.u8("NUM_REQ_ALL");
  reader.assert_done();
  return out;
}

Bytes DeviceInterfaceState::encode(FunctionId function) const {
  return begin(TdispCode::device_interface_state, function).u8(static_cast<std::uint8_t>(state)).take();
}

DeviceInterfaceState DeviceInterfaceState::decode(Reader& reader) {
  const std::uint8_t state = reader.u8("TDI_STATE");
  if (state >= kTdiStates.size()) reader.fail("TDI_STATE", cat(state, " is reserved"));  // PCIe 11.3, DEVICE_INTERFACE_STATE, N343
  reader.assert_done();
  return {.state = static_cast<TdiState>(state)};
}

Bytes GetDeviceInterfaceReport::encode(FunctionId function) const {
  return begin(TdispCode::get_device_interface_report, function).u16(offset).u16(length).take();
}

GetDeviceInterfaceReport GetDeviceInterfaceReport::decode(Reader& reader) {
  GetDeviceInterfaceReport out;
  out.offset = reader.u16("OFFSET");
  out.length = reader.u16("LENGTH");
  reader.assert_done();
  return out;
}

Bytes DeviceInterfaceReport::encode(FunctionId function) const {
  return begin(TdispCode::device_interface_report, function).u16(portion.size()).u16(remainder).bytes(portion).take();
}

DeviceInterfaceReport DeviceInterfaceReport::decode(Reader& reader) {
  DeviceInterfaceReport out;
  const std::size_t size = reader.u16("PORTION_LENGTH");
  out.remainder = reader.u16("REMAINDER_LENGTH");
  out.portion = to_bytes(reader.take(size, "REPORT_BYTES"));
  reader.assert_done();
  return out;
}

DeviceInterfaceReport DeviceInterfaceReport::decode(Reader& reader, const GetDeviceInterfaceReport& request) {
  DeviceInterfaceReport out = decode(reader);
  const std::size_t size = out.portion.size();
  // PCIe 11.3, DEVICE_INTERFACE_REPORT, N344, N345
  if (size == 0) reader.fail("PORTION_LENGTH", "0, no progress");
  if (size > request.length) reader.fail("PORTION_LENGTH", cat(size, ", at most ", request.length, " were asked for"));
  const std::size_t total = request.offset + size + out.remainder;
  if (total > 0xFFFF) reader.fail("REMAINDER_LENGTH", cat("a report of ", total, " bytes, an offset has 16 bits"));
  return out;
}

LockInterface LockInterface::decode(Reader& reader) {
  LockInterface out;
  out.flags = reader.u16("FLAGS");
  out.default_stream = reader.u8("default Stream ID");
  reader.skip(1, "reserved");
  out.mmio_reporting_offset = reader.u64("MMIO_REPORTING_OFFSET");
  out.p2p_address_mask = reader.u64("BIND_P2P_ADDRESS_MASK");
  reader.assert_done();
  return out;
}

Bytes LockInterfaceResponse::encode(FunctionId function) const {
  return begin(TdispCode::lock_interface_response, function).bytes(nonce).take();
}

LockInterfaceResponse LockInterfaceResponse::decode(Reader& reader) {
  const LockInterfaceResponse out{.nonce = reader.block<32>("START_INTERFACE_NONCE")};
  reader.assert_done();
  return out;
}

StartInterface StartInterface::decode(Reader& reader) {
  const StartInterface out{.nonce = reader.block<32>("START_INTERFACE_NONCE")};
  reader.assert_done();
  return out;
}

P2pStream P2pStream::decode(Reader& reader) {
  const P2pStream out{.stream = reader.u8("P2P_STREAM_ID")};
  reader.assert_done();
  return out;
}

void MmioRange::encode(Writer& writer) const { writer.u64(first_page).u32(pages).u16(attributes).u16(id); }

MmioRange MmioRange::decode(Reader& reader) {
  MmioRange out;
  out.first_page = reader.u64("MMIO_RANGE");
  out.pages = reader.u32("MMIO_RANGE");
  out.attributes = reader.u16("MMIO_RANGE");
  out.id = reader.u16("MMIO_RANGE");
  const auto where = [&] { return cat("id ", out.id, ", first page 0x", hex(out.first_page, 16), ": "); };
  // PCIe 11.3, MMIO ranges, N348, N349
  if (out.pages == 0) reader.fail("MMIO_RANGE", cat(where(), "no pages"));
  if (out.first_page > kPagesOfAddressSpace - out.pages)
    reader.fail("MMIO_RANGE", cat(where(), out.pages, " pages do not end within 64 bits of addresses"));
  return out;
}

SetMmioAttribute SetMmioAttribute::decode(Reader& reader) {
  const SetMmioAttribute out{.range = MmioRange::decode(reader)};
  reader.assert_done();
  return out;
}

Bytes encode_done(TdispCode request, FunctionId function) { return begin(response_to(request), function).take(); }

Bytes TdispError::encode(FunctionId function) const {
  return begin(TdispCode::tdisp_error, function).u32(static_cast<std::uint32_t>(code)).u32(data).bytes(extended).take();
}

TdispError TdispError::decode(Reader& reader) {
  TdispError out;
  out.code = static_cast<TdispErrorCode>(reader.u32("ERROR_CODE"));
  out.data = reader.u32("ERROR_DATA");
  out.extended = to_bytes(reader.take(reader.remaining(), "EXTENDED_ERROR_DATA"));
  return out;
}

}  // namespace spdm

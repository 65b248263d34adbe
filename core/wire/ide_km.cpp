#include "core/wire/ide_km.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kWord = 4;
constexpr std::size_t kKeySize = 32;
// Capability and control; up to 8 blocks of the link with 2 registers; up to 256 selective ones with 5, and 3 for each of up to 15
// associations with addresses (PCIe 7.9.26).
constexpr std::size_t kMinRegisters = 2, kMaxRegisters = 2 + 8 * 2 + 256 * (5 + 15 * 3);

constexpr std::array<std::string_view, 3> kSubStreams{"PR", "NPR", "CPL"};

void expect(Reader& reader, IdeKmObject object) {
  const std::uint8_t found = reader.u8("ObjectID");
  if (found != static_cast<std::uint8_t>(object)) reader.fail("ObjectID", cat(found, ", expected ", name(object)));
}

// KP_ACK, K_SET_GO, K_SET_STOP and K_GOSTOP_ACK have one layout; of the last three `status` is reserved.
Bytes encode_key_set(IdeKmObject object, std::uint8_t stream, std::uint8_t status, KeySubStream which, std::uint8_t port) {
  return Writer().u8(static_cast<std::uint8_t>(object)).zeros(2).u8(stream).u8(status).u8(which.value).u8(port).take();
}

// An answer names the key that it is about, N330, N331.
template <class Answer, class Request>
void expect_key(const Reader& reader, const Answer& answer, const Request& request) {
  if (answer.stream != request.stream) reader.fail("StreamID", cat(answer.stream, ", asked for ", request.stream));
  if (answer.which != request.which) reader.fail("KeySubStream", cat(to_string(answer.which), ", asked for ", to_string(request.which)));
  if (answer.port != request.port) reader.fail("PortIndex", cat(answer.port, ", asked for ", request.port));
}

// PCIe 6.33.3, N329: DW 7 of the key comes first, each DW little-endian; so AES takes each group of four bytes in reverse.
SecretBytes read_key(Reader& reader) {
  const View wire = reader.take(kKeySize, "Key");
  SecretBytes out(kKeySize);
  for (std::size_t i = 0; i < kKeySize; i += kWord) std::reverse_copy(wire.data() + i, wire.data() + i + kWord, out.writable().data() + i);
  return out;
}

}  // namespace

IdeKmObject ide_km_object_of(View message) {
  Reader reader(message, "IDE_KM");
  const std::uint8_t object = reader.u8("ObjectID");
  if (object >= kIdeKmObjects.size()) reader.fail("ObjectID", cat(object, " is reserved"));  // PCIe 6.33.3, N323
  return static_cast<IdeKmObject>(object);
}

std::optional<IdeKmObject> response_to(IdeKmObject request) {
  switch (request) {
    case IdeKmObject::query:
      return IdeKmObject::query_resp;
    case IdeKmObject::key_prog:
      return IdeKmObject::kp_ack;
    case IdeKmObject::k_set_go:
    case IdeKmObject::k_set_stop:
      return IdeKmObject::k_gostop_ack;
    default:
      return std::nullopt;
  }
}

std::string to_string(KeySubStream which) {
  const std::size_t sub = which.sub_stream();
  return cat(which.is_key_set_1() ? "K1" : "K0", which.is_tx() ? " TX " : " RX ",
             sub < kSubStreams.size() ? std::string(kSubStreams[sub]) : cat("sub-stream ", sub));
}

std::string status_name(std::uint8_t status) {
  if (status >= kKeyProgStatuses.size()) return cat("status ", status);
  return std::string(row_of(kKeyProgStatuses, static_cast<KeyProgStatus>(status)).name);
}

Bytes IdeKmQuery::encode() const { return Writer().u8(static_cast<std::uint8_t>(IdeKmObject::query)).zeros(1).u8(port).take(); }

IdeKmQuery IdeKmQuery::decode(Reader& reader) {
  expect(reader, IdeKmObject::query);
  reader.skip(1, "reserved");
  const IdeKmQuery out{.port = reader.u8("PortIndex")};
  reader.assert_done();
  return out;
}

Bytes IdeKmQueryResp::encode() const {
  Writer writer;
  writer.u8(static_cast<std::uint8_t>(IdeKmObject::query_resp)).zeros(1).u8(port).u8(device_function).u8(bus).u8(segment);
  return writer.u8(max_port).bytes(registers).take();
}

IdeKmQueryResp IdeKmQueryResp::decode(Reader& reader) {
  IdeKmQueryResp out;
  expect(reader, IdeKmObject::query_resp);
  reader.skip(1, "reserved");
  out.port = reader.u8("PortIndex");
  out.device_function = reader.u8("DevFuncNum");
  out.bus = reader.u8("BusNum");
  out.segment = reader.u8("Segment");
  out.max_port = reader.u8("MaxPortIndex");
  const std::size_t size = reader.remaining();
  // PCIe 6.33.3, N326, N327: a copy of whole registers, and of no more than there can be.
  if (size % kWord != 0) reader.fail("IDE registers", cat(size, " bytes, registers have ", kWord));
  if (size < kMinRegisters * kWord || size > kMaxRegisters * kWord)
    reader.fail("IDE registers", cat(size / kWord, " registers, ", kMinRegisters, " to ", kMaxRegisters, " are possible"));
  out.registers = to_bytes(reader.take(size, "IDE registers"));
  return out;
}

IdeKmQueryResp IdeKmQueryResp::decode(Reader& reader, const IdeKmQuery& request) {
  IdeKmQueryResp out = decode(reader);
  // PCIe 6.33.3, N328: registers of another port would be taken for those of this one.
  if (out.port != request.port) reader.fail("PortIndex", cat(out.port, ", asked for ", request.port));
  return out;
}

IdeKmKeyProg IdeKmKeyProg::decode(Reader& reader) {
  IdeKmKeyProg out;
  expect(reader, IdeKmObject::key_prog);
  reader.skip(2, "reserved");
  out.stream = reader.u8("StreamID");
  reader.skip(1, "reserved");
  out.which = {reader.u8("KeySubStream")};
  out.port = reader.u8("PortIndex");
  out.key = read_key(reader);
  const std::uint64_t high = reader.u32("IFV");  // DW 1 comes before DW 0
  out.ifv = high << 32 | reader.u32("IFV");
  reader.assert_done();
  return out;
}

Bytes IdeKmKeyProgAck::encode() const { return encode_key_set(IdeKmObject::kp_ack, stream, status, which, port); }

IdeKmKeyProgAck IdeKmKeyProgAck::decode(Reader& reader) {
  IdeKmKeyProgAck out;
  expect(reader, IdeKmObject::kp_ack);
  reader.skip(2, "reserved");
  out.stream = reader.u8("StreamID");
  out.status = reader.u8("Status");
  out.which = {reader.u8("KeySubStream")};
  out.port = reader.u8("PortIndex");
  reader.assert_done();
  return out;
}

IdeKmKeyProgAck IdeKmKeyProgAck::decode(Reader& reader, const IdeKmKeyProg& request) {
  const IdeKmKeyProgAck out = decode(reader);
  expect_key(reader, out, request);
  return out;
}

Bytes IdeKmKeySet::encode_ack() const { return encode_key_set(IdeKmObject::k_gostop_ack, stream, 0, which, port); }

IdeKmKeySet IdeKmKeySet::decode(Reader& reader) {
  IdeKmKeySet out;
  const std::uint8_t object = reader.u8("ObjectID");
  if (object < static_cast<std::uint8_t>(IdeKmObject::k_set_go) || object > static_cast<std::uint8_t>(IdeKmObject::k_gostop_ack))
    reader.fail("ObjectID", cat(object, ", expected K_SET_GO, K_SET_STOP or K_GOSTOP_ACK"));
  out.object = static_cast<IdeKmObject>(object);
  reader.skip(2, "reserved");
  out.stream = reader.u8("StreamID");
  reader.skip(1, "reserved");
  out.which = {reader.u8("KeySubStream")};
  out.port = reader.u8("PortIndex");
  reader.assert_done();
  return out;
}

IdeKmKeySet IdeKmKeySet::decode(Reader& reader, const IdeKmKeySet& request) {
  const IdeKmKeySet out = decode(reader);
  if (out.object != IdeKmObject::k_gostop_ack) reader.fail("ObjectID", cat(name(out.object), " does not answer ", name(request.object)));
  expect_key(reader, out, request);
  return out;
}

}  // namespace spdm

// IDE_KM, TDISP and the report of a device interface. Input: which, the request behind its length, and what answers it; of a report only
// that.
#include <array>
#include <optional>

#include "core/wire/ide_km.h"
#include "core/wire/ide_registers.h"
#include "core/wire/interface_report.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

// What was decoded can be encoded, and that is decoded to the same.
void report(View, View bytes) {
  const InterfaceReport in = decode_interface_report(bytes);
  for (const MmioRange& range : in.ranges)
    fuzz::require(range.pages != 0 && (range.first_page + range.pages - 1) >> 52 == 0 && range.first_page >> 52 == 0);
  const Bytes again = in.encode();
  fuzz::require(again.size() == bytes.size() && decode_interface_report(again).encode() == again);
}

void query(View request, View bytes) {
  Reader asked(request, "QUERY"), reader(bytes, "QUERY_RESP");
  const IdeKmQuery sent = IdeKmQuery::decode(asked);
  const IdeKmQueryResp in = IdeKmQueryResp::decode(reader, sent);
  const Bytes again = in.encode();
  Reader second(again, "encoded again");
  fuzz::require(again.size() == bytes.size() && IdeKmQueryResp::decode(second, sent).encode() == again);
  const IdeRegisters registers = decode_ide_registers(in.registers);
  fuzz::require(registers.streams.size() == registers.link_streams() + registers.selective_streams());
  fuzz::require(registers.surplus % 4 == 0 && registers.surplus < in.registers.size());
  fuzz::require(differences(registers, registers).empty());
  for (const IdeStream& stream : registers.streams) to_string(stream);
}

void keys(View request, View bytes) {
  Reader asked(request, "KEY_PROG"), reader(bytes, "KP_ACK");
  const IdeKmKeyProg sent = IdeKmKeyProg::decode(asked);
  fuzz::require(sent.key.size() == 32);
  to_string(sent.which);
  const IdeKmKeyProgAck ack = IdeKmKeyProgAck::decode(reader, sent);
  fuzz::require(!status_name(ack.status).empty() && ack.encode().size() == bytes.size());
}

void key_sets(View request, View bytes) {
  Reader asked(request, "K_SET_GO"), reader(bytes, "K_GOSTOP_ACK");
  const IdeKmKeySet sent = IdeKmKeySet::decode(asked);
  fuzz::require(IdeKmKeySet::decode(reader, sent).encode_ack().size() == bytes.size());
  fuzz::require(response_to(ide_km_object_of(bytes)) == std::nullopt);
}

template <class Body>
void same_again(Reader& reader, FunctionId function) {
  const Bytes again = Body::decode(reader).encode(function);
  Reader second(again, "encoded again");
  TdispHeader::decode(second);
  fuzz::require(Body::decode(second).encode(function) == again);
}

void answer(const TdispHeader& header, Reader& reader, Reader& asked) {
  switch (header.code) {
    case TdispCode::tdisp_version:
      return same_again<TdispVersions>(reader, header.function);
    case TdispCode::tdisp_capabilities:
      return same_again<TdispCapabilities>(reader, header.function);
    case TdispCode::lock_interface_response:
      LockInterface::decode(asked);
      return same_again<LockInterfaceResponse>(reader, header.function);
    case TdispCode::device_interface_report: {
      const GetDeviceInterfaceReport wanted = GetDeviceInterfaceReport::decode(asked);
      const DeviceInterfaceReport in = DeviceInterfaceReport::decode(reader, wanted);
      fuzz::require(!in.portion.empty() && in.portion.size() <= wanted.length);
      fuzz::require(wanted.offset + in.portion.size() + in.remainder <= kMaxInterfaceReport);
      return;
    }
    case TdispCode::device_interface_state:
      return same_again<DeviceInterfaceState>(reader, header.function);
    case TdispCode::start_interface_response:
      StartInterface::decode(asked);
      return reader.assert_done();
    case TdispCode::bind_p2p_stream_response:
    case TdispCode::unbind_p2p_stream_response:
      P2pStream::decode(asked);
      return reader.assert_done();
    case TdispCode::set_mmio_attribute_response:
      SetMmioAttribute::decode(asked);
      return reader.assert_done();
    case TdispCode::tdisp_error:
      return same_again<TdispError>(reader, header.function);
    default:
      return;
  }
}

void tdisp(View request, View bytes) {
  Reader asked(request, "TDISP request"), reader(bytes, "TDISP response");
  const TdispHeader sent = TdispHeader::decode(asked);
  const TdispHeader header = TdispHeader::decode(reader, sent);
  fuzz::require(header.function == sent.function && !name(header.code).empty() && !to_string(header.function).empty());
  answer(header, reader, asked);
}

constexpr std::array kMessages{&report, &query, &keys, &key_sets, &tdisp};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    const auto message = fuzz::pick(kMessages, reader.u8("message"));
    const View request = reader.take(reader.u8("request size"), "request");
    message(request, reader.rest());
  });
}

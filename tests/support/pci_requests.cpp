#include "support/pci_requests.h"

namespace pci_requests {

using namespace spdm;

namespace {

Bytes key_set(IdeKmObject object, std::uint8_t stream, KeySubStream which, std::uint8_t port) {
  return Writer().u8(static_cast<std::uint8_t>(object)).zeros(2).u8(stream).zeros(1).u8(which.value).u8(port).take();
}

// TdispHeader writes none of these.
Writer begin(TdispCode code, FunctionId function) {
  Writer writer;
  writer.u8(kTdispVersion).u8(static_cast<std::uint8_t>(code)).zeros(2).u32(function.value).zeros(8);
  return writer;
}

}  // namespace

Bytes key_prog(std::uint8_t stream, KeySubStream which, std::uint8_t port, View key, std::uint64_t ifv) {
  Bytes out = key_set(IdeKmObject::key_prog, stream, which, port);
  // Byte 4 * i + j of the message is byte 4 * i + 3 - j of the key: DW 7 comes first, each of them little-endian.
  for (std::size_t i = 0; i < key.size(); ++i) out.push_back(key[i - i % 4 + 3 - i % 4]);
  append(out, Writer().u32(ifv >> 32).u32(ifv & 0xFFFFFFFF).take());
  return out;
}

Bytes k_set_go(std::uint8_t stream, KeySubStream which, std::uint8_t port) { return key_set(IdeKmObject::k_set_go, stream, which, port); }

Bytes k_set_stop(std::uint8_t stream, KeySubStream which, std::uint8_t port) {
  return key_set(IdeKmObject::k_set_stop, stream, which, port);
}

Bytes lock_interface(FunctionId function, const LockInterface& lock) {
  Writer writer = begin(TdispCode::lock_interface_request, function);
  writer.u16(lock.flags).u8(lock.default_stream).zeros(1).u64(lock.mmio_reporting_offset).u64(lock.p2p_address_mask);
  return writer.take();
}

Bytes start_interface(FunctionId function, const Block<32>& nonce) {
  return begin(TdispCode::start_interface_request, function).bytes(nonce).take();
}

Bytes stop_interface(FunctionId function) { return begin(TdispCode::stop_interface_request, function).take(); }

Bytes bind_p2p_stream(FunctionId function, std::uint8_t stream) {
  return begin(TdispCode::bind_p2p_stream_request, function).u8(stream).take();
}

Bytes unbind_p2p_stream(FunctionId function, std::uint8_t stream) {
  return begin(TdispCode::unbind_p2p_stream_request, function).u8(stream).take();
}

Bytes set_mmio_attribute(FunctionId function, const MmioRange& range) {
  Writer writer = begin(TdispCode::set_mmio_attribute_request, function);
  range.encode(writer);
  return writer.take();
}

}  // namespace pci_requests

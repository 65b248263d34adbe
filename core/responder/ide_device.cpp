#include "core/responder/ide_device.h"

#include <algorithm>

namespace spdm {

namespace {

// KEY_PROG: ObjectID, 2 reserved, StreamID, reserved, KeySubStream, PortIndex, key, IFV.
constexpr std::size_t kKeyProgSize = 47;

// Where the registers of a stream begin with its control register; the status register follows.
template <class Visit>
void for_each_control(const Bytes& registers, Visit visit) {
  std::size_t at = 8;  // behind the registers for capability and control
  for (const IdeStream& stream : decode_ide_registers(registers).streams) {
    visit(stream, stream.is_selective ? at + 4 : at);
    at += stream.is_selective ? 20 + 12 * stream.addresses.size() : 8;
  }
}

}  // namespace

void IdeDevice::Stream::forget(std::size_t index) {
  std::ranges::fill(secret(index), std::uint8_t{0});
  keys.at(index) = {};
}

bool IdeDevice::Stream::has_any_key() const {
  return std::ranges::any_of(keys, [](const Key& key) { return key.is_there; });
}

bool IdeDevice::Stream::has_all_keys() const {
  for (std::size_t i = 0; i < kKeys; i += 2)
    if (!keys.at(i).is_there && !keys.at(i + 1).is_there) return false;
  return true;
}

bool IdeDevice::Stream::is_secure() const {
  for (std::size_t i = 0; i < kKeys; i += 2)
    if (!keys.at(i).goes && !keys.at(i + 1).goes) return false;
  return true;
}

// The two key sets of one direction and sub-stream lie side by side.
std::size_t IdeDevice::index_of(KeySubStream which) {
  return std::size_t{which.sub_stream()} * 4 + (which.is_tx() ? 2 : 0) + (which.is_key_set_1() ? 1 : 0);
}

Bytes IdeDevice::answer(View message, std::uint32_t session) {
  switch (ide_km_object_of(message)) {
    case IdeKmObject::query:
      return query(message);
    case IdeKmObject::key_prog:
      return program(message, session);
    case IdeKmObject::k_set_go:
    case IdeKmObject::k_set_stop:
      return set_key(message, session);
    default:
      malformed("IDE_KM", "ObjectID", "is that of a response");
  }
}

Bytes IdeDevice::query(View message) const {
  Reader reader(message, "QUERY");
  const IdeKmQuery request = IdeKmQuery::decode(reader);
  if (request.port >= profile_.ports.size()) reader.fail("PortIndex", "above MaxPortIndex");
  const DevicePort& port = profile_.ports[request.port];
  IdeKmQueryResp out;
  out.port = request.port;
  out.device_function = port.device_function;
  out.bus = port.bus;
  out.segment = port.segment;
  out.max_port = static_cast<std::uint8_t>(profile_.ports.size() - 1);
  out.registers = registers(request.port);
  return out.encode();
}

// What is wrong with KEY_PROG, its length included, is a status of KP_ACK.
Bytes IdeDevice::program(View message, std::uint32_t session) {
  const auto byte = [&](std::size_t at) { return at < message.size() ? message[at] : std::uint8_t{0}; };
  IdeKmKeyProgAck ack;
  ack.stream = byte(3);
  ack.which = {byte(5)};
  ack.port = byte(6);
  KeyProgStatus status = KeyProgStatus::incorrect_length;
  if (message.size() == kKeyProgSize) {
    Reader reader(message, "KEY_PROG");
    status = program(IdeKmKeyProg::decode(reader), session);
  }
  ack.status = static_cast<std::uint8_t>(status);
  return ack.encode();
}

KeyProgStatus IdeDevice::program(const IdeKmKeyProg& request, std::uint32_t session) {
  if (request.port >= profile_.ports.size()) return KeyProgStatus::unsupported_port;
  const std::optional<IdeStream> block = block_of(request.stream);
  if (!request.which.is_known() || !block) return KeyProgStatus::unsupported_value;
  Stream* stream = find(request.port, request.stream);
  if (stream == nullptr) {
    // What the profile has as secure is somebody else's.
    if (block->is_secure() || streams_.size() >= kMost) return KeyProgStatus::unspecified;
    stream = &streams_.emplace_back();
    stream->port = request.port;
    stream->id = request.stream;
  }
  if (!stream->has_any_key()) stream->session = session;
  const std::size_t index = index_of(request.which);
  // A key that goes is not replaced: that is what the other key set is for.
  if (stream->session != session || stream->keys.at(index).goes) return KeyProgStatus::unspecified;
  std::ranges::copy(request.key.view(), stream->secret(index).begin());
  stream->keys.at(index) = {.is_there = true, .ifv = request.ifv};
  return KeyProgStatus::success;
}

// K_SET_GO and K_SET_STOP. Their acknowledgement has no status.
Bytes IdeDevice::set_key(View message, std::uint32_t session) {
  Reader reader(message, "K_SET_GO or K_SET_STOP");
  const IdeKmKeySet request = IdeKmKeySet::decode(reader);
  if (request.port >= profile_.ports.size()) reader.fail("PortIndex", "above MaxPortIndex");
  if (!request.which.is_known()) reader.fail("KeySubStream", "there is none");
  Stream* stream = find(request.port, request.stream);
  if (stream == nullptr || stream->session != session) reader.fail("StreamID", "none of its keys was programmed in this session");
  const std::size_t index = index_of(request.which);
  if (request.object == IdeKmObject::k_set_stop)
    stream->forget(index);
  else if (stream->keys.at(index).is_there)
    stream->keys.at(index).goes = true;
  else
    reader.fail("KeySubStream", "it has no key");
  return request.encode_ack();
}

void IdeDevice::end(std::uint32_t session) {
  std::erase_if(streams_, [&](const Stream& stream) { return stream.session == session; });
}

bool IdeDevice::has_keys(std::uint8_t stream, std::uint32_t session) const {
  const std::optional<IdeStream> block = block_of(stream);
  const auto keyed = [&](const Stream& one) { return one.id == stream && one.session == session && one.has_all_keys(); };
  return block && block->is_selective && std::ranges::any_of(streams_, keyed);
}

View IdeDevice::key(std::uint8_t port, std::uint8_t stream, KeySubStream which) const {
  const Stream* found = find(port, stream);
  const std::size_t index = index_of(which);
  if (found == nullptr || !found->keys.at(index).is_there) return {};
  return found->secrets.view().subspan(index * kKeySize, kKeySize);
}

std::uint64_t IdeDevice::ifv(std::uint8_t port, std::uint8_t stream, KeySubStream which) const {
  const Stream* found = find(port, stream);
  return found == nullptr ? 0 : found->keys.at(index_of(which)).ifv;
}

// Nobody can write the configuration space of an emulated device: a stream whose keys all go is enabled and secure, and one that has lost
// some is neither.
Bytes IdeDevice::registers(std::uint8_t port) const {
  Bytes out = profile_.registers;
  for_each_control(profile_.registers, [&](const IdeStream& registers, std::size_t at) {
    const Stream* stream = find(port, registers.id());
    if (stream == nullptr) return;
    const bool is_secure = stream->is_secure();
    out[at] = static_cast<std::uint8_t>((out[at] & ~1U) | (is_secure ? 1U : 0U));
    out[at + 4] = static_cast<std::uint8_t>((out[at + 4] & ~0xFU) | (is_secure ? 2U : 0U));
  });
  return out;
}

std::optional<IdeStream> IdeDevice::block_of(std::uint8_t stream) const {
  for (const IdeStream& block : decode_ide_registers(profile_.registers).streams)
    if (block.id() == stream) return block;
  return std::nullopt;
}

IdeDevice::Stream* IdeDevice::find(std::uint8_t port, std::uint8_t id) {
  const auto it = std::ranges::find_if(streams_, [&](const Stream& one) { return one.port == port && one.id == id; });
  return it == streams_.end() ? nullptr : &*it;
}

const IdeDevice::Stream* IdeDevice::find(std::uint8_t port, std::uint8_t id) const {
  const auto it = std::ranges::find_if(streams_, [&](const Stream& one) { return one.port == port && one.id == id; });
  return it == streams_.end() ? nullptr : &*it;
}

}  // namespace spdm

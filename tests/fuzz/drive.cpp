// The emulated drive: no command makes it throw, none gives more than was asked for, and a refused one changes nothing. Without
// cryptography (null_crypto.cpp). And what stands around a message inside of a secured message of a drive.
// Input: a byte that says what the drive is like, then commands: a byte (bit 7: it sends), the protocol, what is specific to it in two
// bytes, a size in two, and as many bytes of data where it sends. With bit 7 of the first byte set: what was in a secured message.
#include <algorithm>

#include "core/session/storage_envelope.h"
#include "tests/fuzz/fuzz.h"
#include "transport/emulated/drive.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

constexpr std::size_t kCommands = 64;

DeviceProfile device(std::uint8_t kind) {
  DeviceProfile out;
  out.measurements = {{1, MeasurementType::immutable_rom, false, Bytes(20, 1), {}, {}}};
  if ((kind & 0x01) != 0) {
    out.sessions.emplace();
    out.sessions->psk.push_back({Bytes{1}, std::make_shared<const SecretBytes>(SecretBytes(16))});
  }
  out.storage.stale_tail = (kind & 0x02) != 0;
  if ((kind & 0x04) != 0) out.storage.waiting = Bytes(100, 7);
  out.storage.not_ready = (kind >> 3) & 1U;
  out.storage.empty = (kind & 0x10) != 0;
  out.storage.connections = static_cast<std::uint8_t>(1 + ((kind >> 5) & 3U));
  return out;
}

std::uint32_t waiting(EmulatedDrive& drive, unsigned connection) {
  const DriveReply reply = drive.receive(kProtocolSpdm, protocol_specific(StorageOperation::pending_info, connection), 12);
  return reply.status == 0 ? PendingInfo::decode(reply.data, ByteOrder::little).length : 0;
}

void command(EmulatedDrive& drive, Reader& reader) {
  const bool sends = (reader.u8("command") & 0x80) != 0;
  const std::uint8_t protocol = reader.u8("protocol");
  const std::uint16_t specific = reader.u16("specific"), size = reader.u16("size");
  const std::uint32_t before = waiting(drive, specific);
  const auto run = [&]() noexcept {
    if (sends) return drive.send(protocol, specific, reader.rest().first(std::min<std::size_t>(reader.remaining(), size)));
    return drive.receive(protocol, specific, size);
  };
  const DriveReply reply = run();
  if (sends) reader.skip(std::min<std::size_t>(reader.remaining(), size), "data");
  fuzz::require(reply.data.size() <= (sends ? 0U : size));
  if (reply.status != 0) fuzz::require(reply.data.empty() && waiting(drive, specific) == before);
}

void envelope(View application) {
  fuzz::require(equal(take_from_envelope(put_in_envelope(application)), application));
  const Bytes message = take_from_envelope(application);
  fuzz::require(message.empty() ||
                std::search(application.begin(), application.end(), message.begin(), message.end()) != application.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    const std::uint8_t kind = reader.u8("kind");
    if ((kind & 0x80) != 0) return envelope(reader.rest());
    EmulatedDrive drive(std::make_shared<const DeviceProfile>(device(kind)));
    for (std::size_t i = 0; i < kCommands && reader.remaining() > 0; ++i) command(drive, reader);
  });
}

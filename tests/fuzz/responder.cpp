// The emulated device, outside of sessions and inside: no request makes it throw, and each has one answer of its kind. Without
// cryptography (null_crypto.cpp) records are in the clear and all verify data is right, so that sessions come about by mutation.
// Input: four bytes that say what the device is like, then messages: a byte for where it comes (bits 0 and 1; from 2 on: in a session,
// bits 2 and 3: which one), its length in two bytes, and itself.
#include "core/responder/responder.h"

#include <array>
#include <utility>

#include "core/session/secured_record.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

constexpr std::size_t kMessages = 64;

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kFaults{{
    {"any", "delay 0"},
    {"any", "bad-tag"},
    {"any", "cut-record 7"},
    {"DIGESTS", "in-clear"},
    {"MEASUREMENTS", "drop-session"},
    {"KEY_UPDATE_ACK", "old-key"},
    {"ENCAPSULATED_RESPONSE_ACK", "ask-again"},
    {"FINISH_RSP", "not-ready 1 2"},
    {"QUERY_RESP", "append 00"},
    {"DEVICE_INTERFACE_REPORT", "tdisp-error BUSY"},
    {"ENCAPSULATED_REQUEST", "event-gap"},
    {"ENCAPSULATED_RESPONSE_ACK", "event-again"},
}};
constexpr std::array kBindings{Binding::none, Binding::doe, Binding::tcp};

DeviceProfile device(Reader& reader) {
  const std::uint8_t kind = reader.u8("kind"), more = reader.u8("more"), fault = reader.u8("fault");
  DeviceProfile out;
  for (const std::uint8_t id : std::array<std::uint8_t, 3>{0, 1, 4}) {
    DeviceSlot& slot = out.slots.emplace_back();
    slot.id = id;
    slot.key = crypto::PrivateKey::from_file_bytes(Bytes{0x30, 0x03, 0x30, 0x01, 0x00}, "key");
    slot.certificates = {Bytes(40, 0x30), Bytes(50, 0x31)};
    slot.key_usage |= key_usage::key_ex;
    slot.multi_key_only = id == 4;
  }
  out.measurements = {{1, MeasurementType::immutable_rom, false, Bytes(20, 1), {}, {}}};
  out.log = {{1, 0x89, Bytes(30, 2)}};
  out.endpoint_info = Bytes(12, 3);
  out.vendor_replies = {{3, {0x36, 0x1B}, {}, {}}};
  if ((kind & 0x40) != 0) out.data_transfer_size = 64;
  out.sessions.emplace();
  DeviceSessions& sessions = *out.sessions;
  sessions.psk.push_back({Bytes{1}, std::make_shared<const SecretBytes>(SecretBytes(16))});
  sessions.mutual_auth = kMutualAuths.at(kind & 0x03).value;
  sessions.requester_chain = {Bytes(20, 0x30)};
  sessions.handshake_in_the_clear = (kind & 0x04) != 0;
  sessions.psk_context = (kind & 0x08) != 0;
  sessions.basic_mutual_auth = (kind & 0x10) != 0;
  sessions.required = (kind & 0x20) != 0;
  sessions.key_updates = (kind & 0x80) != 0 ? KeyUpdates::both : KeyUpdates::requester;
  sessions.encrypt = (more & 0x01) == 0;
  out.ide.emplace();
  out.ide->registers = IdeLayout{.link_streams = 1, .selective_streams = 2}.registers();
  out.tdisp.emplace();
  out.tdisp->lock_flags |= lock_flag::bind_p2p;
  out.tdisp->report.ranges.front().attributes = 1U << 3;  // updatable
  sessions.heartbeat_period = (more & 0x02) != 0 ? 200 : 0;
  if ((more & 0x04) != 0)
    sessions.events = DeviceEvents{.types = {},
                                   .happen = {{.after = 0, .type = EventType::measurement_changed, .places = {1}, .value = Bytes(20, 4)},
                                              {.after = 1, .type = EventType::event_lost, .places = {}, .value = {}}}};
  const auto& [on, action] = fuzz::pick(kFaults, fault);
  out.faults = {parse_fault(on, action)};
  if (out.faults.front().kind == FaultKind::not_ready) out.faults.front().times = 1;
  return out;
}

class Requester {
 public:
  explicit Requester(Reader& reader)
      : binding_(fuzz::pick(kBindings, reader.u8("binding"))), responder_(std::make_shared<const DeviceProfile>(device(reader))) {
    responder_.carry(binding_);
  }

  void send(Reader& reader) {
    const std::uint8_t where = reader.u8("where");
    const View message = reader.take(reader.u16("size"), "message");
    if ((where & 0x03) == 0) {
      const Reply reply = responder_.respond(message);
      fuzz::require(!reply.secured && reply.bytes.size() >= kHeaderSize);
      return;
    }
    if ((where & 0x03) == 1) {
      (void)responder_.respond_secured(message);
      return;
    }
    // As the device numbers its sessions; ours is always 1.
    const std::uint32_t id = session_id(1, static_cast<std::uint16_t>(0xFFFF - (where >> 2 & 0x03)));
    RecordKeys keys{SecretBytes(32), SecretBytes(kAeadIvSize), 0};
    const Bytes record = seal_record({binding_, id, (where & 0x10) == 0, find_aead("AES-256-GCM")}, keys, message);
    const Reply reply = responder_.respond_secured(record);
    fuzz::require(reply.secured || reply.bytes.size() >= kHeaderSize);
  }

 private:
  Binding binding_;
  Responder responder_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "input");
    Requester requester(reader);
    for (std::size_t i = 0; i < kMessages && reader.remaining() > 0; ++i) requester.send(reader);
  });
}

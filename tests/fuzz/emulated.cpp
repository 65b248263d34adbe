#include "tests/fuzz/emulated.h"

#include <algorithm>

#include "core/wire/version.h"

using namespace spdm;

namespace fuzz {

namespace {

constexpr std::array kVersions{k11, k12, k13, k14};
constexpr std::array kBindings{Binding::none, Binding::mctp, Binding::doe, Binding::tcp};
constexpr std::array kMutual{MutualAuth::none, MutualAuth::optimized, MutualAuth::encapsulated, MutualAuth::digests};

// A chain, which is its own leaf and its own key.
Bytes chain(std::uint8_t of) { return Bytes(40, of); }
crypto::PrivateKey key(std::uint8_t of) { return crypto::PrivateKey::from_file_bytes(chain(of), "key"); }

DeviceProfile plain_device(std::uint8_t slot) {
  DeviceProfile out;
  DeviceSlot& only = out.slots.emplace_back();
  only.id = slot;
  only.key = key(0x30);
  only.key_usage |= key_usage::key_ex;
  if (slot != kProvisionedKey) only.certificates = {chain(0x30)};
  out.asym = {find_asym("ECDSA-P384")};
  out.hash = {find_hash("SHA-384")};
  out.measurements = {{1, MeasurementType::immutable_rom, false, Bytes(8, 1), {}, {}}};
  return out;
}

// Of any session: what they are does not matter.
RecordKeys& any_keys(std::uint64_t number) {
  static RecordKeys keys{SecretBytes(32), SecretBytes(kAeadIvSize), 0};
  keys.next = number;
  return keys;
}

SecretBytes psk() { return SecretBytes::take(Bytes(16, 7)); }

}  // namespace

Setup::Setup(Reader& reader) {
  const std::uint8_t first = reader.u8("version and kind"), second = reader.u8("session"), third = reader.u8("requester"),
                     algorithms = reader.u8("algorithms"), size = reader.u8("size");
  version = pick(kVersions, first & 3);
  binding = pick(kBindings, first >> 2 & 3);
  by_psk = (first & 0x10) != 0;
  slot = (first & 0x20) != 0 ? kProvisionedKey : std::uint8_t{0};
  encrypts = (first & 0x40) == 0;
  const bool in_clear = (first & 0x80) != 0;
  // Small ones, so that messages come in chunks.
  if (size != 0) room = kMinDataTransferSize + size;

  device = plain_device(slot);
  device.versions = {version};
  device.data_transfer_size = static_cast<std::uint32_t>(room);
  DeviceSessions& sessions = device.sessions.emplace();
  sessions.mutual_auth = pick(kMutual, second & 3);
  sessions.psk_context = (second & 4) == 0;
  sessions.key_updates = (second & 8) != 0 ? KeyUpdates::both : KeyUpdates::requester;
  sessions.heartbeat_period = (second & 0x10) != 0 ? 60 : 0;
  sessions.basic_mutual_auth = (second & 0x20) != 0;
  sessions.required = (second & 0x40) != 0;
  sessions.encrypt = encrypts;
  sessions.handshake_in_the_clear = in_clear;
  sessions.by_key_exchange = !by_psk;
  if (by_psk) sessions.psk.push_back({Bytes{1}, std::make_shared<const SecretBytes>(psk())});
  sessions.key_exchange = {&pick(key_exchange_algorithms(), algorithms & 0x0F)};
  sessions.aead = {&pick(aead_algorithms(), algorithms >> 4 & 3)};
  sessions.requester_asym = {find_asym("ECDSA-P384")};
  sessions.requester_chain = {chain(0x40)};
  sessions.requester_key = chain(0x40);

  if (by_psk) options.psk = psk();
  options.mac_only = !encrypts;
  options.handshake_in_the_clear = in_clear;
  options.exercise = (third & 1) != 0;
  options.multi_key = (third & 2) != 0;
  options.keep_records = (third & 4) != 0;
  options.summary = (third & 8) != 0 ? Summary::all : Summary::none;
  challenges = (third & 0x40) != 0;
  const bool has_chain = (third & 0x10) != 0, has_key = (third & 0x20) != 0;
  if (has_chain) options.identity = RequesterIdentity::with_chain(chain(0x40), "chain", key(0x40));
  if (has_key && !has_chain) options.identity = RequesterIdentity::with_key(key(0x40));

  // Only what an answer asks for takes time: Busy and ResponseNotReady.
  limits.exchange = std::chrono::milliseconds(2);
  limits.busy_retries = 2;
  limits.messages = 400;
  limits.bytes = std::size_t{1} << 18;
}

EmulatedLink::EmulatedLink(const Setup& setup)
    : binding_(setup.binding), room_(setup.room), encrypts_(setup.encrypts), device_(std::make_shared<const DeviceProfile>(setup.device)) {
  device_.carry(binding_);
}

Bytes EmulatedLink::exchange(View request, Clock::time_point) { return pass(request, false).bytes; }

SecuredReply EmulatedLink::exchange_secured(View record, Clock::time_point) {
  ++records;
  return pass(record, true);
}

SecuredReply EmulatedLink::ask_device(View bytes, bool secured) {
  // No request may make it throw.
  const auto answer = [&]() noexcept { return secured ? device_.respond_secured(bytes) : device_.respond(bytes); };
  Reply reply = answer();
  if (reply.action != Reply::Action::answer) throw Error(ErrorId::io, "the device says nothing");
  return {reply.secured, std::move(reply.bytes)};
}

std::uint16_t EmulatedLink::number_of(View record) const {
  constexpr std::size_t kNumberAt = 4;
  const bool has_one = binding_ == Binding::mctp && record.size() >= kNumberAt + 2;
  return has_one ? Reader(record.subspan(kNumberAt), "record").u16("number") : std::uint16_t{0};
}

RecordShape EmulatedLink::shape(View record) const { return {binding_, record_session_id(record), encrypts_, &aead_algorithms().front()}; }

Bytes EmulatedLink::message_in(View record) const { return open_record(shape(record), any_keys(number_of(record)), record); }

Bytes EmulatedLink::record_like(View record, std::uint64_t number, View message) const {
  return seal_record(shape(record), any_keys(number), message);
}

void negotiate(Requester& requester, const Setup& setup, const SessionOpener& opener) {
  requester.reserve_for_session();
  requester.ask(GetVersion{}.encode());
  GetCapabilities capabilities;
  if (setup.version >= k12) capabilities.capabilities.flags |= cap::chunk;
  if (setup.version >= k14) capabilities.capabilities.flags |= cap::large_resp;
  capabilities.capabilities.flags |= opener.capability_flags(setup.version);
  capabilities.capabilities.data_transfer_size = requester.data_transfer_size();
  capabilities.capabilities.max_message_size = requester.limits().max_message;
  requester.ask(capabilities.encode(setup.version));
  NegotiateAlgorithms offer;
  offer.base_asym = find_asym("ECDSA-P384")->bit;
  offer.base_hash = find_hash("SHA-384")->bit;
  if (setup.version >= k12) offer.other_params = other_params::opaque_fmt1;
  opener.offer(offer, setup.version);
  requester.ask(offer.encode(setup.version));
  if (setup.slot == kProvisionedKey) return requester.provision(setup.device.slots.front().key->public_spki());
  requester.ask(begin(setup.version, Code::get_digests).take());
  GetCertificate request;
  request.large = requester.connection().parameters().large_certificates();
  request.length = 1024;
  const ChainReader& chain = requester.connection().chain(setup.slot);
  do {
    request.offset = chain.size();
    requester.ask(request.encode(setup.version));
  } while (!chain.complete());
}

void challenge(Requester& requester, const Setup& setup, const SessionOpener& opener) {
  const Challenge request{.slot = setup.slot, .summary = Summary::none, .nonce = {}, .context = {}};
  requester.ask(request.encode(setup.version));
  if (requester.connection().challenges().back().response.basic_mut_auth) opener.authenticate_requester(requester);
}

}  // namespace fuzz

// Secured messages, with real cryptography: what was not sealed for a place is never opened there, what is refused ends the session,
// and numbers rise by one. Input: bit 0 of the first byte says which of the two:
// - keys, and a record that may be sealed with them: binding, algorithm (0x80: not encrypted), session, next number, key, IV, record.
// - steps of a session, each with bytes: the target seals for one side, changes what it has sealed, and opens it for the other.
#include <algorithm>

#include "core/crypto/aead.h"
#include "core/session/secured_session.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;

namespace {

constexpr std::array kBindings{Binding::none, Binding::mctp, Binding::doe, Binding::tcp, Binding::storage};
constexpr std::size_t kSteps = 32;

// Whether it throws Error. No other exception may come.
template <class F>
bool refuses(F action) {
  try {
    action();
    return false;
  } catch (const Error&) {
    return true;
  }
}

RecordShape read_shape(Reader& reader) {
  RecordShape out;
  out.binding = fuzz::pick(kBindings, reader.u8("binding"));
  const std::uint8_t algorithm = reader.u8("algorithm");
  constexpr std::array names{"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
  out.aead = find_aead(fuzz::pick(names, algorithm & 0x7F));
  out.encrypted = (algorithm & 0x80) == 0;
  out.session_id = reader.u32("session");
  return out;
}

// Only the zeros that the binding may add are no change.
bool is_padding_of(View longer, View record, Binding binding) {
  if (longer.size() < record.size() || longer.size() - record.size() > padding_allowed(binding)) return false;
  const View more = longer.subspan(record.size());
  return equal(longer.first(record.size()), record) && std::all_of(more.begin(), more.end(), [](std::uint8_t byte) { return byte == 0; });
}

// A record under keys of the input, such as those of a recorded session.
void one_record(Reader& reader) {
  const RecordShape shape = read_shape(reader);
  const std::uint64_t number = reader.u64("number");
  const View key = reader.take(shape.aead->key_size, "key"), iv = reader.take(kAeadIvSize, "IV");
  const auto keys = [&] { return RecordKeys{SecretBytes::take(to_bytes(key)), SecretBytes::take(to_bytes(iv)), number}; };
  const View record = reader.rest();
  RecordKeys opening = keys(), sealing = keys();
  Bytes message;
  const bool refused = refuses([&] { message = open_record(shape, opening, record); });
  fuzz::require(opening.next == number + (refused ? 0U : 1U));
  // Nothing but its own record, and that once.
  if (!refused) {
    const Bytes again = seal_record(shape, sealing, message);
    const bool has_more = shape.encrypted && again.size() < record.size();  // random bytes behind the message
    const bool is_read_in_ways = shape.binding == Binding::storage;         // descriptors are
    fuzz::require(has_more || is_read_in_ways || is_padding_of(record, again, shape.binding));
    fuzz::require(refuses([&] { open_record(shape, opening, record); }));
    sealing = keys();
  }
  // The input as a message.
  Bytes sealed;
  if (refuses([&] { sealed = seal_record(shape, sealing, record); })) {
    fuzz::require(sealing.next == number && (number > kMaxSequence || record.size() > 0xFF00));
  } else {
    opening = keys();
    fuzz::require(sealing.next == number + 1 && equal(open_record(shape, opening, sealed), record));
  }
}

// DSP0277 once more, and plainer: any plain text under the keys of a session.
Bytes seal_anything(const SecuredSession& session, Direction direction, std::uint64_t number, View plain) {
  const RecordShape& shape = session.shape();
  const RecordKeys keys = session.secret(direction).record_keys();
  Bytes iv = to_bytes(keys.iv.view());
  for (std::size_t i = 0; i < 8; ++i) iv[i] = static_cast<std::uint8_t>(iv[i] ^ number >> (8 * i));
  Writer writer;
  writer.u32(shape.session_id);
  if (shape.binding == Binding::mctp || shape.binding == Binding::storage) writer.u16(number & 0xFFFF);
  writer.u16(plain.size() + kAeadTagSize);
  if (!shape.encrypted) writer.bytes(plain);
  Bytes out = writer.take();
  append(out, crypto::seal(*shape.aead, keys.key, iv, out, shape.encrypted ? plain : View()));
  return out;
}

// Both sides of a session, and whoever is between them.
class Steps {
 public:
  Steps(const RecordShape& shape, std::uint8_t limit)
      : binding_(shape.binding), requester_(session(shape)), responder_(session(shape)), highest_(kMaxSequence) {
    if (limit >= 64) return;
    highest_ = (std::uint64_t{1} << limit) - 1;
    requester_.limit(highest_);
    responder_.limit(highest_);
  }

  bool goes_on() const { return requester_.phase() != SessionPhase::dead && responder_.phase() != SessionPhase::dead; }

  void take(Reader& reader) {
    const std::uint8_t step = reader.u8("step");
    direction_ = (step & 0x80) == 0 ? Direction::request : Direction::response;
    tries_ = (step & 0x40) != 0;
    const View bytes = reader.take(reader.u8("size"), "bytes");
    if (step % 8 == 6) return renew(bytes);
    if (step % 8 == 7) return establish(bytes);
    if (sender().left(direction_) == 0) {
      fuzz::require(number() > highest_ && refuses([&] { sender().seal(direction_, bytes); }) && goes_on());
      return refused(last_);
    }
    const Bytes record = sender().seal(direction_, bytes);
    switch (step % 8) {
      case 0:
      case 1:
        passes(record, bytes);
        break;
      case 2:
        changed(record, bytes);
        break;
      case 3:
        inside(bytes);
        break;
      case 4:
        refused(bytes);
        break;
      default:
        skipped_or_again(record, bytes);
        break;
    }
  }

  // A session that is over does nothing any more.
  void check_end() {
    SecuredSession& dead = requester_.phase() == SessionPhase::dead ? requester_ : responder_;
    for (const Direction direction : {Direction::request, Direction::response}) {
      fuzz::require(dead.left(direction) == 0 && !dead.try_open(direction, last_));
      fuzz::require(refuses([&] { dead.seal(direction, last_); }) && refuses([&] { dead.open(direction, last_); }));
      fuzz::require(refuses([&] { (void)dead.secret(direction); }) && refuses([&] { dead.update(direction); }));
    }
  }

 private:
  static SecuredSession session(const RecordShape& shape) {
    const SessionSuite suite{k12, find_hash("SHA-256"), shape.aead};
    return {SessionKind::psk, suite, shape, KeySchedule::from_psk(suite, SecretBytes(32)), Bytes(32, 1)};
  }

  SecuredSession& sender() { return direction_ == Direction::request ? requester_ : responder_; }
  SecuredSession& receiver() { return direction_ == Direction::request ? responder_ : requester_; }
  std::uint64_t& number() { return numbers_.at(static_cast<std::size_t>(direction_)); }

  // As a requester does, or as a responder, which ends the session itself.
  std::optional<Bytes> open(View record) {
    if (tries_) {
      std::optional<Bytes> out = receiver().try_open(direction_, record);
      if (!out) receiver().kill();
      return out;
    }
    std::optional<Bytes> out;
    const bool refused = refuses([&] { out = receiver().open(direction_, record); });
    fuzz::require(refused == (receiver().phase() == SessionPhase::dead));
    return out;
  }

  void passes(View record, View message) {
    const std::uint64_t left = receiver().left(direction_);
    const std::optional<Bytes> opened = open(record);
    fuzz::require(opened && equal(*opened, message));
    fuzz::require(receiver().left(direction_) == left - 1 && sender().left(direction_) == left - 1);
    last_ = to_bytes(record);
    ++number();
  }

  void refused(View record) { fuzz::require(!open(record)); }

  // The bytes are a message, and what becomes of its record: where, which bits, how many bytes less or more.
  void changed(const Bytes& record, View bytes) {
    Bytes other = record;
    if (bytes.size() >= 1) other.resize(other.size() - std::min<std::size_t>(other.size(), bytes[0] & 0x0F));
    if (bytes.size() >= 2) other.resize(other.size() + (bytes[1] & 0x0F));
    if (bytes.size() >= 4 && !other.empty()) other[bytes[2] % other.size()] ^= bytes[3];
    if (is_padding_of(other, record, binding_)) return passes(other, bytes);
    refused(other);
  }

  // Well sealed, whatever it is.
  void inside(View plain) {
    const Bytes record = seal_anything(sender(), direction_, number(), plain);
    const std::optional<Bytes> opened = open(record);
    if (opened) fuzz::require(std::search(plain.begin(), plain.end(), opened->begin(), opened->end()) != plain.end() || opened->empty());
    last_ = record;
    ++number();
  }

  // One number too far, the last record a second time, or the record of the other direction.
  void skipped_or_again(const Bytes& record, View bytes) {
    const unsigned kind = bytes.empty() ? 0U : bytes[0] % 3U;
    if (kind == 1 && !last_.empty()) return refused(last_);
    if (kind == 2) {
      direction_ = direction_ == Direction::request ? Direction::response : Direction::request;
      return refused(record);
    }
    if (sender().left(direction_) == 0) return passes(record, bytes);
    refused(sender().seal(direction_, bytes));
  }

  void establish(View th2) {
    const bool again = requester_.phase() == SessionPhase::application;
    for (SecuredSession* one : {&requester_, &responder_}) fuzz::require(refuses([&] { one->establish(th2); }) == again);
    if (again) return;
    numbers_ = {};
    last_.clear();
  }

  // KEY_UPDATE of a direction: the new key holds, or the old one does, which opens what still comes under it.
  void renew(View bytes) {
    const bool early = requester_.phase() == SessionPhase::handshake;
    Bytes before;
    if (!early && sender().left(direction_) > 0) before = sender().seal(direction_, bytes);
    for (SecuredSession* one : {&requester_, &responder_}) fuzz::require(refuses([&] { one->update(direction_); }) == early);
    if (early) return;
    fuzz::require(refuses([&] { requester_.update(direction_); }));
    if (!before.empty()) {
      const std::optional<Bytes> opened = receiver().open_with_old(direction_, before);
      fuzz::require(opened && equal(*opened, bytes) && !receiver().open_with_old(direction_, before));
      ++number();
    }
    last_.clear();
    if (!bytes.empty() && (bytes[0] & 1) != 0) {
      requester_.revert(direction_);
      responder_.revert(direction_);
    } else {
      requester_.confirm(direction_);
      responder_.confirm(direction_);
      number() = 0;
    }
  }

  Binding binding_;
  SecuredSession requester_, responder_;
  std::uint64_t highest_;
  std::array<std::uint64_t, 2> numbers_{};
  Direction direction_ = Direction::request;
  bool tries_ = false;
  Bytes last_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader(View(data, size), "fuzz input");
    if ((reader.u8("kind") & 1) == 0) return one_record(reader);
    const RecordShape shape = read_shape(reader);
    Steps steps(shape, reader.u8("limit"));
    for (std::size_t i = 0; i < kSteps && reader.remaining() > 0 && steps.goes_on(); ++i) steps.take(reader);
    if (!steps.goes_on()) steps.check_end();
  });
}

#include "core/session/secured_record.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/crypto/aead.h"
#include "core/error.h"
#include "core/session/storage_envelope.h"
#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

constexpr std::string_view kRecord = "secured message";
constexpr std::size_t kMaxLength = std::numeric_limits<std::uint16_t>::max();

// What stands before the SPDM message inside (DSP0276: a type byte; DSP0287: a header, as outside; DSP0286: storage_envelope.h).
constexpr std::uint8_t kTcpVersion = 0x01, kTcpSpdm = 0x05;

// MCTP and storage carry the lower 16 bits of the sequence number (DSP0276, DSP0286); the others, which lose no message, carry none.
bool carries_number(Binding binding) { return binding == Binding::mctp || binding == Binding::storage; }

std::uint16_t low_half(std::uint64_t number) { return static_cast<std::uint16_t>(number & 0xFFFF); }

// DSP0277 "AEAD requirements": the IV with the sequence number, little-endian, over its first eight bytes.
Bytes nonce(const RecordKeys& keys) {
  Bytes out = to_bytes(keys.iv.view());
  for (std::size_t i = 0; i < sizeof keys.next; ++i) out.at(i) ^= static_cast<std::uint8_t>(keys.next >> (8 * i));
  return out;
}

Bytes wrap(Binding binding, View message) {
  if (binding == Binding::storage) return put_in_envelope(message);
  Writer out;
  if (binding == Binding::mctp) out.u8(kMctpSpdm);
  if (binding == Binding::tcp) out.u16(message.size() + 2).u8(kTcpVersion).u8(kTcpSpdm);
  return out.bytes(message).take();
}

Bytes unwrap(Binding binding, View application) {
  if (binding == Binding::storage) return take_from_envelope(application);
  Reader reader(application, kRecord);
  if (binding == Binding::mctp && reader.u8("message type") != kMctpSpdm) reader.fail("message type", "the message inside is not SPDM");
  if (binding == Binding::tcp) {
    const std::uint16_t length = reader.u16("inner length");
    if (reader.u8("inner version") != kTcpVersion) reader.fail("inner version", "not 1");
    if (reader.u8("inner type") != kTcpSpdm) reader.fail("inner type", "the message inside is not SPDM");
    if (length != reader.remaining() + 2) reader.fail("inner length", "not that of the message");
  }
  return to_bytes(reader.rest());
}

// All that stands before what is sealed, and is authenticated with it.
Bytes header(const RecordShape& shape, std::uint64_t number, std::size_t length) {
  Writer out;
  out.u32(shape.session_id);
  if (carries_number(shape.binding)) out.u16(low_half(number));
  return out.u16(length).take();
}

// ApplicationDataLength, the data, and as many random bytes as the sender likes (DSP0277 "Secured Message").
Bytes application_data(View plaintext) {
  Reader reader(plaintext, kRecord);
  return to_bytes(reader.take(reader.u16("ApplicationDataLength"), "application data"));
}

// Header and the rest, as far as nobody has to have the key. DSP0277: the fields of a record that is not for us, not the next, or not
// whole are no reason to try the key.
struct Parts {
  View header, rest;
};

Parts split(const RecordShape& shape, std::uint64_t number, View record) {
  Reader reader(record, kRecord);
  if (reader.u32("session id") != shape.session_id) reader.fail("session id", "another session's");
  if (carries_number(shape.binding) && reader.u16("sequence number") != low_half(number)) reader.fail("sequence number", "not the next");
  const std::uint16_t length = reader.u16("length");
  const View head = record.first(reader.offset());
  if (length < kAeadTagSize) reader.fail("length", "no room for the tag");
  const View rest = reader.take(length, "ciphertext");
  const View padding = reader.rest();
  if (padding.size() > padding_allowed(shape.binding)) reader.fail("length", "bytes follow the record");
  if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte != 0; })) reader.fail("padding", "not zero");
  return {head, rest};
}

}  // namespace

std::uint32_t record_session_id(View record) { return Reader(record, kRecord).u32("session id"); }

Bytes seal_record(const RecordShape& shape, RecordKeys& keys, View message) {
  if (keys.next > kMaxSequence) throw Error(ErrorId::internal, "secured message: the key has no sequence number left");
  const Bytes application = wrap(shape.binding, message);
  Writer plaintext;
  if (shape.encrypted) plaintext.u16(application.size());
  plaintext.bytes(application);
  const std::size_t length = plaintext.size() + kAeadTagSize;
  if (length > kMaxLength) throw Error(ErrorId::internal, cat("secured message: ", message.size(), " bytes are too many for a record"));
  Bytes out = header(shape, keys.next, length);
  if (!shape.encrypted) append(out, application);
  const Bytes sealed = crypto::seal(*shape.aead, keys.key, nonce(keys), out, shape.encrypted ? plaintext.take() : Bytes{});
  append(out, sealed);
  ++keys.next;
  return out;
}

Bytes open_record(const RecordShape& shape, RecordKeys& keys, View record) {
  if (keys.next > kMaxSequence) malformed(kRecord, "sequence number", "the key has none left");
  const Parts parts = split(shape, keys.next, record);
  const View tag = parts.rest.last(kAeadTagSize);
  const View clear = parts.rest.first(parts.rest.size() - kAeadTagSize);
  // Authenticated only: all before the tag is associated data, and nothing is encrypted.
  const View associated = shape.encrypted ? parts.header : record.first(parts.header.size() + clear.size());
  const std::optional<Bytes> plaintext = crypto::open(*shape.aead, keys.key, nonce(keys), associated, shape.encrypted ? parts.rest : tag);
  if (!plaintext) malformed(kRecord, "tag", "it does not match: another key, or the record was changed");
  const Bytes message = unwrap(shape.binding, shape.encrypted ? application_data(*plaintext) : to_bytes(clear));
  ++keys.next;
  return message;
}

}  // namespace spdm

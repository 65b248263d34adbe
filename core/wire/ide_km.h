// IDE_KM, the key management of Integrity and Data Encryption (PCIe r6.x 6.33.3): one struct per message, from the ObjectID on. What
// changes a device is read here, and written nowhere: there is no encoder for KEY_PROG, K_SET_GO and K_SET_STOP.
#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/secret_bytes.h"
#include "core/word_table.h"

namespace spdm {

enum class IdeKmObject : std::uint8_t {
  query = 0x00,
  query_resp = 0x01,
  key_prog = 0x02,
  kp_ack = 0x03,
  k_set_go = 0x04,
  k_set_stop = 0x05,
  k_gostop_ack = 0x06,
};
inline constexpr std::array kIdeKmObjects{
    Word{IdeKmObject::query, "QUERY"},
    Word{IdeKmObject::query_resp, "QUERY_RESP"},
    Word{IdeKmObject::key_prog, "KEY_PROG"},
    Word{IdeKmObject::kp_ack, "KP_ACK"},
    Word{IdeKmObject::k_set_go, "K_SET_GO"},
    Word{IdeKmObject::k_set_stop, "K_SET_STOP"},
    Word{IdeKmObject::k_gostop_ack, "K_GOSTOP_ACK"},
};
static_assert(is_sound(kIdeKmObjects));
inline std::string_view name(IdeKmObject object) { return row_of(kIdeKmObjects, object).name; }

// What answers a request; nothing for a response.
std::optional<IdeKmObject> response_to(IdeKmObject request);
// The ObjectID of a message; throws Error{peer} where there is none, or an unknown one.
IdeKmObject ide_km_object_of(View message);

struct IdeKmQuery {
  std::uint8_t port = 0;  // PortIndex

  Bytes encode() const;
  static IdeKmQuery decode(Reader& reader);  // each decode() takes the whole message
};

struct IdeKmQueryResp {
  std::uint8_t port = 0, device_function = 0, bus = 0, segment = 0;
  std::uint8_t max_port = 0;  // MaxPortIndex
  // Of the IDE extended capability, from the IDE Capability Register on; two and more whole 32-bit words (ide_registers.h).
  Bytes registers;

  Bytes encode() const;
  static IdeKmQueryResp decode(Reader& reader);
  // And checks that it answers `request`.
  static IdeKmQueryResp decode(Reader& reader, const IdeKmQuery& request);
};

// Which key of a stream: key set, direction of the addressed port, sub-stream.
struct KeySubStream {
  std::uint8_t value = 0;

  bool is_key_set_1() const { return (value & 0x01) != 0; }
  bool is_tx() const { return (value & 0x02) != 0; }
  std::uint8_t sub_stream() const { return value >> 4; }  // 0 PR, 1 NPR, 2 CPL
  bool is_known() const { return sub_stream() <= 2 && (value & 0x0C) == 0; }

  bool operator==(const KeySubStream&) const = default;
};
// "K0 RX PR"
std::string to_string(KeySubStream which);

struct IdeKmKeyProg {
  std::uint8_t stream = 0;  // Stream ID
  KeySubStream which;
  std::uint8_t port = 0;
  SecretBytes key;        // 32 bytes in the order in which AES takes them: on the wire DW 7 comes first, each little-endian
  std::uint64_t ifv = 0;  // initial value of the invocation field

  static IdeKmKeyProg decode(Reader& reader);
};

enum class KeyProgStatus : std::uint8_t { success = 0, incorrect_length = 1, unsupported_port = 2, unsupported_value = 3, unspecified = 4 };
inline constexpr std::array kKeyProgStatuses{
    Word{KeyProgStatus::success, "success"},
    Word{KeyProgStatus::incorrect_length, "incorrect length"},
    Word{KeyProgStatus::unsupported_port, "unsupported port index"},
    Word{KeyProgStatus::unsupported_value, "unsupported value"},
    Word{KeyProgStatus::unspecified, "unspecified failure"},
};
static_assert(is_sound(kKeyProgStatuses));
// "success"; "status 9" for a reserved one.
std::string status_name(std::uint8_t status);

struct IdeKmKeyProgAck {
  std::uint8_t stream = 0;
  std::uint8_t status = 0;  // KeyProgStatus, or a reserved value, which is a failure
  KeySubStream which;
  std::uint8_t port = 0;

  Bytes encode() const;
  static IdeKmKeyProgAck decode(Reader& reader);
  // And checks that it is about the key of `request`. Whether that was taken is `status`.
  static IdeKmKeyProgAck decode(Reader& reader, const IdeKmKeyProg& request);
};

// K_SET_GO, K_SET_STOP, and K_GOSTOP_ACK, which answers both.
struct IdeKmKeySet {
  IdeKmObject object{};
  std::uint8_t stream = 0;
  KeySubStream which;
  std::uint8_t port = 0;

  // Of K_GOSTOP_ACK, whatever `object` is.
  Bytes encode_ack() const;
  static IdeKmKeySet decode(Reader& reader);
  // And checks that it is the K_GOSTOP_ACK to `request`.
  static IdeKmKeySet decode(Reader& reader, const IdeKmKeySet& request);
};

}  // namespace spdm

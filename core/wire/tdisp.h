// TDISP, the TEE Device Interface Security Protocol (PCIe r6.x chapter 11): one struct per message body, behind the header of 16 bytes.
// What changes an interface is read here, and written nowhere: there is no encoder for LOCK_INTERFACE_REQUEST, START_, STOP_, BIND_ and
// UNBIND_P2P_STREAM_ and SET_MMIO_ATTRIBUTE_REQUEST.
#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/word_table.h"

namespace spdm {

inline constexpr std::uint8_t kTdispVersion = 0x10;  // 1.0
inline constexpr std::size_t kTdispHeaderSize = 16;

enum class TdispCode : std::uint8_t {
  tdisp_version = 0x01,
  tdisp_capabilities = 0x02,
  lock_interface_response = 0x03,
  device_interface_report = 0x04,
  device_interface_state = 0x05,
  start_interface_response = 0x06,
  stop_interface_response = 0x07,
  bind_p2p_stream_response = 0x08,
  unbind_p2p_stream_response = 0x09,
  set_mmio_attribute_response = 0x0A,
  vdm_response = 0x0B,
  tdisp_error = 0x7F,
  get_tdisp_version = 0x81,
  get_tdisp_capabilities = 0x82,
  lock_interface_request = 0x83,
  get_device_interface_report = 0x84,
  get_device_interface_state = 0x85,
  start_interface_request = 0x86,
  stop_interface_request = 0x87,
  bind_p2p_stream_request = 0x88,
  unbind_p2p_stream_request = 0x89,
  set_mmio_attribute_request = 0x8A,
  vdm_request = 0x8B,
};
// "GET_TDISP_VERSION"; "0x9a" for an unknown one.
std::string name(TdispCode code);
inline bool is_tdisp_request(TdispCode code) { return (static_cast<std::uint8_t>(code) & 0x80) != 0; }
inline TdispCode response_to(TdispCode request) { return static_cast<TdispCode>(static_cast<std::uint8_t>(request) & 0x7F); }

// FUNCTION_ID: requester id, segment.
struct FunctionId {
  std::uint32_t value = 0;

  std::uint16_t requester_id() const { return static_cast<std::uint16_t>(value); }
  std::optional<std::uint8_t> segment() const {
    return (value & 1U << 24) != 0 ? std::optional(static_cast<std::uint8_t>(value >> 16)) : std::nullopt;
  }
  bool operator==(const FunctionId&) const = default;
};
// "03:00.0", "0001:03:00.0" with a segment.
std::string to_string(FunctionId id);

struct TdispHeader {
  std::uint8_t version = kTdispVersion;
  TdispCode code{};
  FunctionId function;

  // Begins a message. Throws Error{internal} where it is a request that changes an interface.
  Writer begin() const;
  // Throws Error{peer} where it is too short, or has a segment that is not valid. Version and code are as they came.
  static TdispHeader decode(Reader& reader);
  // And checks that it answers `request`, which is of 1.0: its version, its code or TDISP_ERROR, its interface.
  static TdispHeader decode(Reader& reader, const TdispHeader& request);
};
// "1.0"
std::string tdisp_version_name(std::uint8_t version);
// A request that has no body: GET_TDISP_VERSION and GET_DEVICE_INTERFACE_STATE.
enum class TdispQuestion : std::uint8_t { version = 0x81, state = 0x85 };
Bytes encode_tdisp(TdispQuestion question, FunctionId function);

// All decode() below read what is behind the header, to the end of the message: other sizes throw Error{peer}.

struct TdispVersions {
  std::vector<std::uint8_t> versions;  // at least one

  Bytes encode(FunctionId function) const;
  static TdispVersions decode(Reader& reader);
};

struct GetTdispCapabilities {
  std::uint32_t tsm = 0;  // TSM_CAPS

  Bytes encode(FunctionId function) const;
  static GetTdispCapabilities decode(Reader& reader);
};

struct TdispCapabilities {
  std::uint32_t dsm = 0;                             // DSM_CAPS
  Block<16> requests{};                              // REQ_MSGS_SUPPORTED: bit n stands for the request 0x80 + n
  std::uint16_t lock_flags = 0;                      // LOCK_INTERFACE_FLAGS_SUPPORTED
  std::uint8_t address_width = 0;                    // DEV_ADDR_WIDTH, bits
  std::uint8_t requests_this = 0, requests_all = 0;  // NUM_REQ_THIS, NUM_REQ_ALL

  bool supports(TdispCode request) const;
  Bytes encode(FunctionId function) const;
  static TdispCapabilities decode(Reader& reader);
};

enum class TdiState : std::uint8_t { config_unlocked = 0, config_locked = 1, run = 2, error = 3 };
inline constexpr std::array kTdiStates{
    Word{TdiState::config_unlocked, "config-unlocked"},
    Word{TdiState::config_locked, "config-locked"},
    Word{TdiState::run, "run"},
    Word{TdiState::error, "error"},
};
static_assert(is_sound(kTdiStates));
inline std::string_view name(TdiState state) { return row_of(kTdiStates, state).name; }

struct DeviceInterfaceState {
  TdiState state{};

  Bytes encode(FunctionId function) const;
  static DeviceInterfaceState decode(Reader& reader);  // a reserved state throws Error{peer}
};

struct GetDeviceInterfaceReport {
  std::uint16_t offset = 0, length = 0;

  Bytes encode(FunctionId function) const;
  static GetDeviceInterfaceReport decode(Reader& reader);
};

// A portion of the report.
struct DeviceInterfaceReport {
  std::uint16_t remainder = 0;
  Bytes portion;

  Bytes encode(FunctionId function) const;
  static DeviceInterfaceReport decode(Reader& reader);
  // And checks that it can answer `request`: not empty, not longer than asked for, and all of the report fits into 16 bits.
  static DeviceInterfaceReport decode(Reader& reader, const GetDeviceInterfaceReport& request);
};

// LOCK_INTERFACE_FLAGS
namespace lock_flag {
inline constexpr std::uint16_t no_fw_update = 1U << 0, cache_line_128 = 1U << 1, lock_msix = 1U << 2, bind_p2p = 1U << 3,
                               all_request_redirect = 1U << 4;
}

struct LockInterface {
  std::uint16_t flags = 0;
  std::uint8_t default_stream = 0;
  std::uint64_t mmio_reporting_offset = 0, p2p_address_mask = 0;

  static LockInterface decode(Reader& reader);
};

struct LockInterfaceResponse {
  Block<32> nonce{};  // START_INTERFACE_NONCE

  Bytes encode(FunctionId function) const;
  static LockInterfaceResponse decode(Reader& reader);
};

struct StartInterface {
  Block<32> nonce{};

  static StartInterface decode(Reader& reader);
};

// BIND_ and UNBIND_P2P_STREAM_REQUEST.
struct P2pStream {
  std::uint8_t stream = 0;

  static P2pStream decode(Reader& reader);
};

// A range of pages of 4 KiB. One that has no page, or does not end within 64 bits of addresses, throws Error{peer}.
struct MmioRange {
  std::uint64_t first_page = 0;  // with MMIO_REPORTING_OFFSET added
  std::uint32_t pages = 0;
  std::uint16_t attributes = 0;
  std::uint16_t id = 0;

  bool is_msix_table() const { return (attributes & 1U << 0) != 0; }
  bool is_msix_pba() const { return (attributes & 1U << 1) != 0; }
  bool is_non_tee() const { return (attributes & 1U << 2) != 0; }
  bool is_updatable() const { return (attributes & 1U << 3) != 0; }

  void encode(Writer& writer) const;
  static MmioRange decode(Reader& reader);  // this alone, whatever follows
};

struct SetMmioAttribute {
  MmioRange range;

  static SetMmioAttribute decode(Reader& reader);
};

// A response without a body: to START_, STOP_, BIND_, UNBIND_ and SET_MMIO_ATTRIBUTE_REQUEST.
Bytes encode_done(TdispCode request, FunctionId function);

enum class TdispErrorCode : std::uint32_t {
  invalid_request = 0x01,
  busy = 0x03,
  invalid_interface_state = 0x04,
  unspecified = 0x05,
  unsupported_request = 0x07,
  version_mismatch = 0x41,
  vendor_specific = 0xFF,
  invalid_interface = 0x101,
  invalid_nonce = 0x102,
  insufficient_entropy = 0x103,
  invalid_device_configuration = 0x104,
};
// "INVALID_INTERFACE"; "0x00000200" for an unknown one.
std::string name(TdispErrorCode code);

struct TdispError {
  TdispErrorCode code{};
  std::uint32_t data = 0;  // of UNSUPPORTED_REQUEST: the request
  Bytes extended;

  Bytes encode(FunctionId function) const;
  static TdispError decode(Reader& reader);
};

}  // namespace spdm

// Faults of an emulated device: what a hostile or broken responder does to its answers. A table of small edits, each
// bound to a response code and to the occurrences it strikes.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/wire/error_response.h"
#include "core/wire/pci_vendor.h"

namespace spdm {

// The answer to a request: its bytes, and how they reach the requester.
struct Reply {
  enum class Action { answer, silence, close };

  Bytes bytes;
  bool secured = false;  // a secured message; only an answer to one
  Action action = Action::answer;
  std::chrono::milliseconds delay{0};
};

enum class FaultKind {
  // Instead of an answer; the request is not processed.
  busy,
  not_ready,
  error,
  // How the answer travels.
  delay,
  drop,
  close,
  // What the answer says.
  truncate,
  append,
  flip,
  set,
  version,
  code,
  wrong_slot,
  wrong_handle,
  replay,
  bad_signature,
  old_signature,
  stale_nonce,
  bad_verify_data,
  // What the device does in a session.
  keep_keys,
  old_key,
  ask_again,
  // What it tells of events.
  event_gap,
  event_twice,
  event_type,
  event_size,
  event_again,
  // What becomes of the record of the answer.
  bad_tag,
  skip_number,
  repeat_record,
  cut_record,
  other_session,
  drop_session,
  in_clear,
  // In place of a response of TDISP.
  tdisp_error,
};

// A response of IDE_KM or TDISP, within VENDOR_DEFINED_RESPONSE.
struct PciResponse {
  PciProtocol protocol{};
  std::uint8_t code = 0;  // ObjectID, or message type

  bool operator==(const PciResponse&) const = default;
};

struct Fault {
  std::optional<Code> on;             // the response it strikes; empty: every response
  std::optional<PciResponse> within;  // or one of IDE_KM or TDISP: it is changed in its envelope, which fits then
  bool in_session = false;            // strikes only inside of sessions
  FaultKind kind{};
  std::uint32_t first = 1;      // first occurrence that it strikes
  std::uint32_t times = 0;      // how many occurrences; 0: all that follow
  bool before_signing = false;  // edits the message before it is hashed and signed, so that the signature covers the edit
  std::uint32_t number = 0;     // size, offset, milliseconds, RDTExponent, error code: by kind
  std::uint32_t second = 0;     // bit, RDTM
  Bytes bytes;

  // The offset or size of `number` in a message of so many bytes: past the message when it does not fit.
  std::size_t position_in(std::size_t size) const;
};

// `on` is the name of a response ("CHALLENGE_AUTH"), also one of IDE_KM or TDISP ("QUERY_RESP"), or "any"; `action` one of
//   busy | not-ready [RDTEXPONENT [RDTM]] | error CODE | delay MILLISECONDS | drop | close
//   truncate SIZE | append HEX | flip BYTE[.BIT] | set OFFSET HEX | version BYTE | code BYTE
//   wrong-slot | wrong-handle | replay | bad-signature | old-signature | stale-nonce | bad-verify-data
//   keep-keys | old-key | ask-again
//   event-gap | event-twice | event-type | event-size | event-again
//   bad-tag | skip-number | repeat-record | cut-record SIZE | other-session | drop-session | in-clear
//   tdisp-error CODE
// CODE is a number or a name ("InvalidRequest"); numbers may be hexadecimal (0x12). A negative offset or byte counts
// from the end. Throws Error{usage} saying what is allowed.
Fault parse_fault(std::string_view on, std::string_view action);

// The faults that strike one answer.
using StruckBy = std::vector<const Fault*>;

class Faults {
 public:
  explicit Faults(std::vector<Fault> faults);

  // Counts one more occurrence of a response, and returns the faults that strike it.
  StruckBy next(Code response, bool in_session);
  StruckBy next(const PciResponse& response, bool in_session);
  // Edits the answer, or sets how it travels. The last `signature_size` bytes of `reply.bytes` may be a signature.
  void apply(const StruckBy& struck, Code response, std::size_t signature_size, Reply& reply);
  // The same for what is within VENDOR_DEFINED_RESPONSE.
  void apply(const StruckBy& struck, const PciResponse& response, Reply& reply);

 private:
  // Names of responses: codes of SPDM, or of a protocol within.
  using Name = std::pair<std::optional<PciProtocol>, std::uint8_t>;
  template <class Matches>
  StruckBy next(Matches matches);
  void apply(const StruckBy& struck, const Name& name, std::size_t signature_size, Reply& reply);

  std::vector<Fault> faults_;
  std::vector<std::uint32_t> seen_;  // occurrences, by fault
  std::map<Name, Bytes> earlier_;    // the first answer of each name, kept only when a fault wants one
  bool keeps_ = false;
};

// The fault of this kind in the list, or nullptr.
const Fault* find_fault(const StruckBy& struck, FaultKind kind);
// Applies the edits marked before_signing.
void edit_before_signing(const StruckBy& struck, Bytes& message);

}  // namespace spdm

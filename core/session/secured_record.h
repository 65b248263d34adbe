// Secured messages, or records (DSP0277): an SPDM message sealed for one session. Layouts of the fields by binding.
#pragma once

#include "core/session/key_schedule.h"
#include "core/wire/binding.h"

namespace spdm {

// How the records of a session look.
struct RecordShape {
  Binding binding{};
  std::uint32_t session_id = 0;
  bool encrypted = true;  // false: authenticated only
  const AeadAlgorithm* aead = nullptr;
};

// The highest sequence number that is ever used (DSP0277: 2^64 - 1 never is).
inline constexpr std::uint64_t kMaxSequence = ~std::uint64_t{0} - 1;

// Session id of a record, which is not protected yet. Throws Error{peer} when it is cut.
std::uint32_t record_session_id(View record);

// Seals a message under the next sequence number of `keys`, and counts it. Throws Error{internal} when no number is left, or
// the message is too long for a record.
Bytes seal_record(const RecordShape& shape, RecordKeys& keys, View message);

// Opens a record that must have the next sequence number, and counts it; `keys` stay as they are when it throws. With Binding::doe up
// to three bytes of zero padding may follow the record, with Binding::storage as many as fill the blocks of a transfer. Throws Error{peer}:
// another session, another number, a wrong length, a tag that does not fit, an application length beyond the record, another kind of
// message inside.
Bytes open_record(const RecordShape& shape, RecordKeys& keys, View record);

}  // namespace spdm

// Signatures that a kernel has received and shows in sysfs, so that others can verify them again. The files are those
// of the patch series "PCI device authentication" (v2 of 2024): signatures/N_* and certificates/slotN in a device's
// directory.
#pragma once

#include <optional>
#include <string_view>

#include "core/evidence/evidence.h"

namespace spdm {

// The contents of the files N_* as they are. Only the first two are required: the others repeat what is in the
// transcript.
struct KernelLogEntry {
  Bytes transcript;                      // all messages of the connection, the last one without its signature
  Bytes signature;                       // as on the wire
  std::optional<Bytes> type;             // "responder-challenge_auth signing"
  std::optional<Bytes> hash_algorithm;   // "sha384"
  std::optional<Bytes> combined_prefix;  // 100 bytes; empty before SPDM 1.2
  std::optional<Bytes> requester_nonce, responder_nonce;
  std::optional<Bytes> certificate_chain;  // the certificates alone, without the head of an SPDM chain
};

// Cuts the transcript into messages by their own lengths, and puts the signature back. A response that breaks a rule is
// kept, together with all bytes after it, for the appraisal. Throws Error{bad_input} naming `what` and the file when
// this is no SPDM transcript, or when another file contradicts it.
Evidence read_kernel_log(const KernelLogEntry& entry, std::string_view what);

}  // namespace spdm

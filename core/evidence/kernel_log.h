// Signatures that a kernel received and shows in sysfs, for others to check again: the files of the series "PCI device
// authentication" (v2 of 2024), below a device's directory signatures/N_* and certificates/slotN.
#pragma once

#include <optional>
#include <string_view>

#include "core/evidence/evidence.h"

namespace spdm {

// The contents of the files N_* as they are. Only the first two are needed: the others repeat what the transcript says.
struct KernelLogEntry {
  Bytes transcript;                      // all messages of the connection, the last one without its signature
  Bytes signature;                       // as on the wire
  std::optional<Bytes> type;             // "responder-challenge_auth signing"
  std::optional<Bytes> hash_algorithm;   // "sha384"
  std::optional<Bytes> combined_prefix;  // 100 bytes; empty before SPDM 1.2
  std::optional<Bytes> requester_nonce, responder_nonce;
  std::optional<Bytes> certificate_chain;  // the certificates alone, without the head of an SPDM chain
};

// The transcript cut into messages by their own lengths, the signature put back. A response that breaks a rule is kept
// with what follows it, for the appraisal to judge. Throws Error{bad_input} naming `what` and the file when the
// transcript is none, or when another file contradicts it.
Evidence read_kernel_log(const KernelLogEntry& entry, std::string_view what);

}  // namespace spdm

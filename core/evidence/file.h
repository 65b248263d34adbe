// The evidence file: JSON, "schema": "spdmctl.evidence/1", and "spdmctl.evidence/2" where it is detached: then others have kept only
// a part of the messages. Everything that a remote verifier needs, and no result of any appraisal.
#pragma once

#include <string>
#include <string_view>

#include "core/evidence/budget.h"
#include "core/evidence/evidence.h"
#include "core/file_kinds.h"

namespace spdm {

inline constexpr std::string_view kEvidenceSchema = "spdmctl.evidence/1", kDetachedSchema = "spdmctl.evidence/2";
// Of the signature of the host that collected, in characters. The longest that is made, of RSA with 4096 bits, has fewer than 1100.
inline constexpr std::size_t kMaxEvidenceSignature = 2048;

// One line of JSON without a line break at its end; the same evidence always gives the same bytes. The signature is left out.
std::string write_evidence(const Evidence& evidence);

// The same with its line break, for a file of `kind`: evidence, or evidence_line where there are others beside it. Throws
// Error{bad_input} when it is longer than what is read of one: nobody could verify it.
// `signature`: of the host, put behind all the rest; empty when it does not sign.
std::string evidence_line(const Evidence& evidence, FileKind kind, std::string_view signature = {});

// The identifier of this evidence: the SHA-256 of write_evidence(), in lower-case hex. For a capture or a kernel log it
// is the hash of the evidence made from it, so that all evidence is hashed in one way.
std::string evidence_sha256(const Evidence& evidence);

// Strict: unknown keys, wrong types and other schemas throw Error{bad_input} naming `what` and the key's path.
Evidence read_evidence(std::string_view json, std::string_view what);

}  // namespace spdm

// The kinds of files that are read, and the largest size of each: the one table of limits. tests/tree/limits.py
// compares the section LIMITS of man/spdmctl.1 with it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace spdm {

enum class FileKind {
  certificates,
  keyring_entry,
  crl,
  root_list,
  policy,
  policy_cases,
  expected_devices,
  references,
  corim,
  key,
  evidence,
  evidence_line,
  kernel_transcript,
  kernel_signature,
  kernel_chain,
  kernel_value,
  report,
  profile,
  profile_contents,
  state,
  gate_note,
  image_note,
  ocsp,
  rim,
  session_secrets,
};

struct FileKindRow {
  FileKind kind;
  std::string_view name;    // of one such file, in messages and in the manual
  std::size_t limit;        // bytes; a larger file is refused before it is parsed
  std::string_view advice;  // to whoever has a larger one; may be empty
};

inline constexpr std::size_t kKiB = 1024, kMiB = 1024 * kKiB;

inline constexpr std::array kFileKinds{
    FileKindRow{FileKind::certificates, "certificate file", 16 * kMiB, "split it into several files"},
    FileKindRow{FileKind::keyring_entry, "keyring entry", 1 * kMiB, "split it into several files"},
    FileKindRow{FileKind::crl, "revocation list", 4 * kMiB, "deny the certificates that matter in deny.yaml"},
    FileKindRow{FileKind::root_list, "list of roots", 4 * kMiB, "import its certificates one by one"},
    FileKindRow{FileKind::policy, "policy file", 1 * kMiB, "split it into several files"},
    FileKindRow{FileKind::policy_cases, "file of policy cases", 1 * kMiB, "split it into several files"},
    FileKindRow{FileKind::expected_devices, "list of expected devices", 16 * kMiB, "split it by host"},
    FileKindRow{FileKind::references, "file of reference values", 32 * kMiB, "split it into several files"},
    FileKindRow{FileKind::corim, "CoRIM file", 16 * kMiB, ""},
    FileKindRow{FileKind::key, "key file", 64 * kKiB, ""},
    FileKindRow{FileKind::evidence, "evidence file", 8 * kMiB, "put one piece of evidence into each line, or into a file of its own"},
    FileKindRow{FileKind::evidence_line, "line of evidence", 4 * kMiB, "evidence as long as this can be verified as a file of its own"},
    FileKindRow{FileKind::kernel_transcript, "transcript of a kernel", 16 * kMiB, ""},
    FileKindRow{FileKind::kernel_signature, "signature of a kernel", 64 * kKiB, ""},  // SLH-DSA signs in 49856 bytes
    FileKindRow{FileKind::kernel_chain, "certificate chain of a kernel", 1 * kMiB, ""},
    FileKindRow{FileKind::kernel_value, "small file beside a kernel's signature", 4 * kKiB, ""},
    FileKindRow{FileKind::report, "earlier report", 256 * kMiB, ""},
    FileKindRow{FileKind::profile, "device profile", 16 * kMiB, ""},
    FileKindRow{FileKind::profile_contents, "file that a device profile names", 16 * kMiB, ""},
    FileKindRow{FileKind::state, "state of a device", 64 * kKiB, ""},
    FileKindRow{FileKind::gate_note, "note of the gate", 4 * kKiB, ""},
    FileKindRow{FileKind::image_note, "note of an initrd image", 2 * kMiB, ""},
    FileKindRow{FileKind::ocsp, "OCSP response", 1 * kMiB, "deny the certificates that matter in deny.yaml"},
    FileKindRow{FileKind::rim, "TCG RIM file", 4 * kMiB, ""},
    FileKindRow{FileKind::session_secrets, "file of session secrets", 1 * kMiB, "keep those of the sessions that are in the recording"},
};

constexpr const FileKindRow& row(FileKind kind) { return kFileKinds.at(static_cast<std::size_t>(kind)); }
constexpr std::size_t limit_of(FileKind kind) { return row(kind).limit; }

// Each row stands at the index of its kind.
constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < kFileKinds.size(); ++i)
    if (static_cast<std::size_t>(kFileKinds.at(i).kind) != i) return false;
  return static_cast<std::size_t>(FileKind::session_secrets) + 1 == kFileKinds.size();
}
static_assert(rows_in_order());

}  // namespace spdm

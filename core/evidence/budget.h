// What one device may send, and one piece of evidence hold. Whatever a device does, attesting it takes no more than 64 MiB of memory:
// these bounds are on what comes in, and those below on what it expands to. tests/cli/memory.py measures the program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/text.h"

namespace spdm {

inline constexpr std::size_t kMaxEvidenceBytes = 4U << 20;   // of all messages together
inline constexpr std::size_t kMaxEvidenceMessages = 20'000;  // each takes memory beside its bytes
inline constexpr std::size_t kMaxEvidenceText = 16U << 10;   // bytes of one text in evidence, such as the name of the target
inline constexpr std::size_t kMaxConnections = 1'024;        // each keeps a state of its own
inline constexpr std::size_t kMaxSignatures = 4'096;         // that are verified
inline constexpr std::size_t kMaxChainBytes = 1U << 20;      // of certificate chains, of all slots and connections together
inline constexpr std::size_t kMaxFindings = 1'000;           // beyond them, one of each kind
inline constexpr std::size_t kMaxExtensionEntries = 16'384;  // of a measurement extension log
inline constexpr std::size_t kMaxManifestItems = 32'768;     // of CBOR, in all manifests together
inline constexpr std::size_t kMaxReadable = 1U << 20;        // bytes of all manifests and texts, once they are decoded

// Counts messages as they come in.
class Intake {
 public:
  // Why the message of `size` bytes is too much; nothing, and it is counted, when it is not.
  std::optional<std::string> refuses(std::size_t size) {
    if (messages_ == kMaxEvidenceMessages) return cat("exceeds the limit of ", kMaxEvidenceMessages, " messages");
    if (size > kMaxEvidenceBytes - bytes_)
      return cat("has ", size, " bytes after ", bytes_, " before it: the limit for all messages is ", kMaxEvidenceBytes, " bytes");
    bytes_ += size;
    ++messages_;
    return std::nullopt;
  }

 private:
  std::size_t bytes_ = 0, messages_ = 0;
};

}  // namespace spdm

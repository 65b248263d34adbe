// Measures evidence into the TPM of the system, by tpm2_pcrextend(1) of tpm2-tools.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace spdm::cmd {

// A child process that runs the tool, and ends with its owner. Make it before confinement, for a confined process runs no other
// program; and before there are threads and open devices, for the child would inherit these.
class PcrExtender {
 public:
  // The tool is killed when it takes longer than `limit`. Throws Error: unsupported when there is no tpm2_pcrextend in PATH, io.
  explicit PcrExtender(unsigned pcr, std::chrono::milliseconds limit = std::chrono::seconds(30));
  ~PcrExtender();
  PcrExtender(const PcrExtender&) = delete;
  PcrExtender& operator=(const PcrExtender&) = delete;

  // Extends the PCR of the SHA-256 bank with this digest (64 hex digits); returns once it is done. Throws Error{io}.
  void extend(const std::string& sha256);

 private:
  unsigned pcr_;
  Descriptor channel_;
  pid_t child_ = -1;
};

// "8" to "23": the others are of the firmware and of the boot. Throws Error{usage}.
unsigned parse_pcr(std::string_view text);

}  // namespace spdm::cmd

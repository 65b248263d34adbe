// Measures evidence into the TPM of the system, by tpm2_pcrextend(1) of tpm2-tools.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
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

// The log beside a PCR: what it was extended with, in this order. It is open before the process confines itself.
class PcrLog {
 public:
  // Makes the file, or goes on with the one that is there, as the PCR does until the next boot. Throws Error: io, permission; usage for
  // what is no regular file, and where another run writes to it.
  explicit PcrLog(const std::filesystem::path& file);
  // Adds a line, before the PCR is extended with it. Throws Error{io}.
  void add(std::string_view line);

 private:
  std::string name_;
  Descriptor file_;
};

// "8" to "23": the others are of the firmware and of the boot. Throws Error{usage}.
unsigned parse_pcr(std::string_view text);

}  // namespace spdm::cmd

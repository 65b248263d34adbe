// The kernel's log of signatures as files: signatures/N_transcript and so on below the directory of a device.
#pragma once

#include <filesystem>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm::cmd {

// An entry is named by the common prefix of its files: "DIRECTORY/signatures/0".
bool is_kernel_log_entry(const std::filesystem::path& path);

// Whether a directory is that of a kernel: it has signatures/ in it, or transcripts of signatures. Any other has files of evidence.
bool is_kernel_log(const std::filesystem::path& directory);

// The entries of a directory signatures/, or of the device's directory above it, in the order of their numbers. Throws
// Error: bad_input when there are none, permission.
std::vector<std::filesystem::path> kernel_log_entries(const std::filesystem::path& directory);

// The files and directories that a reader of this evidence opens: a file itself; of signatures of a kernel their files, or the
// directory, with the chains that these link to. A link that leads out of the device's directory is none of them.
// What it takes to unpack a compressed file is opened here, before the process confines itself (compression.h).
std::vector<std::filesystem::path> evidence_places(const std::filesystem::path& path);

// Throws Error: bad_input, io, permission.
Evidence read_kernel_log_entry(const std::filesystem::path& entry);

}  // namespace spdm::cmd

// --record: where the messages of a device are kept.
#pragma once

#include <cstddef>
#include <filesystem>

#include "core/evidence/evidence.h"

namespace spdm::cmd {

// Before a device is asked for anything. Throws Error{usage} when the ending of the name is none of those below, and what
// assert_writable() throws (cmd/host/files.h).
void assert_recordable(const std::filesystem::path& file);

// Writes what the ending says, in any case: .json, or none, is evidence; .pcap and .pcapng are captures. Nothing where no message was
// seen. Throws Error as write_file().
void record(const Evidence& evidence, const std::filesystem::path& file);

// Messages that a capture of this name leaves out: they were on the link only inside of a session, encrypted.
std::size_t left_out_of_record(const Evidence& evidence, const std::filesystem::path& file);

}  // namespace spdm::cmd

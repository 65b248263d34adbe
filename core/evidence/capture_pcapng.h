// Frames of pcapng (draft-ietf-opsawg-pcapng): sections in either byte order, each with interfaces of its own.
#pragma once

#include <memory>
#include <string_view>

#include "core/evidence/capture_frames.h"

namespace spdm {

inline constexpr std::size_t kMaxCaptureInterfaces = 1'024;  // of one section

// Packets are those of enhanced, simple and obsolete packet blocks. Other blocks, such as secrets to decrypt with, are skipped.
std::unique_ptr<CaptureFrames> open_pcapng(CaptureSource& source, std::string_view what);

// When `ticks` was, in the resolution of an interface (if_tsresol) and moved by so many seconds (if_tsoffset). Nothing where that is not
// after 1970, or is too late to be counted in nanoseconds.
std::optional<std::chrono::nanoseconds> capture_time(std::uint64_t ticks, std::uint8_t resolution, std::int64_t offset);

}  // namespace spdm

// Files that are compressed with gzip (RFC 1952) or zstd (RFC 8878). Captures mostly are, once they are kept.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "core/bytes.h"
#include "core/recognize.h"

namespace spdm {

// Beyond the first MiB, what comes out is no more than this many times what went in.
inline constexpr std::size_t kMaxUnpackedRatio = 1'000, kAnyRatio = std::size_t{1} << 20;
// The window of zstd that memory is taken for: 8 MiB, as "zstd -19" makes it.
inline constexpr int kMaxZstdWindowLog = 23;

// What they begin with decides.
bool is_compressed(View bytes);

// All streams of the file, one after the other; zeros may follow gzip, and frames to be skipped may be anywhere in zstd. Throws Error
// naming `what`: bad_input where a stream is corrupt, is cut off, has more than `limit` bytes or expands too much; unsupported where the
// library (zlib, libzstd) is not installed.
Bytes unpacked(View bytes, std::string_view what, std::size_t limit);
// The same piece by piece, whatever the size; what is not compressed comes as it is. Throws when the pieces are taken.
Pieces unpacked(Pieces pieces, std::string_view what);

// Opens the libraries that this file needs, or that it may need where nobody can look into it beforehand (a pipe); "-" is standard input.
// Once a process has confined itself, no memory becomes code. What fails is told when the file is read.
void prepare_to_unpack(const std::filesystem::path& file);

}  // namespace spdm

// Files with a secret: a shared key, a private key.
#pragma once

#include <filesystem>

#include "core/file_kinds.h"
#include "core/secret_bytes.h"

namespace spdm::cmd {

// Reads a file that the user named; "-" is standard input, and a pipe may be named, too. A regular file belongs to root or to the caller,
// nobody else may write it, and others may not read it. No copy stays behind. Throws Error naming the file: config for one that is laid
// open, bad_input for one that is missing, empty, longer than its kind, or neither file nor pipe; permission; io.
SecretBytes read_secret_file(const std::filesystem::path& path, FileKind kind);

// From now on the process leaves no core dump, and others of its user cannot look into its memory. Call it before a secret is read, and
// before the process confines itself. Best effort.
void forbid_core_dumps();

}  // namespace spdm::cmd

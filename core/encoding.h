// Text in another encoding than UTF-8 without a mark, which is the only one that is read. Editors of other systems write others, and
// they look right there.
#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/error.h"
#include "core/file_kinds.h"

namespace spdm {

// What the encoding of a file is, and how to convert it; bad_input. Nothing for UTF-8, for bytes that are no text, and for the kinds
// whose readers know encodings themselves.
std::optional<Error> wrong_encoding(View contents, FileKind kind);
// Throws it.
void assert_encoding(View contents, FileKind kind);

}  // namespace spdm

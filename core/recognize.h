// What a file is, by its contents: for whoever has named one of another kind than is read there. The one place that knows.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "core/bytes.h"
#include "core/error.h"
#include "core/file_kinds.h"

namespace spdm {

// Why a file with these contents, or this beginning, cannot be one of the wanted kind: what it is, and which verb takes it. Nothing
// where it may be one, also because it is nothing that is known.
std::optional<Error> wrong_kind(View contents, FileKind wanted);
// Throws it.
void assert_kind(View contents, FileKind wanted);

// The same for a file that is read piece by piece (file.h): its first piece is looked at.
using Pieces = std::function<std::size_t(std::span<char>)>;
Pieces of_kind(Pieces pieces, FileKind wanted);

}  // namespace spdm

// The signatures of a recording as files, with the commands of plain openssl that check them: a second opinion, by a
// program that is not this one.
#pragma once

#include <filesystem>

#include "core/evidence/evidence.h"

namespace spdm::cmd {

// Throws Error{usage} unless the directory is not there yet, or empty; io, permission.
void assert_recipe_directory(const std::filesystem::path& directory);

// The folder that the directory is made in: it must be writable.
std::filesystem::path place_of_recipe(const std::filesystem::path& directory);

// Writes the directory, which appears whole or not at all: a folder for each signature, and verify.sh. Returns the
// number of signatures. Throws Error: bad_input when nothing was signed, io, permission.
std::size_t write_openssl_recipe(const Evidence& evidence, const std::filesystem::path& directory);

}  // namespace spdm::cmd

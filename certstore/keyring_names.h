// What a file of a keyring is by its name, and names that have a slip.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/file_kinds.h"

namespace spdm::certstore {

// Sub-directories of a keyring; no others are read.
inline constexpr std::string_view kAnchors = "anchors", kPins = "pins";

enum class EntryKind {
  certificates,
  scope,
  crls,
  denials,
  pins,
  ignored,   // hidden, a copy that an editor or a package manager left, a README
  misnamed,  // *.yml
  unknown,   // what it holds says whether somebody meant it to count
  ocsp,
};

// By the name relative to the directory of the keyring.
EntryKind kind_of(const std::filesystem::path& relative);
// The same for a file of this folder of the keyring: "", kAnchors or kPins.
EntryKind kind_of(std::string_view folder, const std::string& file);
FileKind file_kind(EntryKind kind);
// Without a file of this kind we would trust more than the owner allows. A misnamed file may be one of them.
bool narrows(EntryKind kind);
// Whether the name says that the file is a deny list, a revocation list or an OCSP response, whatever its ending.
bool sounds_narrowing(const std::filesystem::path& file);
// The name without extension: it joins "anchors/vendor.pem" and "anchors/vendor.yaml".
std::string stem_of(const std::string& name);
// The name in small letters, without the endings of certificates.
std::string without_ending(const std::string& name);
struct Slip {
  std::string why;
  bool narrows = false;  // what it holds narrows trust
};
// Of a file that is not read: whether it holds what a keyring is made of. Nothing for any other.
std::optional<Slip> slip_of(View contents);
// Of a scope that cannot be read: whether it holds a deny list or pins. Empty for a scope.
std::string not_a_scope(View contents);

// A sub-directory that is not read, and holds files of a keyring.
struct UnreadFolder {
  std::filesystem::path folder;
  std::string narrowing;  // the first file in it that narrows trust, or may; empty when there is none
};
std::vector<UnreadFolder> unread_folders(const std::filesystem::path& directory);

}  // namespace spdm::certstore

// What the sub-commands of keyring share. Each is a function; the table of them is in keyring.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "certstore/keyring.h"
#include "cmd/attestation.h"
#include "cmd/options.h"
#include "cmd/output/render.h"

namespace spdm::cmd {

inline constexpr std::string_view kKeyringSchema = "spdmctl.keyring/2";

struct KeyringOptions {
  OutputOptions output;
  TrustOptions trust;
  ProtocolOptions protocol;
  PolicyOptions policy;
  std::vector<std::string> arguments;  // files, names, targets
  std::string name, comment, by = "leaf-key";
  std::vector<std::string> fingerprints, efi, kernel;
  bool force = false, overwrite = false, allow_non_ca = false, yes = false, vouch = false, key = false, tbs = false;
};

Exit show_keyring(const KeyringOptions& options, Console& console);       // keyring_show.cpp
Exit check_keyring(const KeyringOptions& options, Console& console);      // keyring_show.cpp
Exit explain_trust(const KeyringOptions& options, Console& console);      // keyring_explain.cpp
Exit add_files(const KeyringOptions& options, Console& console);          // keyring_change.cpp
Exit remove_named(const KeyringOptions& options, Console& console);       // keyring_change.cpp
Exit import_roots(const KeyringOptions& options, Console& console);       // keyring_import.cpp
Exit deny_fingerprints(const KeyringOptions& options, Console& console);  // keyring_deny.cpp
Exit pin_device(const KeyringOptions& options, Console& console);         // keyring_pin.cpp
Exit unpin_device(const KeyringOptions& options, Console& console);       // keyring_pin.cpp

// Removes a file; makes a folder and those above it. Both throw Error with the cause: permission, usage for what is no folder, io.
void remove_file(const std::filesystem::path& file);
void make_folder(const std::filesystem::path& folder);

// The policy as far as it is about trust: identity, roots, revocation lists and, with `pin`, pins; nullptr when there is none.
std::shared_ptr<const Policy> trust_policy(const PolicyOptions& options, bool pin);

// The directory to change: the one that was named, else the first layer of the system. Throws Error{usage, permission}.
std::filesystem::path writable_keyring(const TrustOptions& options);

// Confines a sub-command that reads files, and writes to the keyring: no other files, and to no other place.
void confine_to_keyring(const KeyringOptions& options, const Console& console);

// Throws Error{usage} unless the file is in the layer to be changed, or in its anchors/ or pins/. The hint says how to mask it.
void assert_in_layer(const std::filesystem::path& file, const std::filesystem::path& layer);

// Certificates under one name, to be trusted from now on.
struct Addition {
  std::filesystem::path file;
  std::vector<Bytes> certificates;
};
// The name in the keyring of what was read from `source`; `wished` wins unless it is empty. Throws Error{usage}.
std::string keyring_file_name(const std::string& source, const std::string& wished);
// Writes them all, or none when one of the names is taken; shows what is trusted now.
void write_additions(std::vector<Addition> additions, const KeyringOptions& options, Console& console);

// Appraises one device, live or recorded. From then on the process writes only to `writable` and
// the file of the console. Throws Error: usage unless one device is named, no_spdm when it carries none, and for a recording that
// cannot be read.
Report attest_one(const KeyringOptions& options, Console& console, Depth depth, const std::vector<std::filesystem::path>& writable);
// The chain that the verdict is about. Throws Error naming the device when no chain was read, with the exit code of the device.
const ChainResult& main_chain(const Report& report);

// Throws Error of that kind about a file, a device or an argument.
[[noreturn]] void fail_at(ErrorId id, const std::string& where, const std::string& message, const std::string& hint = {});

}  // namespace spdm::cmd

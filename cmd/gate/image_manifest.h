// What the gate in an initrd image is made of: the program and the configuration that are taken into it. The manifest lies in the
// image, and as a note on the system that the image is for, so that doctor can tell an image that is older than its sources.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/policy_words.h"
#include "core/error.h"
#include "transport/base/host.h"

namespace spdm::cmd {

inline constexpr std::string_view kImageSchema = "spdmctl.image/1";

struct ImageFile {
  std::string path;    // on the system, without the root of a copy
  std::string sha256;  // empty: it masks its name, or cannot be read
  bool mask = false;
};

struct ImageManifest {
  std::string time;                      // when the image was made: RFC 3339, UTC
  std::string kernel, image;             // its version, and the file of the image; empty when not known
  GateMode mode = GateMode::audit;       // in force in this image, unless the kernel command line says otherwise
  std::string mode_from;                 // "policy" or "default"
  ImageFile program;                     // the one that ran
  std::vector<ImageFile> configuration;  // of keyring, policy and reference values, sorted by path
  std::vector<Error> problems;           // what cannot be read or understood, and so cannot be included as it is meant
};

// Throws Error{bad_input}.
ImageManifest parse_image_manifest(const std::string& text);

// The manifest of the image that this program runs in; nothing outside of an initrd. Throws Error: config, bad_input.
std::optional<ImageManifest> manifest_of_this_image(const transport::Host& host);

// Where the notes of images lie.
inline std::filesystem::path image_notes(const transport::Host& host) { return host.root / "var/lib/spdmctl/images"; }

}  // namespace spdm::cmd

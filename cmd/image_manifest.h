// What the gate in an initrd image is made of: the program and the configuration that are taken into it. The manifest lies in the
// image, and as a note on the system that the image is for, so that doctor can tell an image that is older than its sources.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/policy_words.h"
#include "core/error.h"
#include "core/format/json.h"
#include "transport/base/host.h"

namespace spdm::cmd {

inline constexpr std::string_view kImageSchema = "spdmctl.image/1";

struct ImageFile {
  std::string path;    // on the system, without the root of a copy
  std::string sha256;  // empty: it masks its name, or cannot be read
  bool mask = false;
};

struct ImageManifest {
  std::string time;                      // when the image was made
  std::string kernel, image;             // its version, and the file of the image; empty when not known
  GateMode mode = GateMode::enforce;     // in force in this image, unless the kernel command line says otherwise
  std::string mode_from;                 // "policy" or "default"
  ImageFile program;                     // the one that ran
  std::vector<ImageFile> configuration;  // of keyring, policy and reference values, sorted by path
  std::vector<Error> problems;           // what cannot be read or understood, and so cannot be included as it is meant
};

// The manifest of an image that is made now. Nothing is written. /run is left out, as it is of this boot only. Throws nothing for
// a file that cannot be used: `problems` has it.
ImageManifest survey_for_image(const transport::Host& host);

// The file below the root of `host`; `sha256` is empty when it cannot be read.
ImageFile image_file(const transport::Host& host, const std::string& path);

Json to_json(const ImageManifest& manifest, Exit exit);
// Throws Error{bad_input}.
ImageManifest parse_image_manifest(const std::string& text);

// Where the notes of images lie.
inline std::filesystem::path image_notes(const transport::Host& host) { return host.root / "var/lib/spdmctl/images"; }

}  // namespace spdm::cmd

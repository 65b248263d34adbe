// What an image that is made now takes from this system.
#pragma once

#include <string>

#include "cmd/gate/image_manifest.h"
#include "core/format/json.h"

namespace spdm::cmd {

// The manifest of an image that is made now. Nothing is written. /run is left out, as it is of this boot only. Throws nothing for
// a file that cannot be used: `problems` has it.
ImageManifest survey_for_image(const transport::Host& host);

// The file below the root of `host`; `sha256` is empty when it cannot be read.
ImageFile image_file(const transport::Host& host, const std::string& path);

Json to_json(const ImageManifest& manifest, Exit exit);

}  // namespace spdm::cmd

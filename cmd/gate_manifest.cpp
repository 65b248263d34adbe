// gate --manifest: what the hooks of dracut and initramfs-tools ask when they make an image.
#include "cmd/gate_manifest.h"

#include <nlohmann/json.hpp>

#include "cmd/host/this_host.h"
#include "cmd/image_survey.h"
#include "cmd/output/render.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

Exit write_manifest(const std::string& kernel, const std::string& image, Console& console) {
  ImageManifest manifest = survey_for_image(this_host());
  manifest.kernel = printable(kernel);
  manifest.image = printable(image);
  const Exit exit = manifest.problems.empty() ? Exit::ok : Exit::usage;
  const Json document = to_json(manifest, exit);
  assert_readable(document.dump(2, ' ', false, Json::error_handler_t::replace).size(), FileKind::image_note);
  std::string text = cat("mode ", name(manifest.mode), " (", manifest.mode_from, ")\n");
  const auto line = [&](const ImageFile& file) {
    text += cat(file.mask ? "masks its name" : file.sha256, "  ", printable(file.path), "\n");
  };
  line(manifest.program);
  for (const ImageFile& file : manifest.configuration) line(file);
  if (console.format == Format::text) {
    console.out(text);  // scripts read it by the line
    console.finish();
  } else {
    write_document(console, document, "");
  }
  for (const Error& problem : manifest.problems) console.complain(problem);
  return exit;
}

}  // namespace spdm::cmd

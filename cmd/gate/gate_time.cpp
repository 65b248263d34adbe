#include "cmd/gate/gate_time.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "cmd/gate/gate_mode.h"
#include "cmd/gate/image_manifest.h"
#include "cmd/host/run_files.h"
#include "core/calendar.h"
#include "core/error.h"
#include "core/file.h"
#include "core/format/json.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Host;

namespace {

constexpr std::string_view kParameter = "spdmctl.time";
constexpr std::string_view kSchema = "spdmctl.clock/1";
const std::string kFile = "clock.json";

// What an earlier gate of this boot has left.
struct Note {
  std::optional<std::int64_t> image, last;
};

Note read_note(const Host& host) {
  Note out;
  try {
    const std::optional<RunFolder> folder = RunFolder::open(host, "");
    const std::optional<std::string> text = folder ? folder->read(kFile, FileKind::gate_note) : std::nullopt;
    if (!text) return out;
    Note note;
    JsonReader json(*text, kFile);
    json.object({"schema"}, {"image", "last"}, [&](std::string_view key) {
      const std::optional<std::int64_t> time = parse_rfc3339(json.string());
      if (key == "image") note.image = time;
      if (key == "last") note.last = time;
    });
    json.finish();
    out = note;
  } catch (const Error&) {  // then only the clock and the image count
  }
  return out;
}

// The manifest is in the image; after it, its time is in the note.
std::optional<std::int64_t> time_of_image(const Host& host) try {
  const std::optional<ImageManifest> manifest = manifest_of_this_image(host);
  return manifest ? parse_rfc3339(manifest->time) : read_note(host).image;
} catch (const Error&) {  // one that cannot be understood tells no time
  return std::nullopt;
}

}  // namespace

GateTime time_of_gate(const Host& host, std::int64_t clock, std::optional<std::int64_t> given) {
  const std::optional<std::int64_t> image = time_of_image(host), last = read_note(host).last;
  if (given) return {*given, TimeSource::command_line, {}, image};
  const std::string says = cat("the clock says ", utc_of(clock));
  std::string slip;
  if (const std::optional<std::string> word = kernel_parameter(host, kParameter)) {
    if (const std::optional<std::int64_t> time = parse_date_or_time(*word))
      return {*time, TimeSource::kernel_command_line,
              cat("certificates are judged at ", utc_of(*time), ", as ", kParameter, "= on the kernel command line says; ", says), image};
    slip = cat(kParameter, "=", printable(*word), " on the kernel command line is not a valid time and is ignored; write 2026-06-01");
  }
  GateTime out{clock, TimeSource::clock, slip, image};
  if (image && *image > out.at) out = {*image, TimeSource::image, {}, image};
  if (image && last && *last > out.at && *last - *image <= kLastVerdictBound) out = {*last, TimeSource::last_verdict, {}, image};
  if (out.source == TimeSource::clock) return out;
  const bool by_image = out.source == TimeSource::image;
  out.warning = cat(slip, slip.empty() ? "" : "; ", says, ", which is before ", by_image ? "this image was made" : "the last verdict",
                    ": certificates are judged at ", utc_of(out.at), "; set the clock, or boot with ", kParameter, "=TIME",
                    by_image ? "" : ", or forget that verdict with: spdmctl gate --release");
  return out;
}

void keep_time(const Host& host, const GateTime& time) {
  if (time.source == TimeSource::command_line || time.source == TimeSource::kernel_command_line) return;
  Json json{{"schema", kSchema}, {"last", utc_of(time.at)}};
  if (time.image) json["image"] = utc_of(*time.image);
  RunFolder::make(host, "").write(kFile, json.dump() + "\n");
}

void forget_time(const Host& host) {
  const std::optional<RunFolder> folder = RunFolder::open(host, "");
  if (!folder) return;
  const std::optional<std::int64_t> image = read_note(host).image;
  if (image)
    folder->write(kFile, Json{{"schema", kSchema}, {"image", utc_of(*image)}}.dump() + "\n");
  else
    folder->remove(kFile);
}

}  // namespace spdm::cmd

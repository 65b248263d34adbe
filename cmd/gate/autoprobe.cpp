#include "cmd/gate/autoprobe.h"

#include <nlohmann/json.hpp>

#include "cmd/host/run_files.h"
#include "core/error.h"
#include "core/format/json.h"
#include "core/format/json_reader.h"

namespace spdm::cmd {

using transport::Host;

namespace {

constexpr std::string_view kSchema = "spdmctl.held/1";
const std::string kFile = "gate.json";

}  // namespace

std::optional<AutoprobeNote> read_note(const Host& host) {
  const std::optional<RunFolder> folder = RunFolder::open(host, "");
  const std::optional<std::string> text = folder ? folder->read(kFile, FileKind::gate_note) : std::nullopt;
  if (!text) return std::nullopt;
  AutoprobeNote out;
  try {
    JsonReader json(*text, kFile);
    json.object({"schema", "autoprobe"}, {"watch"}, [&](std::string_view key) {
      if (key == "schema") json.string();
      if (key == "autoprobe") out.autoprobe = json.boolean();
      if (key == "watch") out.watch = json.boolean();
    });
    json.finish();
  } catch (const Error&) {
    return AutoprobeNote{};
  }
  return out;
}

void write_note(const Host& host, const AutoprobeNote& note) {
  Json json{{"schema", kSchema}, {"autoprobe", note.autoprobe}};
  if (note.watch) json["watch"] = true;
  RunFolder::make(host, "").write(kFile, json.dump() + "\n");
}

void remove_note(const Host& host) {
  if (const std::optional<RunFolder> folder = RunFolder::open(host, "")) folder->remove(kFile);
}

std::filesystem::path note_path(const Host& host) { return host.run() / kFile; }

}  // namespace spdm::cmd

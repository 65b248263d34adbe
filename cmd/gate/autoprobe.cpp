#include "cmd/gate/autoprobe.h"

#include <nlohmann/json.hpp>

#include <cstdio>

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

bool kernel_holds_newcomers(const Host& host) {
  unsigned major = 0, minor = 0;
  try {
    const std::string release = transport::read_attribute(host.root / "proc/sys/kernel/osrelease").value_or("");
    if (std::sscanf(release.c_str(), "%u.%u", &major, &minor) != 2) return false;
  } catch (const Error&) {  // what is not known is not promised
    return false;
  }
  return major > 6 || (major == 6 && minor >= 19);
}

Hold::Hold(const Host& host, transport::PciControl::Changed changed) : host_(host), control_(host, std::move(changed)) {
  const std::optional<AutoprobeNote> before = read_note(host_);
  ours_ = !before || before->watch;  // else a gate is at work, or left autoprobe off on purpose
  if (!before) write_note(host_, {.autoprobe = control_.autoprobe(), .watch = true});
  control_.set_autoprobe(false);
}

void Hold::give_back(const std::function<void()>& hold_unjudged) {
  const std::optional<AutoprobeNote> before = read_note(host_);
  if (!ours_ || !before) return;
  hold_unjudged();
  control_.set_autoprobe(before->autoprobe);
  hold_unjudged();
  remove_note(host_);
}

}  // namespace spdm::cmd

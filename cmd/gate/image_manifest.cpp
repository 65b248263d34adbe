#include "cmd/gate/image_manifest.h"

#include "core/file.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

ImageFile parse_file(JsonReader& json) {
  ImageFile out;
  json.object({"path"}, {"sha256", "mask"}, [&](std::string_view key) {
    if (key == "path") out.path = json.string();
    if (key == "sha256") out.sha256 = json.string();
    if (key == "mask") out.mask = json.boolean();
  });
  return out;
}

Error parse_problem(JsonReader& json) {
  std::string where, why, remedy;
  json.object({"why"}, {"where", "remedy"}, [&](std::string_view key) {
    if (key == "where") where = json.string();
    if (key == "why") why = json.string();
    if (key == "remedy") remedy = json.string();
  });
  Error out(ErrorId::config, why, remedy);
  out.device = where;
  return out;
}

GateMode parse_mode(const std::string& word) {
  if (const std::optional<GateMode> mode = gate_mode_of(word)) return *mode;
  throw Error(ErrorId::bad_input, cat("manifest: mode: invalid mode '", printable(word), "'"));
}

}  // namespace

ImageManifest parse_image_manifest(const std::string& text) {
  ImageManifest out;
  JsonReader json(text, "manifest");
  json.object({"schema", "tool", "time", "mode", "mode_from", "program", "configuration", "problems", "exit_code"}, {"kernel", "image"},
              [&](std::string_view key) {
                if (key == "program") return void(out.program = parse_file(json));
                if (key == "configuration") return json.array([&] { out.configuration.push_back(parse_file(json)); });
                if (key == "problems") return json.array([&] { out.problems.push_back(parse_problem(json)); });
                if (key == "exit_code") return void(json.number(255));
                const std::string word(json.string());
                if (key == "schema" && word != kImageSchema)
                  throw Error(ErrorId::bad_input, cat("manifest: the schema is not ", kImageSchema));
                if (key == "time") out.time = word;
                if (key == "kernel") out.kernel = word;
                if (key == "image") out.image = word;
                if (key == "mode") out.mode = parse_mode(word);
                if (key == "mode_from") out.mode_from = word;
              });
  json.finish();
  return out;
}

std::optional<ImageManifest> manifest_of_this_image(const transport::Host& host) {
  const FileContents contents = read_configuration(host.root / "etc/spdmctl/image.json", FileKind::image_note);
  if (contents.is(FileContents::State::missing)) return std::nullopt;
  if (!contents.is(FileContents::State::whole)) throw Error(ErrorId::config, contents.why, contents.hint);
  return parse_image_manifest(std::string(as_text(contents.bytes)));
}

}  // namespace spdm::cmd

// The evidence in what a command line names.
#include "cmd/attest/evidence_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/text.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

namespace fs = std::filesystem;

// "name", "name: why", or "name (kernel)".
std::vector<std::string> pieces_of(const fs::path& folder) {
  EvidenceFiles files({folder.string()});
  std::vector<std::string> out;
  while (const std::optional<EvidencePiece> piece = files.next()) {
    const std::string name = piece->name == folder.string() ? "." : fs::path(piece->name).lexically_relative(folder).string();
    out.push_back(name + (piece->entry ? " (kernel)" : "") + (piece->error ? std::string(": ") + piece->error->what() : ""));
  }
  return out;
}

}  // namespace

TEST_CASE("evidence files: a directory stands for its files by name, and lines of them") {
  const support::TemporaryDirectory folder;
  folder.write("b.json", "{\"schema\":\n1}");
  folder.write("a.ndjson", "{\"schema\":1}\n{\"schema\":2}\n");
  folder.write(".hidden.json", "{}");
  folder.write("deeper/c.json", "{}");
  CHECK(pieces_of(folder.path()) ==
        std::vector<std::string>{"a.ndjson:1", "a.ndjson:2", "b.json", "deeper: is a directory in a directory, and is not searched"});
}

TEST_CASE("evidence files: a directory with the signatures of a kernel stands for these, by its contents") {
  const support::TemporaryDirectory folder;
  folder.write("signatures/1_transcript", "x");
  folder.write("signatures/0_transcript", "x");
  folder.write("other.json", "{}");
  CHECK(pieces_of(folder.path()) == std::vector<std::string>{"signatures/0 (kernel)", "signatures/1 (kernel)"});
  CHECK(pieces_of(folder.path() / "signatures") == std::vector<std::string>{"0 (kernel)", "1 (kernel)"});
}

TEST_CASE("evidence files: one without files is an error, and the only piece") {
  const support::TemporaryDirectory folder;
  CHECK(pieces_of(folder.path()) == std::vector<std::string>{".: is an empty directory"});
  fs::create_directories(folder.path() / "signatures");
  CHECK(pieces_of(folder.path()).front().find("contains no kernel signatures") != std::string::npos);
  CHECK(EvidenceFiles({folder.path().string()}).is_one());
}

TEST_CASE("evidence files: a stream may be compressed, and what cannot be unpacked is told") {
  const support::TemporaryDirectory folder;
  // {"schema":1} and {"schema":2}, each a line.
  const Bytes packed = unhex("1f8b08000000000002ffab562a4ece48cd4d54b232ace5aa86738c6ab900283baa881a000000", "test");
  folder.write("a.ndjson.gz", as_text(packed));
  folder.write("b.ndjson.gz", as_text(View(packed).first(packed.size() - 1)));
  const std::string cut = (folder.path() / "b.ndjson.gz").string();
  CHECK(pieces_of(folder.path()) == std::vector<std::string>{"a.ndjson.gz:1", "a.ndjson.gz:2", "b.ndjson.gz:1", "b.ndjson.gz:2",
                                                             "b.ndjson.gz: " + cut + ": its gzip stream is cut off"});
}

// Bounds of a file of YAML: what an alias stands for counts.
#include "core/format/yaml_reader.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"

using namespace spdm;

namespace {

// Lists of ten aliases of the list before, `levels` times.
std::string bomb(int levels) {
  std::string out = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= levels; ++i) {
    const std::string before = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    out += name + ": &" + name + " [";
    for (int k = 0; k < 10; ++k) out += (k == 0 ? "" : ", ") + before;
    out += "]\n";
  }
  return out;
}

}  // namespace

TEST_CASE("an alias counts as all that it stands for") {
  const yaml::Value small = yaml::parse("f.yaml", bomb(3));
  CHECK(small.node()["a3"].size() == 10);
  for (const int levels : {6, 12, 30})
    expect_error(ErrorId::config, "exceeds the limit of 1000000 values and keys", [&] { yaml::parse("f.yaml", bomb(levels)); });
}

TEST_CASE("aliases of scalars and of mappings are understood") {
  const yaml::Value value = yaml::parse("f.yaml", "a: &x word\nb: &y {c: *x}\nd: [*y, *y]\n");
  CHECK(value.node()["d"][1]["c"].Scalar() == "word");
}

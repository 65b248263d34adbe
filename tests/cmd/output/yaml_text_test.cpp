#include "cmd/output/yaml_text.h"

#include <doctest/doctest.h>

#include "core/text.h"

using spdm::cmd::append_yaml;

TEST_CASE("yaml: what is empty stands on one line, strings in quotes, and numbers as in JSON") {
  std::string out;
  append_yaml(out, R"({"a":"no","b":[],"c":{},"d":[1,-2,true,null],"e":{"f":[{}]}})");
  CHECK(out == "a: \"no\"\nb: []\nc: {}\nd:\n  - 1\n  - -2\n  - true\n  - ~\ne:\n  f:\n    - {}\n");
  std::string item;
  append_yaml(item, R"({"a":1,"b":2})", true);
  CHECK(item == "- a: 1\n  b: 2\n");
}

TEST_CASE("yaml: a text of many pieces is whole") {
  std::string value, out;
  for (std::size_t i = 0; value.size() < (std::size_t{5} << 20) / 2; ++i) value += std::to_string(i);
  append_yaml(out, spdm::cat("{\"a\":\"", value, "\",\"b\":\"end\"}"));
  CHECK(out == spdm::cat("a: \"", value, "\"\nb: \"end\"\n"));
}

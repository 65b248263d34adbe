// JSON that is written front to back is what the library writes of the same tree.
#include "core/format/json_writer.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/text.h"

using namespace spdm;

namespace {

std::string written(const std::function<void(JsonWriter&)>& write, int indent = -1, int level = 0) {
  std::string out;
  JsonWriter writer(out, indent, level);
  write(writer);
  return out;
}

std::string dumped(const Json& tree, int indent = -1) { return tree.dump(indent, ' ', false, Json::error_handler_t::replace); }

// One of everything.
void write_all(JsonWriter& out) {
  out.object([&] {
    out.member("text", "a");
    out.member("true", true);
    out.member("least", std::numeric_limits<std::int64_t>::min());
    out.member("most", std::numeric_limits<std::uint64_t>::max());
    out.member("byte", std::uint8_t{7});
    out.key("null").null();
    out.key("empty").object([] {});
    out.strings("none", std::vector<std::string>{});
    out.strings("some", std::vector<std::string>{"b", "c"});
    out.key("inside").object([&] {
      out.key("list").array(std::vector<int>{1, 2}, [&](int one) { out.object([&] { out.member("one", one); }); });
    });
    out.member("tree", Json{{"a", {1, "b", nullptr, 1.5, Json::object(), Json::array()}}, {"key \"\x01", false}});
  });
}

}  // namespace

TEST_CASE("JSON writer: each kind of value, compact and on lines, as the library writes it") {
  const Json tree = tree_of(write_all);
  CHECK(tree["tree"]["a"][3] == 1.5);
  CHECK(tree["most"] == std::numeric_limits<std::uint64_t>::max());
  CHECK(tree["inside"]["list"][1]["one"] == 2);
  CHECK(written(write_all) == dumped(tree));
  CHECK(written(write_all, 2) == dumped(tree, 2));
  CHECK(written(write_all, 3) == dumped(tree, 3));
}

TEST_CASE("JSON writer: a tree is written as it is, also within a document") {
  std::string out;
  const Json tree = tree_of(write_all);
  append_json(out, tree, 2, 0);
  CHECK(out == dumped(tree, 2));
  const Json inside{{"devices", Json::array({tree})}};
  CHECK(dumped(inside, 2) == "{\n  \"devices\": [\n    " + written(write_all, 2, 2) + "\n  ]\n}");
}

TEST_CASE("JSON writer: every character, bytes that are no UTF-8, and what a device may send") {
  std::vector<std::string> texts{"", "\xC3\xA4", "\xED\xA0\x80", "\xF0\x9F\x98\x80", "a\xFF", "\x7F", "\xE2\x80\xAE", "\\\"/"};
  for (int c = 0; c < 256; ++c) texts.emplace_back(1, static_cast<char>(c));
  for (const std::string& text : texts) {
    CHECK(written([&](JsonWriter& out) { out.value(text); }) == dumped(text));
    CHECK(written([&](JsonWriter& out) { out.object([&] { out.member(text, 1); }); }) == dumped(Json{{text, 1}}));
    CHECK(written([&](JsonWriter& out) { out.value(Hostile{text}); }) == dumped(printable(text)));
  }
}

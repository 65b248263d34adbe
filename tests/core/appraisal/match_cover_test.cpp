// Which match leaves nothing over for another.
#include "core/appraisal/match_cover.h"

#include <doctest/doctest.h>
#include <fnmatch.h>

#include "core/appraisal/policy.h"
#include "core/text.h"

using namespace spdm;

namespace {

DeviceMatch match(const std::string& yaml) {
  Policy policy;
  add_policy_file(policy, "x.yaml", cat("version: 1\nrules: [{match: ", yaml, "}]\n"));
  return policy.rules.front().match;
}

}  // namespace

TEST_CASE("a match covers another: by each of its keys") {
  struct Pair {
    const char *wide, *narrow;
    bool covers;
  };
  for (const Pair& one : {
           Pair{"{}", "{}", true},
           Pair{"{}", "{vendor: \"1b36\"}", true},
           Pair{"{vendor: \"1b36\"}", "{}", false},
           Pair{"{vendor: \"1b36\"}", "{vendor: \"1B36\", device: \"0010\"}", true},
           Pair{"{vendor: \"1b36\", device: \"0010\"}", "{vendor: \"1b36\"}", false},
           Pair{"{vendor: \"1b36\"}", "{vendor: \"8086\"}", false},
           Pair{"{vendor: \"1b36\"}", "{device: \"1b36\"}", false},
           Pair{"{class: \"01\"}", "{class: \"0108\"}", true},
           Pair{"{class: \"01\"}", "{class: \"010802\"}", true},
           Pair{"{class: \"0108\"}", "{class: \"01\"}", false},
           Pair{"{class: \"0108\"}", "{class: \"0107\"}", false},
           Pair{"{class: \"01\"}", "{class: \"0201\"}", false},
           Pair{"{class: \"01\"}", "{class: \"0108\", bdf: \"0000:03:00.0\"}", true},
           Pair{"{class: \"01\", bdf: \"0000:04:*\"}", "{class: \"0108\", bdf: \"0000:03:00.0\"}", false},
           Pair{"{bdf: \"0000:03:*\"}", "{bdf: \"03:00.0\"}", true},
           Pair{"{bdf: \"0000:0[1-7]:*\"}", "{bdf: \"0000:0[3-5]:00.?\"}", true},
           Pair{"{bdf: \"0000:0[1-7]:*\"}", "{bdf: \"0000:0[3-8]:*\"}", false},
           Pair{"{bdf: \"0000:03:00.0\"}", "{bdf: \"0000:03:*\"}", false},
           Pair{"{target: \"emu://*\"}", "{target: \"emu://127.0.0.1:*\"}", true},
           Pair{"{target: \"*\"}", "{}", false},
           Pair{"{removable: true}", "{removable: true, vendor: \"1b36\"}", true},
           Pair{"{removable: true}", "{removable: false}", false},
           Pair{"{slot: \"3\"}", "{slot: \"4\"}", false},
           Pair{"{driver: nvme}", "{driver: nvme, class: \"01\"}", true},
           Pair{"{model: \"Example *\"}", "{model: \"Example SSD*\"}", true},
           Pair{"{firmware-revision: \"2.*\"}", "{firmware-revision: \"*\"}", false},
           Pair{"{endpoint: \"1:*\"}", "{endpoint: \"1:9\"}", true},
           Pair{"{subsystem-vendor: \"1af4\"}", "{subsystem-vendor: \"1af4\", subsystem: \"1100\"}", true},
       })
    CHECK_MESSAGE(covers(match(one.wide), match(one.narrow)) == one.covers, one.wide, " ", one.narrow);
}

TEST_CASE("a pattern covers another exactly when it fits all that the other fits") {
  const std::vector<std::string> patterns{"*",    "?",  "a",           "a*",      "*a",     "a*b", "[ab]", "[!a]", "[^b]*",
                                          "?*",   "*?", "a?",          "?a",      "[a-b]?", "**",  "",     "\\*",  "[*]",
                                          "[]a]", "[",  "[[:alpha:]]", "a[ab]*b", "*a*b*",  "aa",  "\\a",  "[a"};
  std::vector<std::string> texts{""};
  for (std::size_t begin = 0, length = 1; length <= 4; ++length) {
    const std::size_t end = texts.size();
    for (; begin < end; ++begin)
      for (const char c : {'a', 'b', '*', ']', '['}) texts.push_back(texts[begin] + c);
  }
  for (const std::string& wide : patterns)
    for (const std::string& narrow : patterns) {
      bool fits = true;
      for (const std::string& text : texts)
        fits = fits && (::fnmatch(narrow.c_str(), text.c_str(), 0) != 0 || ::fnmatch(wide.c_str(), text.c_str(), 0) == 0);
      // Texts are short, of few letters: they may fail to show that it does not cover, never that it does.
      if (pattern_covers(wide, narrow)) CHECK_MESSAGE(fits, wide, " does not cover ", narrow);
      if (fits && !pattern_covers(wide, narrow)) {
        const bool of_other_letters = narrow.find_first_of("?*!^[") != std::string::npos;
        CHECK_MESSAGE(of_other_letters, wide, " covers ", narrow);
      }
    }
  CHECK(pattern_covers("*a*b*", "*ab"));
  CHECK(pattern_covers("?*", "*?"));
  CHECK(pattern_covers("[[:alpha:]]", "[a-b]"));
  CHECK_FALSE(pattern_covers("[ab]", "?"));
  CHECK_FALSE(pattern_covers("a*", "[!b]*"));
}

TEST_CASE("patterns that nobody writes take bounded time") {
  std::string wide, narrow;
  for (int i = 0; i < 40; ++i) {
    wide += "*[ab]?";
    narrow += "?*[ba]*";
  }
  CHECK(pattern_covers("*", narrow));
  CHECK_FALSE(pattern_covers(wide + "c", narrow));
}

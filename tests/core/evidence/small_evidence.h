// The smallest evidence as text, and what is wrong with one that was changed.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/evidence/expect_error.h"
#include "core/evidence/file.h"

namespace small_evidence {

using namespace spdm;

inline constexpr std::string_view kSmall =
    R"({"schema":"spdmctl.evidence/1","collector":"","time":"","live":false,"binding":"none","host":{"target":"x"},)"
    R"("nonces":[],"messages":[{"from":"requester","data":"EIQAAA=="}]})";

inline std::string replaced(std::string_view from, std::string_view to) {
  std::string out(kSmall);
  const std::size_t at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

inline void refused(std::string_view json, const std::string& why) {
  CAPTURE(json.substr(0, 300));
  expect_error(ErrorId::bad_input, why, [&] { read_evidence(json, "e.json"); });
  expect_error(ErrorId::bad_input, "e.json: ", [&] { read_evidence(json, "e.json"); });
}

inline void refused(std::string_view from, std::string_view to, const std::string& why) { refused(replaced(from, to), why); }

}  // namespace small_evidence

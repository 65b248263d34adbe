// What stands at the head of every document of one kind, those of errors included.
#pragma once

#include <string_view>

namespace spdm::cmd {

struct DocumentKind {
  std::string_view schema;  // "spdmctl.report/2"; empty: errors are told on stderr alone
  bool devices = false;     // has "devices", empty where there is none
  bool verdict = false;     // has "verdict": undetermined where there is only an error
};

}  // namespace spdm::cmd

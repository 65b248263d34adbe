// Evidence from a file of any known kind. The contents decide which kind it is.
#pragma once

#include <string_view>

#include "core/evidence/evidence.h"

namespace spdm {

// A pcap capture or an evidence file. Throws Error{bad_input} naming `what`.
Evidence load_evidence(View bytes, std::string_view what);

}  // namespace spdm

// What a certificate says, as lines for people.
#pragma once

#include <string>
#include <vector>

#include "core/evidence/chain.h"

namespace spdm::cmd {

struct NamedLine {
  std::string name, value;  // the name is empty where the line goes on with what is above it
};

// All but its subject. Escaped already. Without `verbose` what is long is cut, and what matters to few is left out.
std::vector<NamedLine> certificate_lines(const CertificateInfo& certificate, bool verbose);

}  // namespace spdm::cmd

#include "cmd/output/pem.h"

#include "core/text.h"

namespace cmd {

std::string to_pem(spdm::View der, std::string_view label) {
  constexpr std::size_t kLine = 64;
  const std::string text = spdm::base64(der);
  std::string out = spdm::cat("-----BEGIN ", label, "-----\n");
  for (std::size_t at = 0; at < text.size(); at += kLine) out += text.substr(at, kLine) + "\n";
  return out + spdm::cat("-----END ", label, "-----\n");
}

std::string to_pem(spdm::View certificate) { return to_pem(certificate, "CERTIFICATE"); }

}  // namespace cmd

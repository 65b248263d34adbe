#include "cmd/output/pem.h"

#include "core/text.h"

namespace spdm::cmd {

std::string to_pem(View der, std::string_view label) {
  constexpr std::size_t kLine = 64;
  const std::string text = base64(der);
  std::string out = cat("-----BEGIN ", label, "-----\n");
  for (std::size_t at = 0; at < text.size(); at += kLine) out += text.substr(at, kLine) + "\n";
  return out + cat("-----END ", label, "-----\n");
}

std::string to_pem(View certificate) { return to_pem(certificate, "CERTIFICATE"); }

}  // namespace spdm::cmd

#include "cmd/pem.h"

namespace cmd {

std::string to_pem(spdm::View certificate) {
  constexpr std::size_t kLine = 64;
  const std::string text = spdm::base64(certificate);
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) out += text.substr(at, kLine) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}

}  // namespace cmd

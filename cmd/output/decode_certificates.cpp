#include "cmd/output/decode_certificates.h"

#include <nlohmann/json.hpp>

#include "certstore/keyring.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

Json certificates_json(View chain, const HashAlgorithm& hash) {
  const std::size_t header = 4 + hash.size;  // DSP0274 "Certificates and certificate chains": Length, RootHash
  if (chain.size() <= header) return nullptr;
  try {
    Json out = Json::array();
    for (const Bytes& der : certstore::read_certificate_list(chain.subspan(header), "chain")) {
      const CertificateInfo info = certstore::describe(der);
      out.push_back(Json{{"subject", printable(info.subject)},
                         {"issuer", printable(info.issuer)},
                         {"not_before", info.not_before},
                         {"not_after", info.not_after},
                         {"key", printable(info.key)},
                         {"sha256", info.sha256}});
    }
    return out.empty() ? Json(nullptr) : out;
  } catch (const Error&) {  // the bytes are shown as they are
    return nullptr;
  }
}

std::string certificates_text(const Json& certificates, std::string_view indent) {
  std::string out;
  std::size_t number = 0;
  const auto word = [](const Json& certificate, const char* key) { return certificate[key].get<std::string>(); };
  for (const Json& one : certificates) {
    out += cat(indent, "certificate ", ++number, ": ", word(one, "subject"), "\n");
    out += cat(indent, "    issuer: ", word(one, "issuer"), "\n");
    out += cat(indent, "    valid: ", word(one, "not_before"), " to ", word(one, "not_after"), "\n");
    out += cat(indent, "    key: ", word(one, "key"), "\n");
    out += cat(indent, "    sha256: ", word(one, "sha256"), "\n");
  }
  return out;
}

}  // namespace spdm::cmd

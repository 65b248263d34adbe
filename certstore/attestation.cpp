#include "certstore/attestation.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

constexpr std::size_t kMostShown = 4;  // that are not decoded

struct Known {
  std::string_view oid, name;
  void (*read)(View value, ExtensionInfo& out);  // nullptr: its name is all that is known
};
constexpr std::array kKnown{
    // TCG DICE Attestation Architecture 1.1, 6.1. DiceTcbInfo has a second identifier in certificates of GPUs.
    Known{"2.23.133.5.4.1", "tcg-dice-TcbInfo", read_tcb_info},
    Known{"2.23.133.5.4.1.1", "tcg-dice-TcbInfo", read_tcb_info},
    Known{"2.23.133.5.4.2", "tcg-dice-endorsement-manifest", nullptr},
    Known{"2.23.133.5.4.3", "tcg-dice-endorsement-manifest-uri", nullptr},
    Known{"2.23.133.5.4.4", "tcg-dice-Ueid", read_ueid},
    Known{"2.23.133.5.4.5", "tcg-dice-MultiTcbInfo", read_multi_tcb_info},
    Known{"2.23.133.5.4.6", "tcg-dice-UCCS-evidence", nullptr},
    Known{"2.23.133.5.4.7", "tcg-dice-manifest-evidence", nullptr},
    Known{"2.23.133.5.4.8", "tcg-dice-MultiTcbInfoComp", nullptr},
    Known{"2.23.133.5.4.9", "tcg-dice-conceptual-message-wrapper", read_wrapper},
    Known{"2.23.133.5.4.11", "tcg-dice-TcbFreshness", nullptr},
    Known{"1.3.6.1.5.5.7.1.35", "id-pe-cmw", read_wrapper},  // draft-ietf-rats-msg-wrap
    Known{"1.3.6.1.4.1.311.89.3.1", "riot-CompositeDeviceID", read_riot},
    Known{"1.3.6.1.4.1.11129.2.1.24", "open-dice-input", read_open_dice},  // Open Profile for DICE, X.509 CDI Certificates
    // OCP: identifiers of attributes and of profiles. As extensions they have no syntax.
    Known{"1.3.6.1.4.1.42623.1.1", "ocp-security-1", nullptr},
    Known{"1.3.6.1.4.1.42623.1.2", "ocp-security-dip-kda", nullptr},
    Known{"1.3.6.1.4.1.42623.1.3", "ocp-eat-profile", nullptr},
};

const Known* find_known(std::string_view oid) {
  const auto* const it = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& known) { return known.oid == oid; });
  return it == kKnown.end() ? nullptr : it;
}

}  // namespace

bool is_decoded(std::string_view oid) {
  const Known* known = find_known(oid);
  return known != nullptr && known->read != nullptr;
}

ExtensionInfo read_extension(std::string oid, bool critical, View value) {
  ExtensionInfo out;
  const Known* const known = find_known(oid);
  out.oid = std::move(oid);
  out.critical = critical;
  out.size = value.size();
  if (known == nullptr) return out;
  out.name = known->name;
  if (known->read == nullptr) return out;
  try {
    ExtensionInfo decoded = out;
    known->read(value, decoded);
    decoded.processed = true;
    return decoded;
  } catch (const Error& error) {
    out.fault = error.what();
  }
  return out;
}

std::vector<ExtensionInfo> extensions_of(const X509* certificate, std::size_t& more) {
  std::vector<ExtensionInfo> out;
  std::size_t undecoded = 0;
  for (int at = 0; at < X509_get_ext_count(certificate); ++at) {
    X509_EXTENSION* const extension = X509_get_ext(certificate, at);
    std::string id = dotted(X509_EXTENSION_get_object(extension));
    if (X509V3_EXT_get(extension) != nullptr || id == kSpdmExtensionId) continue;
    const bool decoded = is_decoded(id);
    const bool twice = decoded && std::any_of(out.begin(), out.end(), [&](const ExtensionInfo& other) { return other.oid == id; });
    if (twice || (!decoded && undecoded == kMostShown)) {
      ++more;
      continue;
    }
    if (!decoded) ++undecoded;
    const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(extension);
    out.push_back(read_extension(std::move(id), X509_EXTENSION_get_critical(extension) != 0,
                                 {ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))}));
  }
  return out;
}

}  // namespace spdm::certstore

// The Commercial National Security Algorithm Suite 2.0 (NSA, CNSA 2.0): whether all that was used is of it. Its signatures for firmware,
// LMS and XMSS, are none of SPDM.
#include <algorithm>
#include <array>

#include "core/appraisal/appraiser.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array<std::string_view, 1> kSignatures{"ML-DSA-87"}, kKeyExchanges{"ML-KEM-1024"}, kCiphers{"AES-256-GCM"};
constexpr std::array<std::string_view, 2> kHashes{"SHA-384", "SHA-512"};

constexpr std::string_view kOffer = "offer only algorithms of the suite to a device that has them: --asym, --hash, --key-exchange, --aead";
constexpr std::string_view kOtherChain = "choose a slot whose chain is of the suite, --slot N, or ask the vendor for one";

std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view one : names) out += cat(out.empty() ? "" : " or ", one);
  return out;
}

}  // namespace

// `what`: what the algorithm is for.
void Appraiser::weigh_suite(const std::string& where, std::string_view what, std::string_view algorithm,
                            std::span<const std::string_view> suite, std::string_view remedy) {
  if (std::find(suite.begin(), suite.end(), algorithm) != suite.end()) return;
  unmet(Demand::cnsa2,
        {FindingId::algorithm_not_of_suite, where,
         cat("the ", what, " is ", algorithm.empty() ? "not known" : printable(algorithm), ", CNSA 2.0 asks for ", listed(suite)),
         std::string(remedy)});
}

void Appraiser::weigh_suite_of_chain(const ChainResult& chain) {
  for (std::size_t i = 0; i < chain.certificates.size(); ++i) {
    const CertificateInfo& certificate = chain.certificates[i];
    const std::string where = cat(slot_name(chain.slot), ", certificate ", i + 1);
    weigh_suite(where, "key", certificate.key, kSignatures, kOtherChain);
    weigh_suite(where, "signature of its issuer", certificate.signature_algorithm, kSignatures, kOtherChain);
  }
}

void Appraiser::weigh_suite_of_session(const SessionReport& session) {
  const std::string where = cat("session 0x", hex(session.id, 8));
  if (session.kind == SessionKind::key_exchange) weigh_suite(where, "key exchange", session.key_exchange, kKeyExchanges, kOffer);
  weigh_suite(where, "cipher", session.aead, kCiphers, kOffer);
  if (session.requester_slot)
    weigh_suite(where, "signature of the requester", session.requester_asym, kSignatures, "give a key of the suite with --requester-key");
}

void Appraiser::demand_cnsa2() {
  const Parameters* parameters = report_.connection && report_.connection->knows_algorithms() ? &report_.connection->parameters : nullptr;
  if (parameters == nullptr || parameters->asym == nullptr || parameters->hash == nullptr)
    return undecided(Demand::cnsa2, "no algorithms were negotiated", "see the findings above");
  const std::vector<const ChainResult*> counted = counted_chains();
  if (counted.empty()) return undecided(Demand::cnsa2, "no certificate chain was read", "see the findings above");
  weigh_suite("ALGORITHMS", "signature", parameters->asym->name, kSignatures, kOffer);
  weigh_suite("ALGORITHMS", "hash", parameters->hash->name, kHashes, kOffer);
  const bool measures = parameters->measurement_specification != 0 && parameters->measurement_hash != nullptr;
  if (measures) weigh_suite("ALGORITHMS", "measurement hash", parameters->measurement_hash->name, kHashes, kOffer);
  for (const ChainResult* chain : counted) weigh_suite_of_chain(*chain);
  for (const SessionReport& session : report_.connection->sessions) weigh_suite_of_session(session);
}

}  // namespace spdm

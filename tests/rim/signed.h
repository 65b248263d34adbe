// Documents that are signed on the spot, by no library of XML: they are written in their canonical form, so that what is signed are the
// bytes as they stand. A second opinion on the library, and any defect can be made.
#pragma once

#include <string>

#include "core/crypto/crypto.h"
#include "core/text.h"
#include "support/pki.h"

namespace rim_test {

using spdm::Bytes;
using spdm::cat;

inline constexpr const char* kSha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
inline constexpr const char* kSha384 = "http://www.w3.org/2001/04/xmlenc#sha384";
inline constexpr const char* kSha512 = "http://www.w3.org/2001/04/xmlenc#sha512";
inline constexpr const char* kDsig = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr const char* kMore = "http://www.w3.org/2001/04/xmldsig-more#";
inline constexpr const char* kExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr const char* kInclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
inline constexpr const char* kInclusive11 = "http://www.w3.org/2006/12/xml-c14n11";
inline constexpr const char* kSwid = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";

inline std::string digest(char digit, std::size_t bytes = 48) { return std::string(2 * bytes, digit); }

// One measurement, in the canonical order of its attributes.
inline std::string entry(const std::string& index, const std::string& hashes, const std::string& active = "True",
                         const std::string& alternatives = "1", const std::string& more = " size=\"48\"") {
  return cat("<Resource active=\"", active, "\" alternatives=\"", alternatives, "\" index=\"", index, "\" name=\"Measurement_", index, "\"",
             more, " type=\"Measurement\" ", hashes, "></Resource>");
}
inline std::string entry(unsigned index, char digit) { return entry(std::to_string(index), cat("h:Hash0=\"", digest(digit), "\"")); }

inline const std::string kOpen = cat("<SoftwareIdentity xmlns=\"", kSwid, "\" xmlns:h=\"", kSha384, "\" xmlns:k=\"", kSha256, "\">");
inline const std::string kEnd = "</SoftwareIdentity>";

// A document that lists these entries. It has no line break and no blank that its canonical form would not have.
inline std::string document(const std::string& entries) {
  return cat(kOpen, "<Meta colloquialVersion=\"1.2\" product=\"X100\"></Meta><Payload>", entries, "</Payload>", kEnd);
}

// How it is signed. The defaults are those of NVIDIA's, but for the canonical form of SignedInfo, which needs no namespaces of the root.
struct Recipe {
  std::string canonical = kExclusive;
  std::string method = cat(kMore, "ecdsa-sha384");
  std::string uri = " URI=\"\"";
  std::string transforms = cat("<ds:Transform Algorithm=\"", kDsig, "enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"",
                               kInclusive11, "\"></ds:Transform>");
  std::string digest_method = cat(kMore, "sha384");
  std::string asym = "ECDSA-P384", hash = "SHA-384", digest_hash = "SHA-384";
  std::string in_reference, in_info, before_info, key_info, after;  // more elements
};

// The signature element for a document that ends with kEnd.
inline std::string signature_over(const std::string& document, const pki::Key& key, const Recipe& recipe = {}) {
  const std::string digest = spdm::base64(spdm::crypto::hash(*spdm::find_hash(recipe.digest_hash), spdm::as_bytes(document)));
  const std::string inside =
      cat("<ds:CanonicalizationMethod Algorithm=\"", recipe.canonical, "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"",
          recipe.method, "\"></ds:SignatureMethod><ds:Reference", recipe.uri, "><ds:Transforms>", recipe.transforms,
          "</ds:Transforms><ds:DigestMethod Algorithm=\"", recipe.digest_method, "\"></ds:DigestMethod><ds:DigestValue>", digest,
          "</ds:DigestValue>", recipe.in_reference, "</ds:Reference>", recipe.in_info, "</ds:SignedInfo>");
  // The canonical form shows the namespaces that are in scope; the exclusive one, those that are used.
  const std::string scope = recipe.canonical == kExclusive ? "" : cat(" xmlns=\"", kSwid, "\"");
  const std::string more = recipe.canonical == kExclusive ? "" : cat(" xmlns:h=\"", kSha384, "\" xmlns:k=\"", kSha256, "\"");
  const std::string info = cat("<ds:SignedInfo", scope, " xmlns:ds=\"", kDsig, "\"", more, ">", inside);
  const spdm::HashAlgorithm& hash = *spdm::find_hash(recipe.hash);
  const Bytes value =
      spdm::crypto::sign(key.private_key(), *spdm::find_asym(recipe.asym), hash, 0x11, "", spdm::crypto::hash(hash, spdm::as_bytes(info)));
  return cat("<ds:Signature xmlns:ds=\"", kDsig, "\">", recipe.before_info, "<ds:SignedInfo>", inside, "<ds:SignatureValue>",
             spdm::base64(value), "</ds:SignatureValue>", recipe.key_info, recipe.after, "</ds:Signature>");
}

inline std::string with(const std::string& document, const std::string& signature) {
  return document.substr(0, document.size() - kEnd.size()) + signature + kEnd;
}

inline std::string sign(const std::string& document, const pki::Key& key, const Recipe& recipe = {}) {
  return with(document, signature_over(document, key, recipe));
}

}  // namespace rim_test

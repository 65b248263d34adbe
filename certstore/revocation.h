// What the two sources of revocation, lists and OCSP responses, share. Internal to this folder.
#pragma once

#include <optional>
#include <string>

#include "certstore/validation.h"

namespace spdm::certstore {

// A certificate of the path and the one above it.
struct Link {
  X509* certificate;
  X509* issuer;              // nullptr: neither was it sent, nor has the keyring it
  std::string below, above;  // their places, for findings
  bool told;                 // the report has the issuer also where there is no source of it; false at the anchor and above
};

// What the sources of one kind say of the certificate of a link.
struct Heard {
  std::optional<CrlInfo> newest;  // the source that counts; nothing where there is none that shows anything
  std::optional<Revocation> revocation;
};

// Each adds findings about sources that cannot be relied on, or are stale.
Heard hear_lists(Validation& j, const Link& link);
Heard hear_ocsp(Validation& j, const Link& link);

// Why a certificate that signs for an issuer may not be trusted: a usable list of the issuer, or the deny list, has it. Empty when
// there is no reason.
std::string reason_against(const Validation& j, X509* certificate, X509* issuer);

}  // namespace spdm::certstore

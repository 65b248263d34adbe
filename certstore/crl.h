// Certificate revocation lists (RFC 5280 5) of a keyring: whole lists of one issuer, PEM or DER.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

struct X509_crl_st;  // of OpenSSL

namespace spdm::certstore {

inline constexpr std::size_t kMaxRevocations = 200'000;  // of one list

struct Crl {
  std::string file;
  std::string issuer;                    // RFC 2253, raw
  std::string this_update, next_update;  // RFC 3339, UTC; next_update is empty where the list has none
  std::string number;                    // hex; empty where the list has none
  std::size_t revocations = 0;
  std::string unusable;  // why it is unusable, whoever signed it; empty: usable, once its signature is verified
  std::shared_ptr<X509_crl_st> list;
};

// Every list of a PEM (one or more) or DER (exactly one) file; throws Error{bad_input} naming `what` for anything else.
std::vector<Crl> read_crls(View file, std::string_view what);

}  // namespace spdm::certstore

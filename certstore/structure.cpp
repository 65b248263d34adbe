// DSP0274 "Certificate chain format": Length, Reserved, RootHash, then certificates in DER without a gap.
#include <algorithm>

#include "certstore/der.h"
#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kVendor = "the device or its provisioning is defective: report it to the vendor";

// Length has 16 bits and 16 reserved ones before 1.4, and 32 bits since.
void check_length(Validation& j) {
  const View chain = j.input.chain;
  const bool wide = j.input.version >= k14;
  const std::uint32_t low = static_cast<std::uint32_t>(chain[0] | chain[1] << 8),
                      high = static_cast<std::uint32_t>(chain[2] | chain[3] << 8);
  const std::uint32_t length = wide ? low | high << 16 : low;
  if (length != chain.size())
    j.find(chain_length, cat(j.slot(), ", Length"), cat("Length is ", length, ", the chain has ", chain.size(), " bytes"),
           std::string(kVendor));
  if (!wide && high != 0)
    j.find(chain_malformed, cat(j.slot(), ", Reserved"),
           cat("the bytes after Length are 0x", hex(high, 4), ", in SPDM ", version_name(j.input.version), " they are zero"),
           std::string(kVendor));
}

bool split(Validation& j, View area, std::vector<View>& out) {
  const std::string remedy(kVendor);
  while (!area.empty()) {
    const std::string where = cat(j.slot(), ", certificate ", out.size() + 1);
    if (out.size() == kMaxCertificates) {
      j.find(chain_malformed, where, cat("more than ", kMaxCertificates, " certificates"), remedy);
      return false;
    }
    if (area.front() != kSequence) {
      j.find(chain_malformed, where, cat(area.size(), " bytes follow that are not a certificate, the first is 0x", hex(area.front(), 2)),
             remedy);
      return false;
    }
    std::string why;
    const auto element = take_element(area, why);
    if (!element) {
      j.find(chain_malformed, where, cat("not DER: ", why), remedy);
      return false;
    }
    out.push_back(element->whole);
  }
  if (out.empty()) j.find(chain_malformed, j.slot(), "the chain has no certificate", remedy);
  return !out.empty();
}

bool parse(Validation& j, const std::vector<View>& certificates) {
  bool good = true;
  for (const View& der : certificates) {
    // What is there twice is two certificates on the path, although it is no good path.
    const bool is_leaf = &der == &certificates.back();
    const bool twice = std::any_of(j.result.certificates.begin(), j.result.certificates.end(),
                                   [&](const CertificateInfo& other) { return equal(other.der, der); });
    Decoded decoded = is_leaf || twice ? decode(der) : j.issuers.decode(der);
    good = good && decoded.certificate;
    j.result.certificates.push_back(std::move(decoded.info));
    j.received.push_back(std::move(decoded.certificate));
  }
  for (std::size_t i = 0; i < j.received.size(); ++i)
    if (!j.received[i]) j.find(certificate_malformed, j.place(i), "not an X.509 certificate", std::string(kVendor));
  return good;
}

void check_digest(Validation& j) {
  if (j.input.digest.empty()) return;
  const Bytes own = crypto::hash(*j.input.hash, j.input.chain);
  if (!equal(own, j.input.digest))
    j.find(digest_mismatch, j.slot(),
           cat("DIGESTS has ", hex(j.input.digest), ", the ", j.input.hash->name, " of the chain in CERTIFICATE is ", hex(own)),
           "the chain changed between the two messages, or one of them was altered on the way: read both again");
}

// The first certificate is the root when it is self-issued, or when RootHash is its hash. A responder may omit the
// root; then an anchor must match RootHash.
void check_root_hash(Validation& j) {
  const Bytes own = crypto::hash(*j.input.hash, j.result.certificates.front().der);
  const bool same = equal(own, j.root_hash);
  j.has_root = (same && !j.input.is_bare) || self_issued(j.received.front().get());
  if (j.input.is_bare) {
    if (j.has_root) j.result.root_fingerprint = j.result.certificates.front().sha256;
    return;
  }
  j.result.root_fingerprint = j.has_root ? j.result.certificates.front().sha256 : cat("RootHash ", hex(j.root_hash));
  if (j.has_root && !same)
    j.find(root_hash_mismatch, cat(j.slot(), ", RootHash"),
           cat("RootHash is ", hex(j.root_hash), ", the ", j.input.hash->name, " of the root certificate is ", hex(own)),
           std::string(kVendor));
}

// Length, Reserved and RootHash.
std::size_t header_of(const ChainInput& input) { return input.is_bare ? 0 : 4 + input.hash->size; }

}  // namespace

View certificates_in(const ChainInput& input) { return input.chain.subspan(std::min(header_of(input), input.chain.size())); }

bool check_structure(Validation& j) {
  const std::size_t header = header_of(j.input);
  if (!j.input.is_bare && j.input.chain.size() <= header) {
    j.find(chain_malformed, j.slot(),
           cat("the chain has ", j.input.chain.size(), " bytes, Length, Reserved and RootHash alone have ", header), std::string(kVendor));
    return false;
  }
  if (!j.input.is_bare) {
    check_length(j);
    j.root_hash = j.input.chain.subspan(4, j.input.hash->size);
    j.result.root_fingerprint = cat("RootHash ", hex(j.root_hash));
  }
  std::vector<View> certificates;
  const bool whole = split(j, j.input.chain.subspan(header), certificates);
  const bool parsed = parse(j, certificates);
  if (!crypto::supports(*j.input.hash)) {
    j.unsupported = true;
    j.find(crypto_unsupported, j.slot(), cat(crypto::library_version(), " has no ", j.input.hash->name, ": RootHash cannot be checked"),
           cat("use an OpenSSL that has ", j.input.hash->name));
    return false;
  }
  check_digest(j);
  if (!whole || !parsed) return false;
  check_root_hash(j);
  return true;
}

}  // namespace spdm::certstore

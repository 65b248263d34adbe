#include "certstore/lookup.h"

#include "certstore/outline.h"
#include "certstore/x509.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using OwnedName = crypto::Owned<X509_NAME, X509_NAME_free>;

// The same for names that X509_NAME_cmp() takes for the same. Where it cannot be had, it is zero for every name.
unsigned long hash_of(const X509_NAME* name) {
  const unsigned long out = X509_NAME_hash_ex(name, nullptr, nullptr, nullptr);
  ERR_clear_error();
  return out;
}

unsigned long hash_of_subject(View der) {
  if (const std::optional<Outline> outline = outline_of(der)) {
    const std::uint8_t* at = outline->subject.data();
    if (const OwnedName name(d2i_X509_NAME(nullptr, &at, static_cast<long>(outline->subject.size()))); name) return hash_of(name.get());
  }
  const crypto::OwnedX509 certificate = parse_x509(der);
  return certificate ? hash_of(X509_get_subject_name(certificate.get())) : 0;
}

}  // namespace

const Entry* Lookup::by_hash(const HashAlgorithm& algorithm, View hash) const {
  if (algorithm.name == "SHA-256") return by_fingerprint(hex(hash));
  const std::lock_guard lock(mutex_);
  const auto [hashes, is_new] = hashes_.try_emplace(algorithm.bit);
  if (is_new)
    for (const Entry& entry : keyring_.entries()) hashes->second.emplace(as_text(crypto::hash(algorithm, entry.der())), &entry);
  const auto found = hashes->second.find(std::string(as_text(hash)));
  return found == hashes->second.end() ? nullptr : found->second;
}

std::vector<const Entry*> Lookup::with_subject(const X509_name_st* name) const {
  const std::lock_guard lock(mutex_);
  if (!has_names_)
    for (const Entry& entry : keyring_.entries()) names_[hash_of_subject(entry.der())].push_back(&entry);
  has_names_ = true;
  const auto found = names_.find(hash_of(name));
  return found == names_.end() ? std::vector<const Entry*>() : found->second;
}

}  // namespace spdm::certstore

#include "certstore/spki.h"

#include <doctest/doctest.h>

#include "support/pki.h"

TEST_CASE("the key of a certificate is the one it was made for; what is no certificate has none") {
  pki::Profile profile;
  profile.key = pki::Key::make("EC", "P-256");
  const spdm::Bytes der = pki::issue(profile).der;
  CHECK(spdm::certstore::spki_of(der) == profile.key.spki());
  CHECK(spdm::certstore::spki_of({}).empty());
  CHECK(spdm::certstore::spki_of(spdm::View(der).first(der.size() - 1)).empty());
}

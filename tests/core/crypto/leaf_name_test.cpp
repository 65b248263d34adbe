// What the leaf calls the device: its device information, else its subject.
#include "core/crypto/leaf_name.h"

#include <doctest/doctest.h>

#include "support/pki.h"

using namespace spdm;

namespace {

Bytes chain_with(const pki::Profile& leaf) {
  Bytes out = pki::sample().root.der;
  append(out, pki::issue(leaf, &pki::sample().root).der);
  return out;
}

pki::Profile leaf_called(const std::string& subject) {
  pki::Profile out = pki::leaf("device", pki::Key::make("EC", "P-256"));
  out.subject = subject;
  std::erase_if(out.extensions, [](const auto& extension) { return extension.first == "subjectAltName"; });
  return out;
}

}  // namespace

TEST_CASE("the device information names it, and not that of certificates above it") {
  pki::Profile leaf = leaf_called("CN=device, O=ACME");
  leaf.extensions.emplace_back("subjectAltName", "DNS:host,otherName:1.3.6.1.4.1.412.274.1;UTF8:ACME:WIDGET:0123456789");
  CHECK(crypto::leaf_name(chain_with(leaf)) == "ACME:WIDGET:0123456789");
}

TEST_CASE("without one it is the subject, as RFC 4514 writes it") {
  CHECK(crypto::leaf_name(chain_with(leaf_called("C=CA, O=ACME, CN=0123456789"))) == "CN=0123456789,O=ACME,C=CA");
  pki::Profile other = leaf_called("CN=device");
  other.extensions.emplace_back("subjectAltName", "otherName:1.3.6.1.4.1.412.274.2;UTF8:no device information");
  CHECK(crypto::leaf_name(chain_with(other)) == "CN=device");
}

TEST_CASE("what is no certificate has no name") {
  CHECK(crypto::leaf_name({}).empty());
  CHECK(crypto::leaf_name(Bytes(40, 0x30)).empty());
  Bytes torn = chain_with(leaf_called("CN=device"));
  torn.pop_back();
  CHECK(crypto::leaf_name(torn).empty());
}

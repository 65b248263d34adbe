// Our chain and our key, as a device is told of them.
#include "core/session/requester_identity.h"

#include "core/session/session_run.h"

using namespace spdm;

namespace {

Parameters parameters(std::uint8_t version = k14) {
  Parameters out;
  out.version = version;
  out.hash = find_hash("SHA-384");
  out.req_asym = find_asym("ECDSA-P256");
  return out;
}

}  // namespace

TEST_CASE("our chain: PEM or DER, in any order, with its root and the key of its leaf") {
  const pki::Chain& chain = fake::our_chain();
  Bytes der;
  for (const Bytes& certificate : {chain.leaf.der, chain.root.der, chain.intermediate.der}) append(der, certificate);
  const RequesterIdentity identity = RequesterIdentity::with_chain(der, "chain.der", chain.leaf.key.private_key());
  CHECK(identity.has_chain());
  CHECK(identity.slot() == 0);
  CHECK(identity.identity(parameters()) == fake::our_spdm_chain("SHA-384"));
  CHECK(fake::our_identity().identity(parameters()) == fake::our_spdm_chain("SHA-384"));

  expect_error(ErrorId::bad_input, "chain.der: the private key is not that of the last certificate",
               [&] { RequesterIdentity::with_chain(der, "chain.der", pki::Key::make("EC", "P-256").private_key()); });
  Bytes rootless = chain.intermediate.der;
  append(rootless, chain.leaf.der);
  expect_error(ErrorId::bad_input, "the root of the chain is missing",
               [&] { RequesterIdentity::with_chain(rootless, "chain.der", chain.leaf.key.private_key()); });
  expect_error(ErrorId::bad_input, "chain.der", [&] { RequesterIdentity::with_chain({}, "chain.der", chain.leaf.key.private_key()); });
}

TEST_CASE("a provisioned key: the device has it, and its transcripts have the key itself") {
  const pki::Key key = fake::our_chain().leaf.key;
  const RequesterIdentity identity = RequesterIdentity::with_key(key.private_key());
  CHECK_FALSE(identity.has_chain());
  CHECK(identity.slot() == kProvisionedKey);
  CHECK(identity.identity(parameters()) == key.spki());
}

TEST_CASE("what our key can sign with, by version") {
  const RequesterIdentity p256 = fake::our_identity();
  CHECK(p256.algorithms(k11, false) == find_asym("ECDSA-P256")->bit);
  CHECK(p256.algorithms(k14, true) == 0);
  const auto bits = [](const char* name) { return find_asym(name)->bit; };
  const RequesterIdentity rsa = RequesterIdentity::with_key(pki::Key::shared(*find_asym("RSASSA-2048")).private_key());
  CHECK(rsa.algorithms(k12, false) == (bits("RSASSA-2048") | bits("RSAPSS-2048")));
  const RequesterIdentity ed25519 = RequesterIdentity::with_key(pki::Key::make("ED25519").private_key());
  CHECK(ed25519.algorithms(k12, false) == bits("Ed25519"));
  CHECK_FALSE(ed25519.can_sign(k11));
}

TEST_CASE("CERTIFICATE of ours: portions, the size of the slot, and how much fits") {
  const RequesterIdentity identity = fake::our_identity();
  const Parameters p = parameters();
  const Bytes whole = identity.identity(p);
  const auto ask = [&](const GetCertificate& request, std::size_t room = 65536) {
    const Bytes answer = identity.certificate(request, p, room);
    Reader reader(answer, "CERTIFICATE");
    Parameters mirrored = p;
    std::swap(mirrored.requester, mirrored.responder);
    return CertificateResponse::decode(reader, request, mirrored);
  };
  GetCertificate request{.slot = 0, .large = false, .slot_size_requested = false, .offset = 10, .length = 20};
  CHECK(ask(request).portion == Bytes(whole.begin() + 10, whole.begin() + 30));
  CHECK(ask(request).remainder == whole.size() - 30);
  request.length = 0xFFFF - 10;
  CHECK(ask(request, 108).portion.size() == 100);
  CHECK(ask(request).portion.size() == whole.size() - 10);
  request.slot_size_requested = true;
  CHECK(ask(request).portion.empty());
  CHECK(ask(request).remainder == whole.size());
  CHECK(is_error(identity.certificate({.slot = 0, .length = 5}, p, 8)));
}

TEST_CASE("A29 1.4: the large form is answered where we have said that we can, whatever the device has said") {
  const RequesterIdentity identity = fake::our_identity();
  Parameters p = parameters();
  const GetCertificate request{.slot = 0, .large = true, .slot_size_requested = false, .offset = 0, .length = 0xFFFFFFFF};
  CHECK(is_error(identity.certificate(request, p, 65536)));
  p.requester.flags = cap::large_resp;
  const Bytes answer = identity.certificate(request, p, 65536);
  Reader reader(answer, "CERTIFICATE");
  CHECK(CertificateResponse::decode(reader, request, p).portion == identity.identity(p));
}

TEST_CASE("a chain of 64 KiB and more is read in the large form only; an ERROR of 1.4 says so") {
  Bytes der = fake::our_chain().root.der;
  pki::Profile big = pki::intermediate("big", pki::Key::make("EC", "P-256"));
  big.extensions.emplace_back("nsComment", std::string(70000, 'x'));
  const pki::Certificate intermediate = pki::issue(big, &fake::our_chain().root);
  const pki::Certificate leaf = pki::issue(pki::leaf("host", pki::Key::make("EC", "P-256")), &intermediate);
  append(der, intermediate.der);
  append(der, leaf.der);
  const RequesterIdentity identity = RequesterIdentity::with_chain(der, "chain.der", leaf.key.private_key());
  Parameters p = parameters();
  const GetCertificate small{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 0xFFFF};
  const Bytes refused = identity.certificate(small, p, 65536);
  CHECK(static_cast<ErrorCode>(refused.at(2)) == ErrorCode::data_too_large);
  CHECK(Reader(View(refused).subspan(4), "ERROR").u32("size") == identity.identity(p).size());
  CHECK(is_error(identity.certificate(small, parameters(k12), 65536)));
  p.requester.flags = cap::large_resp;
  const GetCertificate large{.slot = 0, .large = true, .slot_size_requested = false, .offset = 0, .length = 0xFFFFFFFF};
  CHECK(identity.certificate(large, p, 1U << 20).size() == 16 + identity.identity(p).size());
}

TEST_CASE("CHALLENGE of ours: only of our slot, and without measurements, which a requester has not") {
  const RequesterIdentity identity = fake::our_identity();
  Challenge request;
  CHECK_FALSE(is_error(identity.challenge_auth(request, parameters(), {})));
  request.slot = 1;
  CHECK(is_error(identity.challenge_auth(request, parameters(), {})));
  request.slot = 0;
  request.summary = Summary::all;
  CHECK(is_error(identity.challenge_auth(request, parameters(), {})));
}

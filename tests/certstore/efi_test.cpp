#include "certstore/efi.h"

#include <doctest/doctest.h>

#include "certstore/fingerprint.h"
#include "core/format/fingerprint.h"
#include "owned.h"

using namespace test;
using spdm::cat;

namespace {

const Bytes kX509 = spdm::unhex("a159c0a5e494a74a87b5ab155c2bf072", "GUID");
const Bytes kSha256 = spdm::unhex("2616c4c14c509240aca941f936934328", "GUID");

Bytes list_of(const Bytes& type, const std::vector<Bytes>& signatures, std::size_t header = 0) {
  spdm::Writer out;
  const std::size_t each = 16 + signatures.at(0).size();
  out.bytes(type).u32(28 + header + each * signatures.size()).u32(header).u32(each).zeros(header);
  for (const Bytes& signature : signatures) out.zeros(16).bytes(signature);
  return out.take();
}

std::string refusal(const Bytes& file) {
  return message_of([&] { spdm::certstore::read_efi_signatures(file, "db"); });
}

}  // namespace

TEST_CASE("EFI signatures: certificates and hashes, with and without the attributes of a variable") {
  const Bytes root = pki::sample().root.der, other = pki::sample().intermediate.der;
  const Bytes lists = joined({list_of(kX509, {root}), list_of(kSha256, {Bytes(32, 1), Bytes(32, 2)}), list_of(kX509, {other}, 4),
                              list_of(Bytes(16, 9), {Bytes(3, 3)})});
  for (const bool attributes : {false, true}) {
    CAPTURE(attributes);
    const spdm::certstore::EfiSignatures found =
        spdm::certstore::read_efi_signatures(attributes ? joined({{0x27, 0, 0, 0}, lists}) : lists, "db");
    CHECK(found.certificates == std::vector<Bytes>{root, other});
    CHECK(found.hashes == 2);
    CHECK(found.others == 1);
  }
}

TEST_CASE("EFI signatures: what does not add up is refused by name") {
  const Bytes root = pki::sample().root.der;
  Bytes list = list_of(kX509, {root});
  CHECK(contains(refusal({}), "db: signature list 0: EFI signature database: file: empty"));
  CHECK(contains(refusal({0x27, 0, 0, 0}), "empty"));
  CHECK(contains(refusal(Bytes(list.begin(), list.end() - 1)), "signature list 1"));
  CHECK(contains(refusal(joined({list, Bytes(list.begin(), list.begin() + 20)})), "signature list 2"));
  Bytes small = list;
  small[16] = 27, small[17] = 0;
  CHECK(contains(refusal(small), "27 bytes are less than its header"));
  Bytes none = list;
  none[24] = 16, none[25] = 0;
  CHECK(contains(refusal(none), "16 bytes leave no room"));
  Bytes uneven = list;
  uneven[24] = static_cast<std::uint8_t>(uneven[24] - 1);
  CHECK(contains(refusal(uneven), "are not signatures of"));
  Bytes trailing = root;
  trailing.push_back(0);
  CHECK(contains(refusal(list_of(kX509, {trailing})), "not a certificate"));
  CHECK(contains(refusal(list_of(kX509, {Bytes(20, 0x30)})), "not a certificate"));
}

TEST_CASE("lists of certificates: DER and PEM, one after the other") {
  const Bytes root = pki::sample().root.der, other = pki::sample().intermediate.der;
  const std::string pem = "\n" + pki::pem(root) + "\n" + pki::pem(other);
  const Bytes mixed = joined({root, other, {pem.begin(), pem.end()}, root});
  CHECK(spdm::certstore::read_certificate_list(mixed, "list") == std::vector<Bytes>{root, other, root, other, root});
  const auto why = [](const Bytes& file) { return message_of([&] { spdm::certstore::read_certificate_list(file, "list"); }); };
  CHECK(contains(why({}), "list: no certificate in it"));
  CHECK(contains(why(joined({root, {'x', 'y'}})), cat("list, byte ", root.size(), ": not a certificate")));
  CHECK(contains(why(Bytes(root.begin(), root.end() - 1)), "list, byte 0: not a certificate"));
  CHECK(contains(why({'-', '-', '-', '-', '-', 'B', 'E', 'G', 'I', 'N', ' '}), "no certificate"));
}

TEST_CASE("fingerprints: with colons and without") {
  const std::string plain = spdm::certstore::sha256(pki::sample().leaf.der);
  std::string colons;
  for (std::size_t i = 0; i < plain.size(); i += 2) colons += cat(i == 0 ? "" : ":", plain.substr(i, 2));
  CHECK(spdm::plain_fingerprint(colons) == plain);
  CHECK(spdm::plain_fingerprint(plain.substr(2)).empty());
  CHECK(spdm::plain_fingerprint(std::string(64, 'g')).empty());
}

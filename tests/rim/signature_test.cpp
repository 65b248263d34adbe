// Signatures over whole documents, and all that looks like one.
#include "cmd/rim/signature.h"

#include <doctest/doctest.h>

#include "cmd/rim/rim.h"
#include "core/evidence/expect_error.h"
#include "rim/signed.h"

using namespace spdm;
using namespace rim_test;

namespace {

const pki::Key& key() {
  static const pki::Key out = pki::Key::make("EC", "P-384");
  return out;
}

rim::Rim read(const std::string& text, const pki::Key& signer = key()) {
  const Bytes spki = signer.spki();
  return rim::read_rim(as_bytes(text), {}, 1, &spki);
}

void refuse(const std::string& text, const std::string& part) {
  expect_error(ErrorId::bad_input, part, [&] { read(text); });
}

const std::string kDocument = document(entry(3, 'a'));

std::string transform(const std::string& algorithm, const std::string& inside = {}) {
  return cat("<ds:Transform Algorithm=\"", algorithm, "\">", inside, "</ds:Transform>");
}
const std::string kEnveloped = transform(cat(kDsig, "enveloped-signature"));

}  // namespace

TEST_CASE("rim: a good signature, in each canonical form") {
  CHECK(read(sign(kDocument, key())).is_signed);
  for (const char* canonical : {kInclusive, kInclusive11, kExclusive}) {
    Recipe recipe;
    recipe.canonical = canonical;
    CHECK(read(sign(kDocument, key(), recipe)).devices.size() == 1);
  }
  for (const std::string& transforms : {kEnveloped, kEnveloped + transform(kInclusive)}) {
    Recipe recipe;
    recipe.transforms = transforms;
    CHECK(read(sign(kDocument, key(), recipe)).devices.size() == 1);
  }
}

TEST_CASE("rim: the algorithms of the short list") {
  struct Row {
    std::string method, digest, asym, hash;
    pki::Key key;
  };
  const std::string rsa = cat(kMore, "rsa-sha"), ecdsa = cat(kMore, "ecdsa-sha");
  const pki::Key rsa_key = pki::Key::make("RSA", {}, 3072);
  for (const Row& row :
       {Row{ecdsa + "256", kSha256, "ECDSA-P256", "SHA-256", pki::Key::make("EC", "P-256")},
        Row{ecdsa + "512", kSha512, "ECDSA-P521", "SHA-512", pki::Key::make("EC", "P-521")},
        Row{rsa + "256", kSha256, "RSASSA-3072", "SHA-256", rsa_key}, Row{rsa + "384", kSha512, "RSASSA-3072", "SHA-384", rsa_key},
        Row{rsa + "512", kSha256, "RSASSA-3072", "SHA-512", rsa_key}}) {
    Recipe recipe;
    recipe.method = row.method;
    recipe.digest_method = row.digest;
    recipe.digest_hash = row.digest == kSha256 ? "SHA-256" : "SHA-512";
    recipe.asym = row.asym;
    recipe.hash = row.hash;
    CHECK_MESSAGE(read(sign(kDocument, row.key, recipe), row.key).is_signed, row.method);
  }
}

TEST_CASE("rim: what is signed is the document as it is read") {
  const std::string good = sign(kDocument, key());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string out = good;
    REQUIRE(out.find(from) != std::string::npos);
    return out.replace(out.find(from), from.size(), to);
  };
  const std::string bad = "verification failed";
  refuse(changed(digest('a'), digest('b')), bad);
  refuse(changed("index=\"3\"", "index=\"4\""), bad);
  refuse(changed("active=\"True\"", "active=\"False\""), bad);
  refuse(changed("<Payload>", "<Payload><Other></Other>"), bad);
  refuse(changed("X100", "X200"), bad);
  refuse(changed("ecdsa-sha384", "ecdsa-sha512"), bad);
  refuse(changed("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), bad);
  refuse(changed("<ds:DigestValue>", "<ds:DigestValue>AAAA"), bad);
  // Comments are no part of the canonical form, and no value can hide in one.
  CHECK(read(changed("<Payload>", "<Payload><!-- a note -->")).devices.size() == 1);
  // The signature may stand anywhere below the root.
  const std::string signature = signature_over(kDocument, key());
  CHECK(read(kOpen + signature + kDocument.substr(kOpen.size())).devices.size() == 1);
  expect_error(ErrorId::bad_input, bad, [&] { read(good, pki::Key::make("EC", "P-384")); });
  expect_error(ErrorId::bad_input, bad, [&] { read(good, pki::Key::make("RSA", {}, 3072)); });
  refuse(kDocument, "is not signed");
}

TEST_CASE("rim: a key in the document is no key of the signer") {
  const pki::Key other = pki::Key::make("EC", "P-384");
  const pki::Certificate root = pki::issue(pki::root("signer", other));
  Recipe recipe;
  recipe.key_info =
      cat("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>", base64(root.der), "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
  expect_error(ErrorId::bad_input, "verification failed", [&] { read(sign(kDocument, other, recipe)); });
  CHECK(read(sign(kDocument, other, recipe), other).is_signed);
  // KeyInfo is not looked at, whatever it says.
  recipe.key_info = "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://192.0.2.1/key\"></ds:RetrievalMethod></ds:KeyInfo>";
  CHECK(read(sign(kDocument, key(), recipe)).is_signed);
}

TEST_CASE("rim: only one signature, by the root, over all of the document") {
  const std::string signature = signature_over(kDocument, key());
  refuse(with(kDocument, signature + signature), "has 2 signatures");
  // The signed document as a part of another: signature wrapping.
  const std::string inner = sign(kDocument, key());
  refuse(cat(kOpen, "<Payload>", entry(3, 'b'), "</Payload><Meta>", inner, "</Meta>", kEnd), "is not a child of the document's root");
  for (const char* uri : {" URI=\"#payload\"", " URI=\"#xpointer(/)\"", " URI=\"http://192.0.2.1/\"", " URI=\"rim.xml\"", ""}) {
    Recipe recipe;
    recipe.uri = uri;
    refuse(sign(kDocument, key(), recipe), "not over the whole document");
  }
  Recipe two;
  two.in_info = cat("<ds:Reference URI=\"\"><ds:Transforms>", two.transforms, "</ds:Transforms></ds:Reference>");
  refuse(sign(kDocument, key(), two), "SignedInfo of the signature has an element that is not taken: Reference");
  Recipe manifest;
  manifest.uri += cat(" Type=\"", kDsig, "Manifest\"");
  refuse(sign(kDocument, key(), manifest), "has a Type");
  Recipe object;
  object.after = "<ds:Object><Payload></Payload></ds:Object>";
  refuse(sign(kDocument, key(), object), "Signature of the signature has an element that is not taken: Object");
  Recipe before;
  before.before_info = "<ds:Object></ds:Object>";
  refuse(sign(kDocument, key(), before), "has no SignedInfo where it must be");
}

TEST_CASE("rim: no transform and no algorithm beside the short list") {
  const std::string xpath = cat("<ds:XPath xmlns:ds=\"", kDsig, "\">not(self::Payload)</ds:XPath>");
  for (const std::string& transforms :
       {kEnveloped + transform("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath),
        kEnveloped + transform("http://www.w3.org/TR/1999/REC-xslt-19991116"), transform("http://www.w3.org/2002/06/xmldsig-filter2"),
        transform(kInclusive), kEnveloped + kEnveloped, kEnveloped + transform(cat(kInclusive, "#WithComments")),
        kEnveloped + transform(cat(kDsig, "base64"))}) {
    Recipe recipe;
    recipe.transforms = transforms;
    refuse(sign(kDocument, key(), recipe), "Transform of the signature");
  }
  Recipe recipe;
  recipe.transforms = kEnveloped + transform(kInclusive) + transform(kInclusive);
  refuse(sign(kDocument, key(), recipe), "more than the document without the signature and a canonical form");
  recipe.transforms = "";
  refuse(sign(kDocument, key(), recipe), "Transforms of the signature is empty");
  recipe.transforms =
      kEnveloped + transform(kExclusive, cat("<InclusiveNamespaces xmlns=\"", kExclusive, "\" PrefixList=\"h\"></InclusiveNamespaces>"));
  refuse(sign(kDocument, key(), recipe), "has parameters");
  for (const std::string& method :
       {cat(kMore, "hmac-sha256"), cat(kDsig, "hmac-sha1"), cat(kDsig, "rsa-sha1"), cat(kMore, "ecdsa-sha1"), std::string()}) {
    Recipe other;
    other.method = method;
    refuse(sign(kDocument, key(), other), "SignatureMethod of the signature is");
  }
  for (const std::string& method : {cat(kDsig, "sha1"), cat(kMore, "md5"), std::string("x")}) {
    Recipe other;
    other.digest_method = method;
    refuse(sign(kDocument, key(), other), "DigestMethod of the signature is");
  }
  Recipe other;
  other.canonical = cat(kExclusive, "WithComments");
  refuse(sign(kDocument, key(), other), "CanonicalizationMethod of the signature is");
}

TEST_CASE("rim: keys that XML signatures are not checked with") {
  const std::string good = sign(kDocument, key());
  const Bytes none(20, 0x30);
  expect_error(ErrorId::unsupported, "not supported for XML signatures", [&] { rim::read_rim(as_bytes(good), {}, 1, &none); });
}

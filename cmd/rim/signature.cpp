#include "cmd/rim/signature.h"

// First: the others need its types.
#include <xmlsec/xmlsec.h>

#include <xmlsec/errors.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace spdm::rim {

namespace {

[[noreturn]] void fail(const std::string& why, const std::string& hint = {}) { throw Error(ErrorId::bad_input, why, hint); }

constexpr std::string_view kSpace = "http://www.w3.org/2000/09/xmldsig#";
constexpr const char* kOtherMeans = "check the signature by other means, and leave out --signer";

using Class = xmlSecTransformId (*)();

struct AlgorithmRow {
  std::string_view name;
  Class get;
};

constexpr AlgorithmRow kEnveloped{"http://www.w3.org/2000/09/xmldsig#enveloped-signature", xmlSecTransformEnvelopedGetKlass};
// All without comments.
constexpr std::array kCanonical{
    AlgorithmRow{"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", xmlSecTransformInclC14NGetKlass},
    AlgorithmRow{"http://www.w3.org/2006/12/xml-c14n11", xmlSecTransformInclC14N11GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/10/xml-exc-c14n#", xmlSecTransformExclC14NGetKlass},
};
constexpr std::array kDigests{
    AlgorithmRow{"http://www.w3.org/2001/04/xmlenc#sha256", xmlSecOpenSSLTransformSha256GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#sha384", xmlSecOpenSSLTransformSha384GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmlenc#sha512", xmlSecOpenSSLTransformSha512GetKlass},
};
constexpr std::array kSignatures{
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", xmlSecOpenSSLTransformEcdsaSha256GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", xmlSecOpenSSLTransformEcdsaSha384GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", xmlSecOpenSSLTransformEcdsaSha512GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", xmlSecOpenSSLTransformRsaSha256GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", xmlSecOpenSSLTransformRsaSha384GetKlass},
    AlgorithmRow{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", xmlSecOpenSSLTransformRsaSha512GetKlass},
};

template <class Table>
const AlgorithmRow* find(const Table& table, std::string_view name) {
  const auto* found = std::find_if(table.begin(), table.end(), [&](const AlgorithmRow& row) { return row.name == name; });
  return found == table.end() ? nullptr : found;
}

std::size_t signatures_below(const xmlNode& node) {
  std::size_t out = is(node, kSpace, "Signature") ? 1 : 0;
  for (const xmlNode* child = first_element(node); child != nullptr; child = next_element(*child)) out += signatures_below(*child);
  return out;
}

// The children of an element of the signature, by their names in order; the last may be missing when its name ends in "?".
std::vector<const xmlNode*> children_of(const xmlNode& parent, std::initializer_list<std::string_view> names) {
  std::vector<const xmlNode*> out;
  const xmlNode* child = first_element(parent);
  for (std::string_view name : names) {
    const bool optional = name.ends_with('?');
    if (optional) name.remove_suffix(1);
    if (child != nullptr && is(*child, kSpace, name)) {
      out.push_back(child);
      child = next_element(*child);
    } else if (!optional) {
      fail(cat(line_of(parent), local_name(parent), " of the signature has no ", name, " where it must be"), kOtherMeans);
    }
  }
  if (child != nullptr)
    fail(cat(line_of(*child), local_name(parent), " of the signature has an element that is not taken: ", printable(local_name(*child))),
         kOtherMeans);
  return out;
}

// An element that names an algorithm and says nothing else.
std::string algorithm_of(const xmlNode& node) {
  if (const xmlNode* more = first_element(node); more != nullptr)
    fail(cat(line_of(*more), local_name(node), " of the signature has parameters, which are not taken: ", printable(local_name(*more))),
         kOtherMeans);
  return attribute(node, "Algorithm").value_or("");
}

template <class Table>
void assert_known(const xmlNode& node, const Table& table) {
  const std::string name = algorithm_of(node);
  if (find(table, name) == nullptr)
    fail(cat(line_of(node), local_name(node), " of the signature is '", printable(name), "', which is not taken"), kOtherMeans);
}

// First the document without its signature, then at most one canonical form; without it, that is Canonical XML 1.0 (xmldsig-core1
// 4.4.3.2).
void check_transforms(const xmlNode& transforms) {
  std::vector<const xmlNode*> all;
  for (const xmlNode* child = first_element(transforms); child != nullptr; child = next_element(*child)) all.push_back(child);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is(*all[i], kSpace, "Transform") || i > 1)
      fail(cat(line_of(*all[i]), "Transforms of the signature has more than the document without the signature and a canonical form"),
           kOtherMeans);
    if (i == 0)
      assert_known(*all[i], std::array{kEnveloped});
    else
      assert_known(*all[i], kCanonical);
  }
  if (all.empty()) fail(cat(line_of(transforms), "Transforms of the signature is empty"), kOtherMeans);
}

// Before the library sees it: what is not of this form is refused, whatever the library would make of it.
xmlNode& signature_of(const xmlDoc& document) {
  const xmlNode& root = *xmlDocGetRootElement(&document);
  const std::size_t count = signatures_below(root);
  if (count == 0) fail("is not signed", "leave out --signer if you trust the file for another reason");
  if (count > 1) fail(cat("has ", count, " signatures; only one is taken"), kOtherMeans);
  const xmlNode* signature = first_element(root);
  while (signature != nullptr && !is(*signature, kSpace, "Signature")) signature = next_element(*signature);
  if (signature == nullptr) fail("its signature is not a child of the document's root", kOtherMeans);

  const xmlNode& info = *children_of(*signature, {"SignedInfo", "SignatureValue", "KeyInfo?"}).front();
  const std::vector<const xmlNode*> parts = children_of(info, {"CanonicalizationMethod", "SignatureMethod", "Reference"});
  assert_known(*parts[0], kCanonical);
  assert_known(*parts[1], kSignatures);
  const xmlNode& reference = *parts[2];
  const std::optional<std::string> uri = attribute(reference, "URI");
  if (!uri || !uri->empty())
    fail(cat(line_of(reference), "the signature is over '", printable(uri.value_or("")), "', and not over the whole document (URI=\"\")"),
         kOtherMeans);
  if (attribute(reference, "Type")) fail(cat(line_of(reference), "Reference of the signature has a Type, which is not taken"), kOtherMeans);
  const std::vector<const xmlNode*> of_reference = children_of(reference, {"Transforms", "DigestMethod", "DigestValue"});
  check_transforms(*of_reference[0]);
  assert_known(*of_reference[1], kDigests);
  return const_cast<xmlNode&>(*signature);  // the library takes no constant
}

struct FreeContext {
  void operator()(xmlSecDSigCtx* context) const { xmlSecDSigCtxDestroy(context); }
};

// A library that is told of nothing else can do nothing else.
void allow_only_these(xmlSecDSigCtx& context) {
  context.flags = XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
  context.enabledReferenceUris = xmlSecTransformUriTypeEmpty;
  bool done = xmlSecDSigCtxEnableReferenceTransform(&context, kEnveloped.get()) == 0;
  for (const AlgorithmRow& row : kCanonical)
    done = done && xmlSecDSigCtxEnableReferenceTransform(&context, row.get()) == 0 &&
           xmlSecDSigCtxEnableSignatureTransform(&context, row.get()) == 0;
  for (const AlgorithmRow& row : kDigests) done = done && xmlSecDSigCtxEnableReferenceTransform(&context, row.get()) == 0;
  for (const AlgorithmRow& row : kSignatures) done = done && xmlSecDSigCtxEnableSignatureTransform(&context, row.get()) == 0;
  if (!done) throw Error(ErrorId::internal, "cannot set up the XML signature library");
}

void say_nothing(const char* /*file*/, int /*line*/, const char* /*function*/, const char* /*object*/, const char* /*subject*/,
                 int /*reason*/, const char* /*message*/) {}

}  // namespace

void prepare_signatures() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSecErrorsSetCallback(say_nothing);
    if (xmlSecInit() != 0 || xmlSecCheckVersion() != 1 || xmlSecOpenSSLAppInit(nullptr) != 0 || xmlSecOpenSSLInit() != 0)
      throw Error(ErrorId::internal, "cannot start the XML signature library");
    xmlSecErrorsSetCallback(say_nothing);  // xmlSecInit() sets its own
  });
}

bool has_signature(const xmlDoc& document) { return signatures_below(*xmlDocGetRootElement(&document)) != 0; }

void check_signature(xmlDoc& document, const Bytes& key) {
  xmlNode& signature = signature_of(document);
  prepare_signatures();
  const std::unique_ptr<xmlSecDSigCtx, FreeContext> context(xmlSecDSigCtxCreate(nullptr));
  if (!context) throw std::bad_alloc();
  allow_only_these(*context);
  context->signKey =
      xmlSecOpenSSLAppKeyLoadMemory(key.data(), static_cast<xmlSecSize>(key.size()), xmlSecKeyDataFormatDer, nullptr, nullptr, nullptr);
  if (context->signKey == nullptr)
    throw Error(ErrorId::unsupported, "the key of --signer has a type that is not supported for XML signatures",
                "give an RSA or ECDSA key");
  const bool done = xmlSecDSigCtxVerify(context.get(), &signature) == 0;
  if (!done || context->status != xmlSecDSigStatusSucceeded || xmlSecPtrListGetSize(&context->signedInfoReferences) != 1)
    fail("signature verification failed with the key of the signer", "the file is not what the signer published");
}

}  // namespace spdm::rim

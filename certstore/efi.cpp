#include "certstore/efi.h"

#include <algorithm>

#include "certstore/der.h"
#include "certstore/x509.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using Guid = Block<16>;  // as stored: the first three fields little-endian

constexpr std::size_t kListHeader = 28, kAttributes = 4;
// a5c059a1-94e4-4aa7-87b5-ab155c2bf072, c1c41626-504c-4092-aca9-41f936934328
constexpr Guid kX509{0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
constexpr Guid kSha256{0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};

void take_certificate(View data, EfiSignatures& out) {
  View rest = data;
  std::string why;
  const std::optional<Element> whole = take_element(rest, why);
  if (!whole || !rest.empty() || !parse_x509(data)) throw Error(ErrorId::bad_input, "SignatureData: not a certificate in DER");
  out.certificates.push_back(to_bytes(data));
}

void read_list(Reader& in, EfiSignatures& out) {
  const Guid type = in.block<16>("SignatureType");
  const std::size_t size = in.u32("SignatureListSize"), header = in.u32("SignatureHeaderSize"), each = in.u32("SignatureSize");
  if (size < kListHeader) in.fail("SignatureListSize", cat(size, " bytes are less than its header"));
  Reader body(in.take(size - kListHeader, "SignatureListSize"), in.message());
  body.skip(header, "SignatureHeaderSize");
  if (each <= sizeof(Guid)) body.fail("SignatureSize", cat(each, " bytes leave no room for a signature"));
  if (body.remaining() == 0 || body.remaining() % each != 0)
    body.fail("SignatureListSize", cat(body.remaining(), " bytes are not signatures of ", each, " bytes each"));
  while (body.remaining() > 0) {
    Reader signature(body.take(each, "signature"), in.message());
    signature.skip(sizeof(Guid), "SignatureOwner");
    if (out.certificates.size() + out.hashes + out.others >= kMaxEfiSignatures)
      body.fail("signatures", cat("more than ", kMaxEfiSignatures));
    if (type == kX509)
      take_certificate(signature.rest(), out);
    else
      ++(type == kSha256 ? out.hashes : out.others);
  }
}

}  // namespace

EfiSignatures read_efi_signatures(View file, std::string_view what) {
  // Attributes of a variable have three zero bytes here; no GUID in use begins like that.
  const bool attributes = file.size() >= kAttributes && file[1] == 0 && file[2] == 0 && file[3] == 0;
  Reader in(file.subspan(attributes ? kAttributes : 0), "EFI signature database");
  EfiSignatures out;
  std::size_t number = 0;
  try {
    if (in.remaining() == 0) in.fail("file", "empty");
    for (number = 1; in.remaining() > 0; ++number) read_list(in, out);
  } catch (const Error& error) {
    throw Error(ErrorId::bad_input, cat(what, ": signature list ", number, ": ", error.what()),
                "give a variable such as /sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f, or an .esl file");
  }
  return out;
}

}  // namespace spdm::certstore

// Signature databases of the firmware: the variables db, KEK, dbx, devdb as files (UEFI 2.10, 32.4.1 "Signature Database").
// A file of efivarfs: attributes (32 bits), then signature lists. A file of the usual tools (.esl): the lists alone.
// List: SignatureType (GUID), SignatureListSize, SignatureHeaderSize, SignatureSize (32 bits each), the header, then
// signatures of SignatureSize bytes each: SignatureOwner (GUID), SignatureData.
#pragma once

#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spdm::certstore {

inline constexpr std::size_t kMaxEfiSignatures = 100'000;

struct EfiSignatures {
  std::vector<Bytes> certificates;  // of EFI_CERT_X509_GUID, DER
  std::size_t hashes = 0;           // of EFI_CERT_SHA256_GUID: hashes of images, not of certificates
  std::size_t others = 0;           // of other types
};

// Throws Error{bad_input} naming `what`, the list, and the field that is wrong.
EfiSignatures read_efi_signatures(View file, std::string_view what);

}  // namespace spdm::certstore

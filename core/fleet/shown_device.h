// What a report proves of its device: the only facts by which devices of several reports are compared, and met with a list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/appraisal/report.h"

namespace spdm {

struct ShownDevice {
  std::vector<std::string> leaf_keys;       // SHA-256 of the DER SubjectPublicKeyInfo; the first is that of the main slot
  std::vector<std::string> identity_texts;  // "Vendor=...:Device=..." of the leaves
  std::vector<std::string> device_infos;    // "manufacturer:product:serial" of the leaves
  std::vector<std::string> roots;           // SHA-256
  std::vector<std::string> pins;            // the files of the pins that fit, "0000-03-00.0.yaml"
  std::vector<Bytes> answers;               // SignatureReport::answer
};

// Of slots whose chain is sound and trusted, and whose key has made a good signature. Nothing of any other: a certificate alone
// can be copied. Nothing either of evidence whose signatures are not all good, or answer another nonce: somebody has altered it,
// and it must not speak against the one that it was made of.
ShownDevice shown_device(const Report& report);

}  // namespace spdm

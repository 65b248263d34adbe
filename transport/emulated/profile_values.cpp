#include "transport/emulated/profile_values.h"

#include "core/crypto/crypto.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "transport/emulated/profile_files.h"

namespace spdm::transport {

Bytes ProfileFiles::read(const yaml::Value& name) const {
  try {
    return read_profile_file(directory_ / name.text(), FileKind::profile_contents);
  } catch (const Error& why) {
    name.fail(why.what(), "files are looked for beside the profile");
  }
}

std::vector<Bytes> ProfileFiles::certificates(const yaml::Value& name) const {
  const Bytes bytes = read(name);
  try {
    return split_certificates(bytes, name.text());
  } catch (const Error& why) {
    name.fail(why.what());
  }
}

Bytes ProfileFiles::public_key(const yaml::Value& name) const {
  Bytes out = read(name);
  try {
    if (as_text(out).find("-----BEGIN ") != std::string_view::npos) {
      const Bytes file = std::exchange(out, {});
      crypto::for_each_pem_block(file, name.text(), [&](std::string_view label, View der, std::size_t) {
        if (label == "PUBLIC KEY") out = to_bytes(der);
      });
    }
    (void)crypto::PublicKey::from_spki(out);
    return out;
  } catch (const Error& why) {
    name.fail(why.what(), "give a public key, PEM or DER");
  }
}

}  // namespace spdm::transport

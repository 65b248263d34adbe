#include "transport/emulated/profile_values.h"

#include <utility>

#include "core/crypto/crypto.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "transport/emulated/profile_files.h"

namespace spdm::transport {

namespace {

constexpr std::uint64_t kMaxValue = 0xFFFF - 3;  // DMTFSpecMeasurementValueSize, beside the 3 bytes before the value

}  // namespace

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

std::optional<Bytes> ProfileFiles::contents(const yaml::Section& in) const {
  std::optional<Bytes> out;
  const auto take = [&](const yaml::Value& value, Bytes bytes) {
    if (out) value.fail("text, hex, file and number cannot be combined");
    if (bytes.size() > kMaxValue) value.fail(cat(bytes.size(), " bytes do not fit"), cat("at most ", kMaxValue, " bytes"));
    out = std::move(bytes);
  };
  in.with("text", [&](const yaml::Value& value) {
    const std::string text = value.text();
    take(value, Bytes(text.begin(), text.end()));
  });
  in.with("hex", [&](const yaml::Value& value) { take(value, value.hex()); });
  in.with("file", [&](const yaml::Value& value) { take(value, read(value)); });
  in.with("number", [&](const yaml::Value& value) { take(value, Writer().u64(value.number(0, 0xFFFFFFFF)).take()); });
  return out;
}

}  // namespace spdm::transport

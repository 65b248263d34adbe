#include "transport/emulated/profile_files.h"

#include "core/encoding.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";

std::vector<Bytes> split_pem(std::string_view text, const std::string& what) {
  std::vector<Bytes> out;
  for (std::size_t begin = text.find(kBegin); begin != std::string_view::npos; begin = text.find(kBegin, begin)) {
    begin += kBegin.size();
    const std::size_t end = text.find(kEnd, begin);
    if (end == std::string_view::npos) throw Error(ErrorId::config, cat(what, ": a certificate without its end line"));
    std::string base;
    for (const char c : text.substr(begin, end - begin))
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base.push_back(c);
    out.push_back(from_base64(base, what));
  }
  return out;
}

// The size of the DER SEQUENCE at the front of `bytes`; 0 when there is none that fits.
std::size_t sequence_size(View bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x30) return 0;
  if (bytes[1] < 0x80) return std::size_t{2} + bytes[1] <= bytes.size() ? std::size_t{2} + bytes[1] : 0;
  const std::size_t count = bytes[1] & 0x7FU;
  if (count == 0 || count > 4 || bytes.size() < 2 + count) return 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) length = length << 8 | bytes[2 + i];
  return length <= bytes.size() - 2 - count ? 2 + count + length : 0;
}

}  // namespace

Bytes read_profile_file(const std::filesystem::path& path, FileKind kind) {
  FileContents out = read_configuration(path, kind);
  std::string why = out.is(FileContents::State::mask) ? "not a regular file" : out.why;
  if (const std::optional<Error> wrong = wrong_encoding(out.bytes, kind); why.empty() && wrong) why = cat(wrong->what(), "; ", wrong->hint);
  if (why.empty()) return std::move(out.bytes);
  throw Error(out.is(FileContents::State::refused) ? ErrorId::permission : ErrorId::config, cat(printable(path.string()), ": ", why));
}

std::vector<Bytes> split_certificates(View file, const std::string& what) {
  const std::string_view text = as_text(file);
  try {
    if (text.find(kBegin) != std::string_view::npos) return split_pem(text, what);
  } catch (const Error& why) {
    throw Error(ErrorId::config, why.what());
  }
  std::vector<Bytes> out;
  while (!file.empty()) {
    const std::size_t size = sequence_size(file);
    if (size == 0) throw Error(ErrorId::config, cat(what, ": neither PEM nor DER certificates"));
    out.push_back(to_bytes(file.first(size)));
    file = file.subspan(size);
  }
  if (out.empty()) throw Error(ErrorId::config, cat(what, ": holds no certificate"));
  return out;
}

}  // namespace spdm::transport

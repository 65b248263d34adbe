#include "core/crypto/pem.h"

#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

void free_memory(void* memory) { OPENSSL_free(memory); }
using OwnedText = Owned<char, free_memory>;
using OwnedData = Owned<unsigned char, free_memory>;

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::size_t kLine = 64;  // characters of base64 in each line of a block but the last

struct Block {
  std::string_view label;
  Bytes der;
  std::size_t size = 0;  // in the file
};

std::string_view line_of(std::string_view text) { return text.substr(0, text.find('\n')); }

// A block as nearly all programs write it (the strict form of RFC 7468 3): a large file has thousands, and OpenSSL takes most of the time
// to read it for other forms. Nothing for any other block, which OpenSSL reads, or says what is wrong with it.
std::optional<Block> strict_block(std::string_view text) {
  const std::string_view first = line_of(text);
  if (!first.starts_with(kBegin) || first.size() <= kBegin.size() + kDashes.size() || !first.ends_with(kDashes)) return std::nullopt;
  Block out;
  out.label = first.substr(kBegin.size(), first.size() - kBegin.size() - kDashes.size());
  const auto is_plain = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' '; };
  if (!std::all_of(out.label.begin(), out.label.end(), is_plain)) return std::nullopt;
  std::string base64;
  std::size_t at = first.size() + 1;
  for (bool last = false; !last;) {
    if (at >= text.size()) return std::nullopt;
    const std::string_view line = line_of(text.substr(at, kLine + 1));
    if (line.empty() || line.size() > kLine || line.starts_with('-')) return std::nullopt;
    base64 += line;
    at += line.size() + 1;
    last = line.size() < kLine || text.substr(std::min(at, text.size())).starts_with('-');
  }
  const std::string_view end = line_of(text.substr(std::min(at, text.size())));
  if (end != cat(kEnd, out.label, kDashes)) return std::nullopt;
  out.size = std::min(at + end.size() + 1, text.size());
  try {
    out.der = from_base64(base64, "");
  } catch (const Error&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

void refuse_private_key(std::string_view what) {
  throw Error(ErrorId::bad_input, cat(what, ": holds a private key"),
              "keep certificates only where they are read, and replace a key that lay open");
}

void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take) {
  const auto give = [&](std::string_view label, View der, std::size_t number) {
    if (label.ends_with("PRIVATE KEY")) refuse_private_key(what);
    take(label, der, number);
  };
  View rest = file;
  for (std::size_t number = 1;; ++number) {
    const std::string_view text = as_text(rest);
    const std::size_t at = text.find(kBegin);
    if (at == std::string_view::npos) return;
    if (at == 0 || text[at - 1] == '\n')
      if (const std::optional<Block> block = strict_block(text.substr(at))) {
        rest = rest.subspan(at + block->size);
        give(block->label, block->der, number);
        continue;
      }
    const OwnedBio bio(BIO_new_mem_buf(rest.data(), static_cast<int>(rest.size())));
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) {
      const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      const std::string reason = openssl_reason();
      if (!end) throw Error(ErrorId::bad_input, cat(what, ": PEM block ", number, ": ", reason));
      return;
    }
    const OwnedText owned_name(name), owned_header(header);
    const OwnedData owned_data(data);
    rest = rest.last(BIO_ctrl_pending(bio.get()));
    give(name, {data, static_cast<std::size_t>(size)}, number);
  }
}

}  // namespace spdm::crypto

#include "core/crypto/pem.h"

#include <openssl/pem.h>

#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

void free_memory(void* memory) { OPENSSL_free(memory); }
using OwnedText = Owned<char, free_memory>;
using OwnedData = Owned<unsigned char, free_memory>;

}  // namespace

void refuse_private_key(std::string_view what) {
  throw Error(ErrorId::bad_input, cat(what, ": holds a private key"),
              "keep certificates only where they are read, and replace a key that lay open");
}

void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take) {
  const OwnedBio bio(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
  for (std::size_t number = 1;; ++number) {
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
    if (std::string_view(name).ends_with("PRIVATE KEY")) refuse_private_key(what);
    take(name, {data, static_cast<std::size_t>(size)}, number);
  }
}

}  // namespace spdm::crypto

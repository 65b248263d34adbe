#include "core/crypto/prepare.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace spdm::crypto {

// What goes wrong here goes wrong again when the library is used, and is told then.
void prepare() {
  ::OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  ::RAND_status();
}

}  // namespace spdm::crypto

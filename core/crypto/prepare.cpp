#include "core/crypto/prepare.h"

#include <openssl/crypto.h>

namespace spdm::crypto {

void start() { ::OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_ADD_ALL_CIPHERS, nullptr); }

// What goes wrong here goes wrong again when the library is used, and is told then. Its generator of random bytes seeds itself by
// getrandom(2), which takes no file.
void prepare() { ::OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr); }

}  // namespace spdm::crypto

// What has to happen before a process uses the library, and before it confines itself.
#pragma once

namespace spdm::crypto {

// Keeps the library from what no run needs and each would pay for: to list its ciphers by their old names, and to tidy up when the
// process ends, which the kernel does anyway. Without effect unless it comes before any other use of the library.
void start();

// Has the library read its configuration, and load what that names: afterwards it opens no file.
void prepare();

}  // namespace spdm::crypto

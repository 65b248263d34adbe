// What has to happen before a process confines itself.
#pragma once

namespace spdm::crypto {

// Has the library read its configuration, load what that names, and seed itself: afterwards it opens no file.
void prepare();

}  // namespace spdm::crypto

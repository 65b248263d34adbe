// Lets one process at a time work with a device: a file below /run/spdmctl/lock.
#pragma once

#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "transport/base/host.h"

namespace spdm::transport {

// Held with flock(2), so the lock ends with its holder, however that ends. The file stays, with one line whose first word is the process
// that holds it. Nothing is opened after construction, so the lock works after privileges were dropped.
class LockFile {
 public:
  // `name`: of the device, and of the file. Waits a second for whoever holds it: `watch` asks a device for events in less. Throws Error:
  // busy naming who holds it; permission, io.
  LockFile(const Host& host, const std::string& name);

  // The line, as far as it is one that we could have written: it begins with a number. Else it is empty.
  std::string read() const;
  // Throws Error{io}.
  void write(std::string text) const;

 private:
  std::string name_;
  Descriptor fd_;
};

}  // namespace spdm::transport

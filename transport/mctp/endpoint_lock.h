// Lets one process at a time ask an endpoint, and tells the next one which tags to keep away from.
#pragma once

#include <string>

#include "transport/base/lock_file.h"
#include "transport/mctp/tags.h"

namespace spdm::transport {

class EndpointLock {
 public:
  // Throws as LockFile.
  EndpointLock(const Host& host, const MctpAddress& peer);

  // Tags by which an answer may still come to a request of whoever had the lock before: it was given up within the last half minute, or
  // its process was killed while it had them.
  TagSet late() const { return late_; }

  // From now on an answer may come by these.
  void work_with(TagSet tags);
  // The end: these were given up.
  void end_with(TagSet given_up);

 private:
  void write(std::string line);

  LockFile file_;
  TagSet late_;
};

}  // namespace spdm::transport

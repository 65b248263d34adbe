// Lets one process at a time ask an endpoint, and tells the next one which tags to keep away from.
#pragma once

#include <cstdint>
#include <optional>
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
  const TagList& late() const { return late_; }

  // From now on an answer may come by these.
  void work_with(const TagList& tags);
  // The end: answers may still come by these.
  void end_with(const TagList& tags);

 private:
  void write(std::string line);

  LockFile file_;
  TagList late_;
  std::optional<std::int64_t> until_;  // when they are forgotten: seconds of the clock that all processes share until the next boot
};

}  // namespace spdm::transport

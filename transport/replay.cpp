#include "transport/replay.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace transport {

using namespace spdm;

Bytes ReplayLink::exchange(View request, Clock::time_point) {
  if (done()) throw Error(ErrorId::peer, cat("the recording has ended after ", log_.size(), " messages"));
  const Message& recorded = log_[next_];
  if (!recorded.from_requester) throw Error(ErrorId::peer, cat("message ", next_ + 1, " of the recording is no request"));
  if (!equal(request, recorded.bytes)) {
    const auto difference = std::mismatch(request.begin(), request.end(), recorded.bytes.begin(), recorded.bytes.end());
    throw Error(ErrorId::peer, cat("the request is not message ", next_ + 1, " of the recording: ", request.size(), " and ",
                                   recorded.bytes.size(), " bytes that differ at offset ", difference.first - request.begin()));
  }
  if (next_ + 1 >= log_.size() || log_[next_ + 1].from_requester)
    throw Error(ErrorId::timeout, cat("message ", next_ + 1, " of the recording has no response"));
  next_ += 2;
  return log_[next_ - 1].bytes;
}

}  // namespace transport

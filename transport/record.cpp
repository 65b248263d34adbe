#include "transport/record.h"

namespace transport {

using namespace spdm;

Bytes RecordLink::exchange(View request, Clock::time_point deadline) {
  log_.push_back({.from_requester = true, .bytes = to_bytes(request)});
  Bytes response = link_.exchange(request, deadline);
  log_.push_back({.from_requester = false, .bytes = response});
  return response;
}

}  // namespace transport

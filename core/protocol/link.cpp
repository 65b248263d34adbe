#include "core/protocol/link.h"

#include "core/error.h"

namespace spdm {

SecuredReply Link::exchange_secured(View, Clock::time_point) {
  throw Error(ErrorId::unsupported, "this transport carries no secured messages: no session can be opened over it");
}

}  // namespace spdm

#include "transport/emulated/service.h"

#include "core/bytes.h"

namespace spdm::transport {

Reply answer(Responder& responder, const DeviceProfile& profile, Binding binding, const Unwrapped& request) {
  if (request.secured && !profile.sessions) malformed("request", "secured message", "the emulated device has no sessions");
  responder.carry(binding);
  return request.secured ? responder.respond_secured(request.message) : responder.respond(request.message);
}

}  // namespace spdm::transport

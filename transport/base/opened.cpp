#include "transport/base/opened.h"

#include "core/error.h"

namespace spdm::transport {

void refuse_mctp(Via via) {
  if (via == Via::mctp)
    throw Error(ErrorId::usage, "is no MCTP endpoint, and --via mctp asks those alone",
                "leave --via out, or name an endpoint, as in mctp:9");
}

}  // namespace spdm::transport

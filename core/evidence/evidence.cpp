#include "core/evidence/evidence.h"

namespace spdm {

Interruption interruption_of(const Error& error) { return {error.id, error.what(), error.hint}; }

Error error_of(const Interruption& interruption, const std::string& device) {
  Error out(interruption.id, interruption.message, interruption.hint);
  out.device = device;
  return out;
}

}  // namespace spdm

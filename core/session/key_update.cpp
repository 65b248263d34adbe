#include "core/session/key_update.h"

#include "core/crypto/crypto.h"

namespace spdm {

namespace {

// Whether the last request was answered with ERROR: the only answer after which it is clear that nothing has changed.
bool was_refused(const Requester& requester, std::size_t errors_before) { return requester.connection().errors().size() > errors_before; }

}  // namespace

void ask_under_new_key(Requester& requester, SessionLink& link, Bytes request) {
  const std::size_t errors = requester.connection().errors().size();
  link.expect_new_key();
  try {
    requester.ask(std::move(request));
  } catch (...) {
    if (was_refused(requester, errors))
      link.keep_old_key();  // N261
    else
      link.session().kill();
    throw;
  }
  link.take_new_key();
}

void update_keys(Requester& requester, SessionLink& link, KeyOperation operation) {
  const std::uint8_t version = requester.connection().version();
  const std::uint8_t tag = crypto::random(1).front();
  const std::size_t errors = requester.connection().errors().size();
  const KeyUpdate update{.operation = operation, .tag = tag};
  if (operation == KeyOperation::update_all_keys) {
    ask_under_new_key(requester, link, update.encode(version));
  } else {
    try {
      requester.ask(update.encode(version));
    } catch (...) {
      // An acknowledgement that is none (N259): nobody knows under which key the next request would be read.
      if (!was_refused(requester, errors)) link.session().kill();
      throw;
    }
  }
  link.use_new_key();
  try {
    // Each step has a tag of its own, so that an old acknowledgement fits none.
    requester.ask(KeyUpdate{.operation = KeyOperation::verify_new_key, .tag = static_cast<std::uint8_t>(tag + 1)}.encode(version));
  } catch (...) {
    link.session().kill();  // N262
    throw;
  }
  link.confirm_new_key();
}

}  // namespace spdm

#include "core/evidence/transcript.h"

#include <algorithm>
#include <array>

namespace spdm {

namespace {

void append_pair(Bytes& out, const Exchange& exchange) {
  append(out, exchange.request);
  append(out, exchange.unsigned_response());
}

// Requests that null B when they are sent before a CHALLENGE has completed (DSP0274 "M1 and M2 message transcripts").
bool nulls_b(Code code) {
  constexpr std::array codes{Code::get_measurements,
                             Code::key_exchange,
                             Code::finish,
                             Code::psk_exchange,
                             Code::psk_finish,
                             Code::key_update,
                             Code::heartbeat,
                             Code::get_encapsulated_request,
                             Code::deliver_encapsulated_response,
                             Code::end_session,
                             Code::get_measurement_extension_log};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

Bytes vca(const Exchanges& exchanges) {
  Bytes out;
  for (const Exchange& exchange : exchanges) {
    const Code code = exchange.request_code();
    if (code != Code::get_version && code != Code::get_capabilities && code != Code::negotiate_algorithms) break;
    if (!exchange.is_error()) append_pair(out, exchange);
  }
  return out;
}

Bytes m1m2(const Exchanges& exchanges, std::size_t index) {
  Bytes b;
  bool authenticated = false;
  for (std::size_t i = 0; i < index; ++i) {
    const Code code = exchanges[i].request_code();
    if (exchanges[i].is_error()) {
      // The request was sent all the same: it nulls B unless the responder has been authenticated already.
      if (nulls_b(code) && !authenticated) b.clear();
      continue;
    }
    if (code == Code::get_digests) b.clear();
    if (code == Code::get_digests || code == Code::get_certificate) append_pair(b, exchanges[i]);
    if (code == Code::challenge) {
      b.clear();
      authenticated = true;
    }
    if (nulls_b(code) && !authenticated) b.clear();
  }
  Bytes out = vca(exchanges);
  append(out, b);
  append_pair(out, exchanges[index]);
  return out;
}

std::size_t l1l2_begin(const Exchanges& exchanges, std::size_t index) {
  std::size_t begin = index;
  while (begin > 0) {
    const Exchange& before = exchanges[begin - 1];
    if (before.request_code() != Code::get_measurements || before.is_error() || before.signature_size != 0) break;
    --begin;
  }
  return begin;
}

Bytes l1l2(const Exchanges& exchanges, std::size_t index, std::uint8_t version) {
  Bytes out = version >= k12 ? vca(exchanges) : Bytes{};
  for (std::size_t i = l1l2_begin(exchanges, index); i <= index; ++i) append_pair(out, exchanges[i]);
  return out;
}

Bytes il1il2(const Exchanges& exchanges, std::size_t index) {
  Bytes out = vca(exchanges);
  append_pair(out, exchanges[index]);
  return out;
}

}  // namespace spdm

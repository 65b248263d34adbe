#include "core/evidence/transcript.h"

#include <algorithm>
#include <array>

namespace spdm {

namespace {

// A transcript may be as long as all that the device has sent: the room for it is taken once.
Bytes room_for(const Exchanges& exchanges, std::size_t begin, std::size_t end) {
  std::size_t size = 0;
  for (std::size_t i = begin; i < end; ++i) size += exchanges[i].request.size() + exchanges[i].response.size();
  Bytes out;
  out.reserve(size);
  return out;
}

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
  // B begins where it was nulled last. The search goes backwards, because a log may hold many challenges. What is exchanged inside of
  // a session has no part in it.
  const auto answered = [&](std::size_t i, Code code) {
    return exchanges[i].inside == 0 && exchanges[i].request_code() == code && !exchanges[i].is_error();
  };
  std::size_t first_challenge = 0;
  while (first_challenge < index && !answered(first_challenge, Code::challenge)) ++first_challenge;
  std::size_t begin = index;
  while (begin > 0) {
    if (answered(begin - 1, Code::challenge)) break;
    // The request nulls B also when its response is ERROR. After a completed CHALLENGE it no longer does.
    if (exchanges[begin - 1].inside == 0 && nulls_b(exchanges[begin - 1].request_code()) && begin <= first_challenge) break;
    if (answered(--begin, Code::get_digests)) break;
  }
  Bytes out = vca(exchanges);
  for (std::size_t i = begin; i < index; ++i)
    if (answered(i, Code::get_digests) || answered(i, Code::get_certificate)) append_pair(out, exchanges[i]);
  append_pair(out, exchanges[index]);
  return out;
}

std::size_t l1l2_begin(const Exchanges& exchanges, std::size_t index) {
  std::size_t begin = index;
  for (std::size_t i = index; i > 0; --i) {
    const Exchange& before = exchanges[i - 1];
    if (before.inside != exchanges[index].inside) continue;  // each session has a transcript of its own, and so has what is outside
    if (before.request_code() != Code::get_measurements || before.is_error() || before.signature_size != 0) break;
    begin = i - 1;
  }
  return begin;
}

Bytes l1l2(const Exchanges& exchanges, std::size_t index, std::uint8_t version) {
  const std::size_t begin = l1l2_begin(exchanges, index);
  Bytes out = room_for(exchanges, begin, index + 1);
  if (version >= k12) append(out, vca(exchanges));
  for (std::size_t i = begin; i <= index; ++i)
    if (exchanges[i].inside == exchanges[index].inside) append_pair(out, exchanges[i]);
  return out;
}

Bytes il1il2(const Exchanges& exchanges, std::size_t index) {
  Bytes out = vca(exchanges);
  append_pair(out, exchanges[index]);
  return out;
}

}  // namespace spdm

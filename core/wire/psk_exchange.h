// PSK_EXCHANGE / PSK_EXCHANGE_RSP and PSK_FINISH / PSK_FINISH_RSP (DSP0274, the sections of these titles): opens a session with a
// key that both sides have been given before.
#pragma once

#include "core/wire/key_exchange.h"

namespace spdm {

struct PskExchange {
  Summary summary = Summary::none;
  SessionPolicy policy;
  std::uint16_t session_id = 0;  // ReqSessionID
  Bytes hint, context, opaque;   // which key it is; RequesterContext

  Bytes encode(std::uint8_t version) const;
  static PskExchange decode(Reader& reader, const Parameters& parameters);
};

struct PskExchangeResponse {
  std::uint8_t heartbeat_period = 0;
  std::uint16_t session_id = 0;  // RspSessionID
  Bytes summary_hash;            // empty unless it was asked for and the responder has measurements
  Bytes context;                 // ResponderContext; without one there is no PSK_FINISH
  Bytes opaque;
  Bytes verify_data;

  Bytes encode(std::uint8_t version) const;
  static PskExchangeResponse decode(Reader& reader, const PskExchange& request, const Parameters& parameters);
};

struct PskFinish {
  Bytes opaque;  // 1.4
  Bytes verify_data;

  Bytes encode(std::uint8_t version) const;
  static PskFinish decode(Reader& reader, const Parameters& parameters);
};

struct PskFinishResponse {
  Bytes opaque;  // 1.4

  Bytes encode(std::uint8_t version) const;
  static PskFinishResponse decode(Reader& reader, const Parameters& parameters);
};

}  // namespace spdm

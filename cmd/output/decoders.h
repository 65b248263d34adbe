// Decoders of fields that are rows of decode_fields.cpp and have files of their own.
#pragma once

#include "cmd/output/decode_input.h"

namespace spdm::cmd::decoders {

// decode_algorithm_fields.cpp
Json negotiate_algorithms(DecodeInput& in);
Json algorithms(DecodeInput& in);

// decode_session_fields.cpp: what opens, keeps, renews and ends sessions, and encapsulated requests
Json key_exchange(DecodeInput& in);
Json key_exchange_rsp(DecodeInput& in);
Json finish(DecodeInput& in);
Json finish_rsp(DecodeInput& in);
Json psk_exchange(DecodeInput& in);
Json psk_exchange_rsp(DecodeInput& in);
Json psk_finish(DecodeInput& in);
Json psk_finish_rsp(DecodeInput& in);
Json key_update(DecodeInput& in);
Json key_update_ack(DecodeInput& in);
Json end_session(DecodeInput& in);
// HEARTBEAT, and what has nothing but its header.
Json header_only(DecodeInput& in);
Json encapsulated_request(DecodeInput& in);
Json deliver_encapsulated_response(DecodeInput& in);
Json encapsulated_response_ack(DecodeInput& in);

// decode_event_fields.cpp
Json supported_event_types(DecodeInput& in);
Json subscribe_event_types(DecodeInput& in);
Json send_event(DecodeInput& in);

}  // namespace spdm::cmd::decoders

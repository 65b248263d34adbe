#include "core/wire/codes.h"

#include <array>
#include <string_view>

#include "core/text.h"

namespace spdm {

namespace {

struct Name {
  Code code;
  std::string_view name;
};

constexpr std::array kNames{
    Name{Code::digests, "DIGESTS"},
    Name{Code::certificate, "CERTIFICATE"},
    Name{Code::challenge_auth, "CHALLENGE_AUTH"},
    Name{Code::version, "VERSION"},
    Name{Code::chunk_send_ack, "CHUNK_SEND_ACK"},
    Name{Code::chunk_response, "CHUNK_RESPONSE"},
    Name{Code::endpoint_info, "ENDPOINT_INFO"},
    Name{Code::slot_management_resp, "SLOT_MANAGEMENT_RESP"},
    Name{Code::measurements, "MEASUREMENTS"},
    Name{Code::capabilities, "CAPABILITIES"},
    Name{Code::supported_event_types, "SUPPORTED_EVENT_TYPES"},
    Name{Code::algorithms, "ALGORITHMS"},
    Name{Code::key_exchange_rsp, "KEY_EXCHANGE_RSP"},
    Name{Code::finish_rsp, "FINISH_RSP"},
    Name{Code::psk_exchange_rsp, "PSK_EXCHANGE_RSP"},
    Name{Code::psk_finish_rsp, "PSK_FINISH_RSP"},
    Name{Code::heartbeat_ack, "HEARTBEAT_ACK"},
    Name{Code::key_update_ack, "KEY_UPDATE_ACK"},
    Name{Code::encapsulated_request, "ENCAPSULATED_REQUEST"},
    Name{Code::encapsulated_response_ack, "ENCAPSULATED_RESPONSE_ACK"},
    Name{Code::end_session_ack, "END_SESSION_ACK"},
    Name{Code::csr, "CSR"},
    Name{Code::set_certificate_rsp, "SET_CERTIFICATE_RSP"},
    Name{Code::measurement_extension_log, "MEASUREMENT_EXTENSION_LOG"},
    Name{Code::subscribe_event_types_ack, "SUBSCRIBE_EVENT_TYPES_ACK"},
    Name{Code::event_ack, "EVENT_ACK"},
    Name{Code::key_pair_info, "KEY_PAIR_INFO"},
    Name{Code::set_key_pair_info_ack, "SET_KEY_PAIR_INFO_ACK"},
    Name{Code::vendor_defined_response, "VENDOR_DEFINED_RESPONSE"},
    Name{Code::error, "ERROR"},
    Name{Code::get_digests, "GET_DIGESTS"},
    Name{Code::get_certificate, "GET_CERTIFICATE"},
    Name{Code::challenge, "CHALLENGE"},
    Name{Code::get_version, "GET_VERSION"},
    Name{Code::chunk_send, "CHUNK_SEND"},
    Name{Code::chunk_get, "CHUNK_GET"},
    Name{Code::get_endpoint_info, "GET_ENDPOINT_INFO"},
    Name{Code::slot_management, "SLOT_MANAGEMENT"},
    Name{Code::get_measurements, "GET_MEASUREMENTS"},
    Name{Code::get_capabilities, "GET_CAPABILITIES"},
    Name{Code::get_supported_event_types, "GET_SUPPORTED_EVENT_TYPES"},
    Name{Code::negotiate_algorithms, "NEGOTIATE_ALGORITHMS"},
    Name{Code::key_exchange, "KEY_EXCHANGE"},
    Name{Code::finish, "FINISH"},
    Name{Code::psk_exchange, "PSK_EXCHANGE"},
    Name{Code::psk_finish, "PSK_FINISH"},
    Name{Code::heartbeat, "HEARTBEAT"},
    Name{Code::key_update, "KEY_UPDATE"},
    Name{Code::get_encapsulated_request, "GET_ENCAPSULATED_REQUEST"},
    Name{Code::deliver_encapsulated_response, "DELIVER_ENCAPSULATED_RESPONSE"},
    Name{Code::end_session, "END_SESSION"},
    Name{Code::get_csr, "GET_CSR"},
    Name{Code::set_certificate, "SET_CERTIFICATE"},
    Name{Code::get_measurement_extension_log, "GET_MEASUREMENT_EXTENSION_LOG"},
    Name{Code::subscribe_event_types, "SUBSCRIBE_EVENT_TYPES"},
    Name{Code::send_event, "SEND_EVENT"},
    Name{Code::get_key_pair_info, "GET_KEY_PAIR_INFO"},
    Name{Code::set_key_pair_info, "SET_KEY_PAIR_INFO"},
    Name{Code::vendor_defined_request, "VENDOR_DEFINED_REQUEST"},
    Name{Code::respond_if_ready, "RESPOND_IF_READY"},
};

}  // namespace

std::string name(Code code) {
  for (const Name& row : kNames)
    if (row.code == code) return std::string(row.name);
  return cat("code 0x", hex(static_cast<std::uint8_t>(code), 2));
}

}  // namespace spdm

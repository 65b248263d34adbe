// IDE_KM and TDISP of the responder: what they are inside of VENDOR_DEFINED messages.
#include <algorithm>

#include "core/responder/pci_device.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {

constexpr std::size_t kLongest = 0xFF00;  // lengths of payloads and of records have 16 bits

// The response that a request asks for; faults are told by it. Nothing where there is none.
std::optional<PciResponse> response_to(PciProtocol protocol, View message) {
  const auto response = [&](auto code) { return PciResponse{protocol, static_cast<std::uint8_t>(code)}; };
  if (protocol == PciProtocol::tdisp) {
    if (message.size() < 2) return std::nullopt;
    return response(response_to(static_cast<TdispCode>(message[1])));
  }
  if (message.empty()) return std::nullopt;
  switch (static_cast<IdeKmObject>(message[0])) {
    case IdeKmObject::query:
      return response(IdeKmObject::query_resp);
    case IdeKmObject::key_prog:
      return response(IdeKmObject::kp_ack);
    case IdeKmObject::k_set_go:
    case IdeKmObject::k_set_stop:
      return response(IdeKmObject::k_gostop_ack);
    default:
      return std::nullopt;
  }
}

}  // namespace

PciDevice::PciDevice(const std::optional<DeviceIde>& ide, const std::optional<DeviceTdisp>& tdisp) {
  if (ide) ide_.emplace(*ide);
  if (tdisp) tdisp_.emplace(*tdisp, ide_ ? &*ide_ : nullptr);
}

Bytes PciDevice::answer(PciProtocol protocol, View message, std::uint32_t session, std::size_t room) {
  if (protocol == PciProtocol::tdisp) return tdisp_->answer(message, session, room);
  Bytes out = ide_->answer(message, session);
  if (tdisp_) tdisp_->check_streams();
  return out;
}

void PciDevice::end(std::uint32_t session) {
  if (tdisp_) tdisp_->end(session);
  if (ide_) ide_->end(session);
}

// PCIe r6.x 6.33.3 and 11.2.1: only inside of a session that encrypts, for there are keys and nonces in it.
Bytes Responder::pci_message(PciProtocol protocol, View message, bool large) {
  if (!inside()) throw outside_of_sessions();
  if (!parameters_.encrypts()) throw Refusal{ErrorCode::unexpected_request};
  const auto enveloped = [&](View answer) { return wrap(protocol, answer, large).encode(Code::vendor_defined_response, version_byte()); };
  const std::optional<PciResponse> response = response_to(protocol, message);
  const StruckBy struck = response ? faults_.next(*response, inside()) : StruckBy{};
  on_record_.insert(on_record_.end(), struck.begin(), struck.end());
  if (find_fault(struck, FaultKind::busy) != nullptr) throw Refusal{ErrorCode::busy};
  if (const Fault* fault = find_fault(struck, FaultKind::error)) throw Refusal{static_cast<ErrorCode>(fault->number)};

  Reply answer;
  if (const Fault* fault = find_fault(struck, FaultKind::tdisp_error)) {
    Reader reader(message, "TDISP");
    answer.bytes = TdispError{static_cast<TdispErrorCode>(fault->number), 0, {}}.encode(TdispHeader::decode(reader).function);
  } else {
    const bool in_one_piece = version_byte() >= k12 && !parameters_.chunking();
    const std::size_t room = in_one_piece ? send_limit() - enveloped({}).size() : kLongest;
    answer.bytes = pci_->answer(protocol, message, session_->keys.id(), std::min(room, kLongest));
  }
  if (response) faults_.apply(struck, *response, answer);
  reply_.delay += answer.delay;
  if (answer.action != Reply::Action::answer) reply_.action = answer.action;
  return enveloped(answer.bytes);
}

}  // namespace spdm

#include "core/responder/faults.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/ide_km.h"
#include "core/wire/tdisp.h"

namespace spdm {

namespace {

using enum FaultKind;

// The arguments behind the name of an action.
enum class Arguments { none, number, optional_numbers, error_code, tdisp_error_code, bit, bytes, offset_bytes };

struct Row {
  std::string_view name;
  FaultKind kind;
  Arguments arguments;
  std::string_view usage;
};

constexpr std::array kRows{
    Row{"busy", busy, Arguments::none, "busy"},
    Row{"not-ready", not_ready, Arguments::optional_numbers, "not-ready [RDTEXPONENT [RDTM]]"},
    Row{"error", error, Arguments::error_code, "error CODE"},
    Row{"delay", delay, Arguments::number, "delay MILLISECONDS"},
    Row{"drop", drop, Arguments::none, "drop"},
    Row{"close", close, Arguments::none, "close"},
    Row{"truncate", truncate, Arguments::number, "truncate SIZE"},
    Row{"append", append, Arguments::bytes, "append HEX"},
    Row{"flip", flip, Arguments::bit, "flip BYTE[.BIT]"},
    Row{"set", set, Arguments::offset_bytes, "set OFFSET HEX"},
    Row{"version", version, Arguments::number, "version BYTE"},
    Row{"code", code, Arguments::number, "code BYTE"},
    Row{"wrong-slot", wrong_slot, Arguments::none, "wrong-slot"},
    Row{"wrong-handle", wrong_handle, Arguments::none, "wrong-handle"},
    Row{"replay", replay, Arguments::none, "replay"},
    Row{"bad-signature", bad_signature, Arguments::none, "bad-signature"},
    Row{"old-signature", old_signature, Arguments::none, "old-signature"},
    Row{"stale-nonce", stale_nonce, Arguments::none, "stale-nonce"},
    Row{"bad-verify-data", bad_verify_data, Arguments::none, "bad-verify-data"},
    Row{"keep-keys", keep_keys, Arguments::none, "keep-keys"},
    Row{"old-key", old_key, Arguments::none, "old-key"},
    Row{"ask-again", ask_again, Arguments::none, "ask-again"},
    Row{"event-gap", event_gap, Arguments::none, "event-gap"},
    Row{"event-twice", event_twice, Arguments::none, "event-twice"},
    Row{"event-type", event_type, Arguments::none, "event-type"},
    Row{"event-size", event_size, Arguments::none, "event-size"},
    Row{"event-again", event_again, Arguments::none, "event-again"},
    Row{"bad-tag", bad_tag, Arguments::none, "bad-tag"},
    Row{"skip-number", skip_number, Arguments::none, "skip-number"},
    Row{"repeat-record", repeat_record, Arguments::none, "repeat-record"},
    Row{"cut-record", cut_record, Arguments::number, "cut-record SIZE"},
    Row{"other-session", other_session, Arguments::none, "other-session"},
    Row{"drop-session", drop_session, Arguments::none, "drop-session"},
    Row{"in-clear", in_clear, Arguments::none, "in-clear"},
    Row{"tdisp-error", tdisp_error, Arguments::tdisp_error_code, "tdisp-error CODE"},
};

constexpr std::uint32_t kDefaultRdtExponent = 10, kDefaultRdtm = 2;  // 1 ms, waiting twice that at most

std::string allowed() {
  std::string out;
  for (const Row& row : kRows) out += cat(out.empty() ? "" : ", ", row.usage);
  return out;
}

[[noreturn]] void bad(std::string_view what, std::string_view why) {
  throw Error(ErrorId::usage, cat("fault '", printable(what), "': ", why), cat("allowed: ", allowed()));
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// Decimal or 0x...; negative numbers wrap and so count from the end (Fault::position_in).
std::uint32_t number(std::string_view text, std::string_view action) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  const int base = digits.starts_with("0x") ? 16 : 10;
  if (base == 16) digits.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (failure != std::errc{} || end != digits.data() + digits.size() || digits.empty())
    bad(action, cat("'", printable(text), "' is not a number"));
  return negative ? 0U - value : value;
}

std::uint32_t error_code(std::string_view text, std::string_view action) {
  for (unsigned value = 1; value <= 0xFF; ++value)
    if (name(static_cast<ErrorCode>(value)) == text) return value;
  return number(text, action);
}

std::uint32_t tdisp_error_code(std::string_view text, std::string_view action) {
  for (std::uint32_t value = 1; value < 0x200; ++value)
    if (name(static_cast<TdispErrorCode>(value)) == text) return value;
  return number(text, action);
}

// nullopt where it is no response of IDE_KM or TDISP.
std::optional<PciResponse> pci_response(std::string_view on) {
  for (const IdeKmObject object : {IdeKmObject::query_resp, IdeKmObject::kp_ack, IdeKmObject::k_gostop_ack})
    if (name(object) == on) return PciResponse{PciProtocol::ide_km, static_cast<std::uint8_t>(object)};
  // Up to SET_MMIO_ATTRIBUTE_RESPONSE: VDM_RESPONSE is never sent, and TDISP_ERROR has a fault of its own.
  for (unsigned value = 1; value <= static_cast<unsigned>(TdispCode::set_mmio_attribute_response); ++value)
    if (name(static_cast<TdispCode>(value)) == on) return PciResponse{PciProtocol::tdisp, static_cast<std::uint8_t>(value)};
  return std::nullopt;
}

void flip_bits(Bytes& message, std::size_t at, std::uint8_t bits) {
  if (at < message.size()) message[at] ^= bits;
}

// Where a response carries its slot (see slot_nibble): MEASUREMENTS and ENDPOINT_INFO in Param2, the others in Param1.
std::size_t slot_offset(Code response) { return response == Code::measurements || response == Code::endpoint_info ? 3 : 2; }

void edit(const Fault& fault, Bytes& message) {
  if (message.size() < kHeaderSize) return;
  switch (fault.kind) {
    case truncate:
      message.resize(std::min<std::size_t>(message.size(), fault.position_in(message.size())));
      break;
    case append:
      spdm::append(message, fault.bytes);
      break;
    case flip:
      flip_bits(message, fault.position_in(message.size()), static_cast<std::uint8_t>(1U << fault.second));
      break;
    case set:
      for (std::size_t i = 0, at = fault.position_in(message.size()); i < fault.bytes.size() && at + i < message.size(); ++i)
        message[at + i] = fault.bytes[i];
      break;
    case FaultKind::version:
      message[0] = static_cast<std::uint8_t>(fault.number);
      break;
    case FaultKind::code:
      message[1] = static_cast<std::uint8_t>(fault.number);
      break;
    case wrong_slot:
      flip_bits(message, slot_offset(static_cast<Code>(message[1])), 1);
      break;
    case wrong_handle:
      flip_bits(message, 3, 0x55);
      break;
    case bad_signature:
      if (static_cast<Code>(message[1]) == Code::key_exchange_rsp) break;  // made where it is signed
      flip_bits(message, message.size() - 1, 1);
      break;
    default:
      break;
  }
}

}  // namespace

// Counted from the front, or from the end when it is negative.
std::size_t Fault::position_in(std::size_t size) const {
  return number > 0x7FFFFFFF ? size - std::min<std::size_t>(size, 0U - number) : number;
}

Fault parse_fault(std::string_view on, std::string_view action) {
  Fault out;
  if (on != "any") {
    // Responses have bit 7 clear; their names are the ones of codes.h.
    for (unsigned value = 0; value < 0x80 && !out.on; ++value)
      if (name(static_cast<Code>(value)) == on) out.on = static_cast<Code>(value);
    if (!out.on) out.within = pci_response(on);
    if (!out.on && !out.within)
      throw Error(ErrorId::usage, cat("'", printable(on), "' is not a response"),
                  "name one as the specification does (CHALLENGE_AUTH, MEASUREMENTS, ...), or 'any'");
  }
  const std::vector<std::string_view> parts = words(action);
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& candidate) { return !parts.empty() && candidate.name == parts[0]; });
  if (row == kRows.end()) bad(action, "no such action");
  out.kind = row->kind;
  const bool is_of_tdisp = out.within && out.within->protocol == PciProtocol::tdisp;
  if (out.kind == tdisp_error && !is_of_tdisp) bad(action, cat("'", printable(on), "' is not a response of TDISP"));
  if (out.kind == not_ready && out.within) bad(action, "RESPOND_IF_READY is for VENDOR_DEFINED_RESPONSE as a whole");

  const std::size_t count = parts.size() - 1;
  const auto expect_count = [&](std::size_t least, std::size_t most) {
    if (count < least || count > most) bad(action, cat("write '", row->usage, "'"));
  };
  switch (row->arguments) {
    case Arguments::none:
      expect_count(0, 0);
      break;
    case Arguments::number:
      expect_count(1, 1);
      out.number = number(parts[1], action);
      break;
    case Arguments::optional_numbers:
      expect_count(0, 2);
      out.number = count > 0 ? number(parts[1], action) : kDefaultRdtExponent;
      out.second = count > 1 ? number(parts[2], action) : kDefaultRdtm;
      break;
    case Arguments::error_code:
      expect_count(1, 1);
      out.number = error_code(parts[1], action);
      break;
    case Arguments::tdisp_error_code:
      expect_count(1, 1);
      out.number = tdisp_error_code(parts[1], action);
      break;
    case Arguments::bit: {
      expect_count(1, 1);
      const std::size_t dot = parts[1].find('.');
      out.number = number(parts[1].substr(0, dot), action);
      if (dot != std::string_view::npos) out.second = number(parts[1].substr(dot + 1), action);
      if (out.second > 7) bad(action, "a byte has the bits 0 to 7");
      break;
    }
    case Arguments::bytes:
      expect_count(1, 1);
      out.bytes = unhex(parts[1], cat("fault '", printable(action), "'"));
      break;
    case Arguments::offset_bytes:
      expect_count(2, 2);
      out.number = number(parts[1], action);
      out.bytes = unhex(parts[2], cat("fault '", printable(action), "'"));
      break;
  }
  return out;
}

Faults::Faults(std::vector<Fault> faults) : faults_(std::move(faults)), seen_(faults_.size()) {
  keeps_ = std::any_of(faults_.begin(), faults_.end(), [](const Fault& f) { return f.kind == replay || f.kind == old_signature; });
}

template <class Matches>
StruckBy Faults::next(Matches matches) {
  StruckBy out;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (!matches(fault)) continue;
    const std::uint32_t occurrence = ++seen_[i];
    if (occurrence >= fault.first && (fault.times == 0 || occurrence - fault.first < fault.times)) out.push_back(&fault);
  }
  return out;
}

StruckBy Faults::next(Code response, bool in_session) {
  return next(
      [&](const Fault& fault) { return !fault.within && (!fault.on || *fault.on == response) && (in_session || !fault.in_session); });
}

StruckBy Faults::next(const PciResponse& response, bool in_session) {
  return next([&](const Fault& fault) { return fault.within == response && (in_session || !fault.in_session); });
}

void Faults::apply(const StruckBy& struck, Code response, std::size_t signature_size, Reply& reply) {
  apply(struck, Name{std::nullopt, static_cast<std::uint8_t>(response)}, signature_size, reply);
}

void Faults::apply(const StruckBy& struck, const PciResponse& response, Reply& reply) {
  apply(struck, Name{response.protocol, response.code}, 0, reply);
}

void Faults::apply(const StruckBy& struck, const Name& name, std::size_t signature_size, Reply& reply) {
  const auto earlier = earlier_.find(name);
  if (keeps_ && earlier == earlier_.end()) earlier_.emplace(name, reply.bytes);
  for (const Fault* fault : struck) {
    if (fault->before_signing) continue;
    Bytes& message = reply.bytes;
    switch (fault->kind) {
      case delay:
        reply.delay += std::chrono::milliseconds(fault->number);
        break;
      case drop:
        reply.action = Reply::Action::silence;
        break;
      case close:
        reply.action = Reply::Action::close;
        break;
      case replay:
        if (earlier != earlier_.end()) message = earlier->second;
        break;
      case old_signature:
        if (name == Name{std::nullopt, static_cast<std::uint8_t>(Code::key_exchange_rsp)}) break;  // as above
        if (earlier != earlier_.end() && earlier->second.size() >= signature_size && message.size() >= signature_size)
          std::copy(earlier->second.end() - static_cast<std::ptrdiff_t>(signature_size), earlier->second.end(),
                    message.end() - static_cast<std::ptrdiff_t>(signature_size));
        break;
      default:
        edit(*fault, message);
        break;
    }
  }
}

const Fault* find_fault(const StruckBy& struck, FaultKind kind) {
  const auto it = std::find_if(struck.begin(), struck.end(), [&](const Fault* fault) { return fault->kind == kind; });
  return it == struck.end() ? nullptr : *it;
}

void edit_before_signing(const StruckBy& struck, Bytes& message) {
  for (const Fault* fault : struck)
    if (fault->before_signing) edit(*fault, message);
}

}  // namespace spdm

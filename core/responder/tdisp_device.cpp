#include "core/responder/tdisp_device.h"

#include <algorithm>

#include "core/crypto/crypto.h"
#include "core/crypto/kdf.h"
#include "core/error.h"

namespace spdm {

namespace {

using enum TdispErrorCode;

constexpr unsigned kPageBits = 12;
constexpr std::uint64_t kPages = (std::uint64_t{1} << (64 - kPageBits)) - 1;

void expect_state(TdiState state, TdiState wanted) {
  if (state != wanted) throw TdispRefusal{invalid_interface_state};
}

// A FUNCTION_ID with reserved bits, or with a segment that is not valid, is that of no function.
bool is_sound(FunctionId function) {
  constexpr std::uint32_t reserved = 0xFE000000, segment_bits = 0x00FF0000;
  return (function.value & reserved) == 0 && (function.segment() || (function.value & segment_bits) == 0);
}

}  // namespace

Bytes TdispDevice::answer(View message, std::uint32_t session, std::size_t room) {
  Reader reader(message, "TDISP");
  const TdispHeader header = TdispHeader::decode(reader);
  try {
    return answer(header, reader, session, room);
  } catch (const TdispRefusal& why) {
    return TdispError{why.code, why.data, {}}.encode(header.function);
  } catch (const Error& why) {
    if (why.id != ErrorId::peer) throw;
    return TdispError{invalid_request, 0, {}}.encode(header.function);
  }
}

Bytes TdispDevice::answer(const TdispHeader& header, Reader& reader, std::uint32_t session, std::size_t room) {
  if (header.version != kTdispVersion) throw TdispRefusal{version_mismatch};
  if (!supports(header.code)) throw TdispRefusal{unsupported_request, static_cast<std::uint32_t>(header.code)};
  Interface& tdi = interface_of(header.function);
  switch (header.code) {
    case TdispCode::get_tdisp_version:
      reader.assert_done();
      return TdispVersions{{kTdispVersion}}.encode(tdi.function);
    case TdispCode::get_tdisp_capabilities:
      return capabilities(tdi, reader);
    case TdispCode::lock_interface_request:
      return lock(tdi, reader, session);
    case TdispCode::get_device_interface_report:
      return report(tdi, reader, room);
    case TdispCode::get_device_interface_state:
      reader.assert_done();
      return DeviceInterfaceState{tdi.state}.encode(tdi.function);
    case TdispCode::start_interface_request:
      start(tdi, reader, session);
      break;
    case TdispCode::stop_interface_request:
      stop(tdi, reader, session);
      break;
    case TdispCode::bind_p2p_stream_request:
      bind(tdi, reader, session);
      break;
    case TdispCode::unbind_p2p_stream_request:
      unbind(tdi, reader, session);
      break;
    default:
      set_mmio_attribute(tdi, reader, session);
      break;
  }
  return encode_done(header.code, tdi.function);
}

bool TdispDevice::supports(TdispCode request) const {
  const auto& ranges = profile_.report.ranges;
  switch (request) {
    case TdispCode::get_tdisp_version:
    case TdispCode::get_tdisp_capabilities:
    case TdispCode::lock_interface_request:
    case TdispCode::get_device_interface_report:
    case TdispCode::get_device_interface_state:
    case TdispCode::start_interface_request:
    case TdispCode::stop_interface_request:
      return true;
    case TdispCode::bind_p2p_stream_request:
    case TdispCode::unbind_p2p_stream_request:
      return (profile_.lock_flags & lock_flag::bind_p2p) != 0;
    case TdispCode::set_mmio_attribute_request:
      return std::ranges::any_of(ranges, [](const MmioRange& range) { return range.is_updatable(); });
    default:
      return false;
  }
}

TdispDevice::Interface& TdispDevice::interface_of(FunctionId function) {
  const auto found = std::ranges::find_if(interfaces_, [&](const Interface& one) { return one.function == function; });
  if (found != interfaces_.end()) return *found;
  const auto& named = profile_.functions;
  const bool is_ours = named.empty() ? interfaces_.size() < kMost : std::ranges::find(named, function) != named.end();
  if (!is_ours || !is_sound(function)) throw TdispRefusal{invalid_interface};
  return interfaces_.emplace_back(Interface{.function = function, .state = profile_.state});
}

void TdispDevice::check_owner(const Interface& tdi, std::uint32_t session) {
  if (tdi.is_locked() && tdi.session != session) throw TdispRefusal{invalid_request};
}

Bytes TdispDevice::capabilities(const Interface& tdi, Reader& reader) const {
  (void)GetTdispCapabilities::decode(reader);
  TdispCapabilities out;
  for (unsigned bit = 1; bit < 0x10; ++bit)
    if (supports(static_cast<TdispCode>(0x80 | bit))) out.requests.at(bit / 8) |= static_cast<std::uint8_t>(1U << bit % 8);
  out.lock_flags = profile_.lock_flags;
  out.address_width = profile_.address_width;
  out.requests_this = out.requests_all = 1;
  return out.encode(tdi.function);
}

Bytes TdispDevice::lock(Interface& tdi, Reader& reader, std::uint32_t session) const {
  const LockInterface request = LockInterface::decode(reader);
  expect_state(tdi.state, TdiState::config_unlocked);
  if ((request.flags & ~profile_.lock_flags) != 0 || !has_keys(request.default_stream, session)) throw TdispRefusal{invalid_request};
  LockInterfaceResponse out;
  const Bytes random = crypto::random(out.nonce.size());
  std::ranges::copy(random, out.nonce.begin());
  tdi = {.function = tdi.function, .state = TdiState::config_locked, .session = session, .lock = request, .nonce = out.nonce};
  return out.encode(tdi.function);
}

// The report says where ranges are for the requester: MMIO_REPORTING_OFFSET is added.
Bytes TdispDevice::report_of(const Interface& tdi) const {
  if (profile_.raw_report) return *profile_.raw_report;
  InterfaceReport out = profile_.report;
  if ((tdi.lock.flags & lock_flag::no_fw_update) != 0) out.info |= 1U << 0;
  for (MmioRange& range : out.ranges) range.first_page = (range.first_page + (tdi.lock.mmio_reporting_offset >> kPageBits)) & kPages;
  return out.encode();
}

Bytes TdispDevice::report(const Interface& tdi, Reader& reader, std::size_t room) const {
  const GetDeviceInterfaceReport request = GetDeviceInterfaceReport::decode(reader);
  if (!tdi.is_locked()) throw TdispRefusal{invalid_interface_state};
  const Bytes whole = report_of(tdi);
  if (request.length == 0 || request.offset >= whole.size()) throw TdispRefusal{invalid_request};
  const std::size_t left = whole.size() - request.offset;
  const std::size_t size = std::min<std::size_t>({left, request.length, profile_.portion, room - kTdispHeaderSize - 4});
  DeviceInterfaceReport out;
  out.remainder = static_cast<std::uint16_t>(left - size);
  out.portion = to_bytes(View(whole).subspan(request.offset, size));
  return out.encode(tdi.function);
}

void TdispDevice::start(Interface& tdi, Reader& reader, std::uint32_t session) const {
  const StartInterface request = StartInterface::decode(reader);
  expect_state(tdi.state, TdiState::config_locked);
  check_owner(tdi, session);
  if (!crypto::equal_in_constant_time(request.nonce, tdi.nonce)) throw TdispRefusal{invalid_nonce};
  tdi.state = TdiState::run;
}

// Ends what LOCK_INTERFACE_REQUEST began; after a failure anybody may.
void TdispDevice::stop(Interface& tdi, Reader& reader, std::uint32_t session) const {
  reader.assert_done();
  if (tdi.state == TdiState::config_unlocked) throw TdispRefusal{invalid_interface_state};
  check_owner(tdi, session);
  tdi = {.function = tdi.function, .state = TdiState::config_unlocked};
}

void TdispDevice::bind(Interface& tdi, Reader& reader, std::uint32_t session) const {
  const P2pStream request = P2pStream::decode(reader);
  expect_state(tdi.state, TdiState::run);
  check_owner(tdi, session);
  const bool is_allowed = (tdi.lock.flags & lock_flag::bind_p2p) != 0 && request.stream != tdi.lock.default_stream;
  const bool is_bound = std::ranges::find(tdi.bound, request.stream) != tdi.bound.end();
  if (!is_allowed || is_bound || !has_keys(request.stream, session)) throw TdispRefusal{invalid_request};
  tdi.bound.push_back(request.stream);
}

void TdispDevice::unbind(Interface& tdi, Reader& reader, std::uint32_t session) const {
  const P2pStream request = P2pStream::decode(reader);
  expect_state(tdi.state, TdiState::run);
  check_owner(tdi, session);
  if (std::erase(tdi.bound, request.stream) == 0) throw TdispRefusal{invalid_request};
}

// Only whether a range takes accesses from outside of the TEE may change, and only where the report says so.
void TdispDevice::set_mmio_attribute(const Interface& tdi, Reader& reader, std::uint32_t session) const {
  const MmioRange request = SetMmioAttribute::decode(reader).range;
  expect_state(tdi.state, TdiState::run);
  check_owner(tdi, session);
  const std::uint64_t offset = tdi.lock.mmio_reporting_offset >> kPageBits;
  const bool fits = std::ranges::any_of(profile_.report.ranges, [&](const MmioRange& range) {
    const std::uint64_t begin = (range.first_page + offset) & kPages;
    const bool is_inside = request.first_page >= begin && request.first_page - begin <= range.pages &&
                           request.pages <= range.pages - (request.first_page - begin);
    return range.is_updatable() && range.id == request.id && is_inside;
  });
  if (!fits) throw TdispRefusal{invalid_request};
}

// PCIe r6.x 11.4: an interface does not outlive the session that has locked it.
void TdispDevice::end(std::uint32_t session) {
  for (Interface& tdi : interfaces_)
    if (tdi.is_locked() && tdi.session == session) tdi = {.function = tdi.function, .state = TdiState::error};
}

void TdispDevice::check_streams() {
  for (Interface& tdi : interfaces_) {
    const bool holds = tdi.session == 0 || has_keys(tdi.lock.default_stream, tdi.session);
    if (tdi.is_locked() && !holds) tdi = {.function = tdi.function, .state = TdiState::error};
  }
}

}  // namespace spdm

#include "cmd/host/drive_messages.h"

#include <algorithm>

#include "core/text.h"
#include "core/wire/security_protocol.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kMostWords = 400;  // bytes of one text in an answer
constexpr std::size_t kMostNode = 256;
constexpr std::uint8_t kDone = 0, kCompletion = 1, kError = 2;
constexpr std::string_view kCommand = "command to the broker", kAnswer = "answer of the broker", kRequest = "request to the broker";

void add_text(Writer& out, std::string_view text, std::size_t most) {
  const std::string_view cut = text.substr(0, most);
  out.u16(cut.size()).bytes(as_bytes(cut));
}

std::string_view take_text(Reader& in, std::string_view field) {
  const std::size_t size = in.u16(field);
  return as_text(in.take(size, field));
}

// Throws the error of the answer when it is one; returns the kind of any other.
std::uint8_t read_kind(Reader& in) {
  const std::uint8_t kind = in.u8("kind");
  if (kind != kError) return kind;
  const ErrorRow* const what = find_error(take_text(in, "error"));
  const std::string message = printable(take_text(in, "message")), hint = printable(take_text(in, "hint"));
  in.assert_done();
  throw Error(what == nullptr ? ErrorId::internal : what->id, message, hint);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// A number as the kernel writes it: it begins with zero only when it is zero.
bool is_number(std::string_view text, std::size_t most_digits) {
  return !text.empty() && text.size() <= most_digits && std::all_of(text.begin(), text.end(), is_digit) &&
         (text.size() == 1 || text.front() != '0');
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "H:C:T:L": host, channel, target and logical unit, the last of which may have 64 bits.
bool is_scsi_address(std::string_view text) {
  for (int part = 0; part < 3; ++part) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_number(text.substr(0, colon), 10)) return false;
    text.remove_prefix(colon + 1);
  }
  return is_number(text, 20);
}

}  // namespace

bool is_allowed(bool sends, std::uint8_t protocol, std::uint16_t specific, std::size_t size) {
  if (size == 0 || size > kMostTransferred) return false;
  if (protocol == kProtocolList) return !sends && specific == 0;
  if (protocol != kProtocolSpdm) return false;
  for (const StorageOperation asked : {StorageOperation::discovery, StorageOperation::pending_info})
    if (specific == protocol_specific(asked)) return !sends;
  return specific == protocol_specific(StorageOperation::message) || specific == protocol_specific(StorageOperation::secured_message);
}

Bytes encode(const DriveCommand& command) {
  Writer out;
  out.u8(command.sends ? 1 : 0).u8(command.protocol).u16(command.specific);
  out.u32(command.sends ? command.data.size() : command.allocation).bytes(command.data);
  return out.take();
}

DriveCommand decode_command(View datagram) {
  Reader in(datagram, kCommand);
  DriveCommand out;
  const std::uint8_t direction = in.u8("direction");
  if (direction > 1) in.fail("direction", "neither send nor receive");
  out.sends = direction == 1;
  out.protocol = in.u8("protocol");
  out.specific = in.u16("specific");
  const std::size_t size = in.u32("size");
  if (!is_allowed(out.sends, out.protocol, out.specific, size))
    throw Error(ErrorId::permission,
                cat("the broker of drives lets no command of protocol ", hex(out.protocol, 2), "h, specific ", hex(out.specific, 4),
                    "h and ", size, " bytes through"),
                "it knows the list of protocols and SPDM (E8h)");
  if (out.sends)
    out.data = to_bytes(in.take(size, "data"));
  else
    out.allocation = size;
  in.assert_done();
  return out;
}

Bytes encode(const transport::Completion& completion) {
  Writer out;
  out.u8(kCompletion);
  add_text(out, completion.refusal, kMostWords);
  out.bytes(completion.data);
  return out.take();
}

Bytes encode(const Error& error) {
  Writer out;
  out.u8(kError);
  add_text(out, row(error.id).name, kMostWords);
  add_text(out, error.what(), kMostWords);
  add_text(out, error.hint, kMostWords);
  return out.take();
}

Bytes encode_done() { return Writer().u8(kDone).take(); }

transport::Completion decode_completion(View datagram) {
  Reader in(datagram, kAnswer);
  if (read_kind(in) != kCompletion) in.fail("kind", "no completion");
  transport::Completion out;
  out.refusal = printable(take_text(in, "refusal"));
  out.data = to_bytes(in.rest());
  return out;
}

void decode_done(View datagram) {
  Reader in(datagram, kAnswer);
  if (read_kind(in) != kDone) in.fail("kind", "unknown");
  in.assert_done();
}

bool is_drive_node(transport::DriveKind kind, std::string_view node, const std::filesystem::path& root) {
  if (node.size() > kMostNode) return false;
  std::string folder = (root / "dev").string();
  folder += '/';
  if (!take_prefix(node, folder)) return false;
  if (kind == transport::DriveKind::nvme) return take_prefix(node, "nvme") && is_number(node, 6);
  if (take_prefix(node, "sg")) return is_number(node, 6);
  if (take_prefix(node, "bsg/")) return is_scsi_address(node);
  return take_prefix(node, "sd") && !node.empty() && node.size() <= 4 && std::all_of(node.begin(), node.end(), is_letter);
}

Bytes encode(const DriveRequest& request) {
  Writer out;
  out.u8(request.kind == transport::DriveKind::nvme ? 0 : 1).u8(request.gently ? 1 : 0).bytes(as_bytes(request.node));
  return out.take();
}

DriveRequest decode_request(View datagram) {
  Reader in(datagram, kRequest);
  const std::uint8_t kind = in.u8("kind"), gently = in.u8("gently");
  if (kind > 1 || gently > 1) in.fail("kind", "unknown");
  if (in.remaining() > kMostNode) in.fail("node", "too long");
  return {kind == 0 ? transport::DriveKind::nvme : transport::DriveKind::scsi, gently == 1, std::string(as_text(in.rest()))};
}

}  // namespace spdm::cmd

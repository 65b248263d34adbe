#include "transport/socket/address.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

[[noreturn]] void refuse(const SocketTarget& target, std::string_view why) {
  Error error(ErrorId::usage, std::string(why), cat("the form is ", target.usage));
  error.device = target.target;
  throw error;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

void parse_query(SocketTarget& out, std::string_view query, std::initializer_list<std::string_view> keys) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
    const std::size_t equals = item.find('=');
    const std::string_view key = item.substr(0, equals);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) refuse(out, cat("unknown option '", printable(key), "'"));
    if (equals == std::string_view::npos) refuse(out, cat("option '", key, "' has no value"));
    if (!out.query.emplace(key, item.substr(equals + 1)).second) refuse(out, cat("option '", key, "' is given twice"));
  }
}

}  // namespace

std::string SocketTarget::value(std::string_view key, std::string_view otherwise) const {
  const auto found = query.find(key);
  return found == query.end() ? std::string(otherwise) : found->second;
}

std::size_t SocketTarget::number(std::string_view key, std::size_t otherwise, std::size_t low, std::size_t high) const {
  const auto found = query.find(key);
  if (found == query.end()) return otherwise;
  const std::optional<std::uint64_t> value = decimal(found->second);
  if (!value || *value < low || *value > high)
    refuse(*this, cat(key, " '", printable(found->second), "' is not a number from ", low, " to ", high));
  return *value;
}

SocketTarget parse_socket_target(std::string_view target, std::string_view usage, std::initializer_list<std::string_view> keys) {
  SocketTarget out{.target = std::string(target), .usage = usage, .host = {}, .port = {}, .query = {}};
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) refuse(out, "'//' is missing before the host");
  std::string_view rest = target.substr(scheme + 3);
  if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
    parse_query(out, rest.substr(question + 1), keys);
    rest = rest.substr(0, question);
  }

  std::string_view port;
  bool with_port = false;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) refuse(out, "']' is missing behind the IPv6 address");
    out.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    with_port = rest.starts_with(':');
    if (!rest.empty() && !with_port) refuse(out, "only a port may follow the host");
    if (with_port) port = rest.substr(1);
    // getaddrinfo() checks the rest of an address. '%' begins the interface of a link-local one.
    if (!std::all_of(out.host.begin(), out.host.end(), [](char c) { return host_character(c) || c == ':' || c == '%'; }))
      refuse(out, "the host is not an IPv6 address");
  } else {
    const std::size_t colon = rest.find(':');
    with_port = colon != std::string_view::npos;
    out.host = rest.substr(0, colon);
    if (with_port) port = rest.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) refuse(out, "an IPv6 address goes in brackets");
    if (!std::all_of(out.host.begin(), out.host.end(), host_character)) refuse(out, "the host has characters that no host name has");
  }
  if (out.host.empty()) refuse(out, "the host is missing");
  if (with_port) {
    const std::optional<std::uint64_t> number = decimal(port);
    if (!number || *number == 0 || *number > 0xFFFF) refuse(out, cat("port '", printable(port), "' is not a number from 1 to 65535"));
    out.port = static_cast<std::uint16_t>(*number);
  }
  return out;
}

}  // namespace spdm::transport

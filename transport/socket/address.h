// Targets of the form scheme://HOST[:PORT][?key=value&...].
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spdm::transport {

inline constexpr std::uint16_t kTcpPort = 4194;  // IANA: spdm over TCP (DSP0287)

struct SocketTarget {
  std::string target;      // for error messages
  std::string_view usage;  // "tcp://HOST[:PORT]", for the same
  std::string host;        // without the brackets of an IPv6 address
  std::optional<std::uint16_t> port;
  std::map<std::string, std::string, std::less<>> query;

  std::string value(std::string_view key, std::string_view otherwise) const;
  // Throws Error{usage} unless the value is a decimal number from `low` to `high`.
  std::size_t number(std::string_view key, std::size_t otherwise, std::size_t low, std::size_t high) const;
};

// Throws Error{usage} naming the part that is wrong: no host, a bad port, a key other than `keys` or given twice.
// `usage` must outlive what is returned: a constant.
SocketTarget parse_socket_target(std::string_view target, std::string_view usage, std::initializer_list<std::string_view> keys);

}  // namespace spdm::transport

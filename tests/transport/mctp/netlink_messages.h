// Answers of the kernel by netlink, as it writes them: messages and attributes of linux/netlink.h, filled up to four bytes.
#pragma once

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "core/bytes.h"

namespace fake {

template <class Value>
spdm::Bytes raw(const Value& value) {
  spdm::Bytes out(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

inline spdm::Bytes text(const std::string& value) { return {value.c_str(), value.c_str() + value.size() + 1}; }

inline spdm::Bytes padded(spdm::Bytes bytes) {
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

inline spdm::Bytes joined(std::initializer_list<spdm::Bytes> parts) {
  spdm::Bytes out;
  for (const spdm::Bytes& part : parts) spdm::append(out, padded(part));
  return out;
}

inline spdm::Bytes attribute(std::uint16_t type, const spdm::Bytes& value) {
  return joined({raw(nlattr{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type}), value});
}

inline spdm::Bytes message(std::uint16_t type, const spdm::Bytes& body, std::uint32_t sequence = 1, std::uint16_t flags = NLM_F_MULTI) {
  return joined({raw(nlmsghdr{static_cast<std::uint32_t>(sizeof(nlmsghdr) + body.size()), type, flags, sequence, 0}), body});
}

// The body of RTM_NEWLINK; a network of 0: one without MCTP.
inline spdm::Bytes interface(int index, const std::string& name, std::uint32_t network) {
  ifinfomsg head{};
  head.ifi_index = index;
  const spdm::Bytes inet = attribute(AF_INET, attribute(1, raw(std::uint32_t{7})));
  const spdm::Bytes mctp = network == 0 ? spdm::Bytes() : attribute(AF_MCTP, attribute(IFLA_MCTP_NET, raw(network)));
  return joined({raw(head), attribute(IFLA_IFNAME, text(name)), attribute(IFLA_MTU, raw(std::uint32_t{68})),
                 attribute(IFLA_AF_SPEC | NLA_F_NESTED, joined({inet, mctp}))});
}

struct RouteParts {
  std::uint8_t first = 9, more = 0, type = RTN_UNICAST, family = AF_MCTP;
  spdm::Bytes way = attribute(RTA_OIF, raw(std::uint32_t{3}));
};

// The body of RTM_NEWROUTE, as mctp_fill_rtinfo() writes it.
inline spdm::Bytes route(const RouteParts& parts) {
  rtmsg head{};
  head.rtm_family = parts.family;
  head.rtm_dst_len = parts.more;
  head.rtm_table = RT_TABLE_DEFAULT;
  head.rtm_protocol = RTPROT_STATIC;
  head.rtm_scope = RT_SCOPE_LINK;
  head.rtm_type = parts.type;
  return joined(
      {raw(head), attribute(RTA_DST, {parts.first}), attribute(RTA_METRICS, attribute(RTAX_MTU, raw(std::uint32_t{68}))), parts.way});
}

// RTA_GATEWAY: struct mctp_fq_addr.
inline spdm::Bytes gateway(std::uint32_t network, std::uint8_t eid) { return attribute(RTA_GATEWAY, joined({raw(network), {eid}})); }

}  // namespace fake

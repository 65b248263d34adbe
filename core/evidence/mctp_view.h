// What the host knows of an endpoint that was asked over MCTP (DSP0236). The device has signed none of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace spdm {

struct MctpView {
  // Linux's number of the MCTP network, from 1 on; nothing in captures, whose packets do not tell.
  std::optional<std::uint32_t> network;
  std::uint8_t eid = 0;
  std::string interface;  // that leads there: "mctpi2c4"; empty where nobody knows

  bool operator==(const MctpView&) const = default;
};

// "1:9", and "9" where the network is not known.
inline std::string to_string(const MctpView& view) {
  return (view.network ? std::to_string(*view.network) + ":" : std::string()) + std::to_string(view.eid);
}

}  // namespace spdm

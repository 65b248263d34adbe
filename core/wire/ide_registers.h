// The registers of the IDE extended capability (PCIe r6.x 7.9.26), from the IDE Capability Register on, as configuration space has them
// and as QUERY_RESP of IDE_KM brings them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace spdm {

inline constexpr std::uint8_t kIdleStreamId = 255;  // what Linux writes into blocks that it leaves idle

// The registers of one stream.
struct IdeStream {
  struct AddressAssociation {
    std::uint32_t first = 0, limit_high = 0, base_high = 0;
    bool operator==(const AddressAssociation&) const = default;
  };

  bool is_selective = false;     // else of the link
  std::size_t block = 0;         // register block of its kind, from 0 on
  std::uint32_t capability = 0;  // selective only
  std::uint32_t control = 0, status = 0;
  std::uint32_t rid_1 = 0, rid_2 = 0;         // RID Association, selective only
  std::vector<AddressAssociation> addresses;  // selective only

  bool is_enabled() const { return (control & 1) != 0; }
  std::uint8_t id() const { return static_cast<std::uint8_t>(control >> 24); }
  std::uint8_t algorithm() const { return control >> 14 & 0x1F; }  // 0 AES-GCM-256
  std::uint8_t traffic_class() const { return control >> 19 & 0x7; }
  bool is_default() const { return is_selective && (control & 1U << 22) != 0; }
  bool is_tee_limited() const { return is_selective && (control & 1U << 23) != 0; }
  std::uint8_t state() const { return status & 0xF; }  // 0 insecure, 2 secure
  bool is_secure() const { return state() == 2; }
  bool has_failed() const { return (status & 1U << 31) != 0; }  // an integrity check fail message was received

  bool operator==(const IdeStream&) const = default;
};

// "selective IDE stream 1 (id 5)"
std::string to_string(const IdeStream& stream);
// "AES-GCM-256"; "0x1f" for a reserved value.
std::string ide_algorithm_name(std::uint8_t algorithm);
// "insecure", "secure"; "0x01" for a reserved value.
std::string ide_state_name(std::uint8_t state);

struct IdeRegisters {
  std::uint32_t capability = 0, control = 0;
  std::vector<IdeStream> streams;  // in the order of the registers
  std::size_t surplus = 0;         // bytes behind the last block that the capability announces

  bool has_link_streams() const { return (capability & 1) != 0; }
  bool has_selective_streams() const { return (capability & 2) != 0; }
  std::size_t link_streams() const { return has_link_streams() ? (capability >> 13 & 0x7) + 1 : 0; }
  std::size_t selective_streams() const { return has_selective_streams() ? (capability >> 16 & 0xFF) + 1 : 0; }
  bool has_ide_km() const { return (capability & 1U << 6) != 0; }
  bool has_aes_gcm_256() const { return (capability >> 8 & 0x1F) == 0; }  // the one algorithm that there is
  bool is_tee_limited_supported() const { return (capability & 1U << 24) != 0; }

  bool operator==(const IdeRegisters&) const = default;
};

// What is read of a stream: all registers of its block, or those up to its status. The others are 0 then, and there are no addresses.
enum class IdeDepth { all, status };

// Asks `read` for 32-bit registers by their offset in bytes from the IDE Capability Register, which only grows; with IdeDepth::all for
// one after the other. No more than 8 link and 256 selective streams, and 15 address associations of each, can be announced. Throws what
// `read` throws, and Error{peer} where a register that has reserved bits reads as all ones: nothing is there.
IdeRegisters walk_ide_registers(const std::function<std::uint32_t(std::size_t offset)>& read, IdeDepth depth = IdeDepth::all);
// Of a copy. Throws Error{peer} also where it is no whole number of registers, or ends within a block.
IdeRegisters decode_ide_registers(View registers);

struct IdeDifference {
  std::string where;  // "control", "selective IDE stream 1, control"
  std::uint32_t first = 0, second = 0;
};
// Where two copies differ that were read at nearly the same time. The bit that a fail message was received is left out. What only one
// of them announces shows in the register that announces it.
std::vector<IdeDifference> differences(const IdeRegisters& first, const IdeRegisters& second);

}  // namespace spdm

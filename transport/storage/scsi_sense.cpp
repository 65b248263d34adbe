#include "transport/storage/scsi_sense.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"

namespace spdm::transport {

namespace {

// Response codes; bit 7 says something else.
constexpr std::uint8_t kFixed = 0x70, kFixedDeferred = 0x71, kDescriptors = 0x72, kDescriptorsDeferred = 0x73;
constexpr std::size_t kFixedSize = 14, kDescriptorHeader = 8;  // as far as they are read
constexpr std::uint8_t kAtaStatusReturn = 0x09, kAtaStatusReturnLength = 0x0C;
constexpr std::uint8_t kAtaInformation = 0x1D;  // with ADDITIONAL SENSE CODE 00h: "ATA pass through information available"

struct Meaning {
  std::uint8_t code, qualifier;
  std::string_view text;
};

// SPC-6 "ASC and ASCQ assignments": those that these commands can meet.
constexpr std::array kMeanings{
    Meaning{0x04, 0x00, "not ready"},
    Meaning{0x04, 0x01, "is becoming ready"},
    Meaning{0x04, 0x02, "not ready, has to be started"},
    Meaning{0x04, 0x11, "not ready, waits for a notification of its power"},
    Meaning{0x0E, 0x03, "invalid field in command information unit"},
    Meaning{0x1A, 0x00, "parameter list length error"},
    Meaning{0x20, 0x00, "invalid command operation code"},
    Meaning{0x20, 0x02, "access denied"},
    Meaning{0x21, 0x00, "block address out of range"},
    Meaning{0x24, 0x00, "invalid field in CDB"},
    Meaning{0x25, 0x00, "logical unit not supported"},
    Meaning{0x26, 0x00, "invalid field in parameter list"},
    Meaning{0x29, 0x00, "power on, reset, or bus device reset"},
    Meaning{0x2C, 0x00, "command sequence error"},
    Meaning{0x3A, 0x00, "medium not present"},
    Meaning{0x3F, 0x01, "microcode has been changed"},
    Meaning{0x44, 0x00, "internal target failure"},
    Meaning{0x4B, 0x00, "data phase error"},
    Meaning{0x55, 0x00, "system resource failure"},
    Meaning{0x74, 0x71, "logical unit access not authorized"},
    Meaning{0x74, 0x79, "security conflict in translated device"},
};

std::optional<std::uint8_t> ata_count_of(View descriptors) {
  while (descriptors.size() >= 2) {
    const std::size_t size = std::size_t{2} + descriptors[1];
    if (size > descriptors.size()) return std::nullopt;
    if (descriptors[0] == kAtaStatusReturn && descriptors[1] == kAtaStatusReturnLength) return descriptors[5];
    descriptors = descriptors.subspan(size);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Sense> parse_sense(View data) {
  if (data.empty()) return std::nullopt;
  const std::uint8_t format = data[0] & 0x7F;
  Sense out;
  out.deferred = format == kFixedDeferred || format == kDescriptorsDeferred;
  if ((format == kFixed || format == kFixedDeferred) && data.size() >= kFixedSize) {
    out.key = data[2] & 0x0F;
    out.code = data[12];
    out.qualifier = data[13];
    // INFORMATION holds ERROR, STATUS, DEVICE and COUNT then.
    if (out.code == 0 && out.qualifier == kAtaInformation) out.ata_count = data[6];
    return out;
  }
  if ((format == kDescriptors || format == kDescriptorsDeferred) && data.size() >= kDescriptorHeader) {
    out.key = data[1] & 0x0F;
    out.code = data[2];
    out.qualifier = data[3];
    const View rest = data.subspan(kDescriptorHeader);
    out.ata_count = ata_count_of(rest.first(std::min<std::size_t>(data[7], rest.size())));
    return out;
  }
  return std::nullopt;
}

std::string to_string(const Sense& sense) {
  const std::string numbers = cat(hex(sense.key, 1), "/", hex(sense.code, 2), "/", hex(sense.qualifier, 2));
  for (const Meaning& row : kMeanings)
    if (row.code == sense.code && row.qualifier == sense.qualifier) return cat(numbers, " (", row.text, ")");
  return numbers;
}

}  // namespace spdm::transport

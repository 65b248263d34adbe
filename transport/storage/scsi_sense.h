// Sense data of SCSI devices (SPC-6 "Sense data"): why a command was refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"

namespace spdm::transport {

struct Sense {
  std::uint8_t key = 0, code = 0, qualifier = 0;  // SENSE KEY, ADDITIONAL SENSE CODE and its qualifier
  bool deferred = false;                          // of an earlier command
  // Where an ATA device has answered (SAT-5 "ATA Status Return descriptor", or the fixed format): bits 7:0 of its COUNT field.
  std::optional<std::uint8_t> ata_count;

  // The device tells of an event, or of an earlier command, and has not done this one.
  bool is_attention() const { return deferred || key == kUnitAttention; }
  // The command was completed all the same.
  bool is_success() const { return !deferred && key == kRecovered; }

  static constexpr std::uint8_t kRecovered = 0x1, kUnitAttention = 0x6;
};

// Both formats. Nothing when there is no sense data, or too little of it, or it is of a vendor's own format.
std::optional<Sense> parse_sense(View data);

// "5/24/00 (invalid field in CDB)"
std::string to_string(const Sense& sense);

}  // namespace spdm::transport

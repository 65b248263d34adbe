// Which documents of reference values a device asks for, by the names that its vendor publishes them under.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/appraisal/device_words.h"

namespace spdm {

struct NeededReference {
  std::string_view kind;    // "driver", "vbios", "switch-bios", "nic-firmware"
  std::string_view format;  // "tcg-rim", "corim"
  std::string id;           // empty where it cannot be said
  std::string url;          // where the vendor has it; empty without an id
  std::string why;          // why there is no id; or what it would look like
  std::vector<DeviceWords::Fact> facts;

  // Whether a good signature of the device covers all that the id is made of. Else somebody claims it.
  bool is_signed() const;
};

// Empty where nobody has told this program how the vendor of the device calls its documents.
std::vector<NeededReference> needed_references(const DeviceWords& device);

}  // namespace spdm

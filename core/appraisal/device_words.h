// What a device says of itself, and its certificates of it: in a report made here, or in one that was written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/appraisal/report.h"
#include "core/format/json_stream.h"

namespace spdm {

struct DeviceWords {
  struct Fact {
    std::string name, text;  // "driver-version", "580.159.03"; escaped
    bool is_signed = false;
  };

  std::string source;                // of the report
  std::string subject, device_info;  // of the leaf whose key has signed, else of the first chain; empty without one
  std::string identity;              // PCI function, as the host says: "Vendor=15b3:Device=1021:..."
  std::vector<Fact> facts;           // those that have a name

  // nullptr: the device does not say it.
  const Fact* fact(std::string_view name) const;
};

DeviceWords words_of(const Report& report);

// Reads the documents of a file, one after the other (spdmctl.report/2, as JSON and NDJSON), and calls `device` for each device.
// Throws Error{bad_input} naming `file` for anything else, and what the source throws.
void read_words(JsonStream::Source source, const std::string& file, const std::function<void(DeviceWords)>& device);

}  // namespace spdm

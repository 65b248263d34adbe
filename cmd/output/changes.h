// What became of a device since an earlier report.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/appraisal/report.h"

namespace spdm::cmd {

class EarlierReport {
 public:
  // A report document, or one report per line (spdmctl.report/2, or /1: what is compared has the same keys in both). Throws
  // Error{bad_input} naming the file, and the line of the one that cannot be read.
  static EarlierReport read(const std::filesystem::path& file);

  // Fills report.changes, and remembers that the device is there.
  void compare(Report& report);
  // Remembers that a target is there of which nothing could be read.
  void saw(const std::string& source);
  // Devices of the earlier report that neither has seen. `targets`: what this run looked for; an empty list, or "all" in it,
  // means everything.
  std::vector<std::string> gone(const std::vector<std::string>& targets) const;
  // The earliest time in the report, RFC 3339; empty when it has none.
  const std::string& time() const { return time_; }

 private:
  struct Device {
    // What is worth comparing, by name: "verdict", "leaf", "measurement 0x02".
    std::vector<std::pair<std::string, std::string>> facts;
    bool complete = true;  // false: collecting ended early, so what is missing need not be gone
    bool seen = false;
  };
  static Device device_of(const Json& report);
  void add(const Json& report, const std::string& where);
  Device* find(const std::string& source);  // nullptr when the earlier report does not have it

  std::map<std::string, Device> devices_;  // by source
  std::string time_;
};

}  // namespace spdm::cmd

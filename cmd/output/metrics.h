// Results as a file for the textfile collector of Prometheus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/report.h"

namespace spdm::cmd {

class Metrics {
 public:
  // Among devices with the same labels (one target given twice) the worst counts: no series may be there twice.
  void add(const Report& report);
  // A target that gave no report counts as undetermined.
  void add(const Error& error);
  // The whole file, in the text format of Prometheus 0.0.4. `timestamp`: when the audit began, seconds since the epoch;
  // `duration`: seconds.
  std::string text(std::int64_t timestamp, double duration, Exit exit) const;

 private:
  struct Device {
    std::string labels;  // target="...",bdf="...",vendor="...",device="..."
    std::string verdict;
    Exit exit{};
    std::size_t measurements = 0;
    struct Certificate {
      std::string labels;
      std::int64_t not_after = 0;
    };
    std::vector<Certificate> certificates;
  };
  void keep(Device device);

  std::vector<Device> devices_;
};

}  // namespace spdm::cmd

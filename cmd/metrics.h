// Results as a file for the textfile collector of Prometheus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/report.h"

namespace cmd {

class Metrics {
 public:
  void add(const spdm::Report& report);
  // The whole file, in the text format of Prometheus 0.0.4.
  std::string text(std::int64_t timestamp, double duration, spdm::Exit exit) const;

 private:
  struct Device {
    std::string labels;  // target="...",bdf="...",vendor="...",device="..."
    std::string verdict;
    int exit_code = 0;
    std::size_t measurements = 0;
    struct Certificate {
      std::string labels;
      std::int64_t not_after = 0;
    };
    std::vector<Certificate> certificates;
  };
  std::vector<Device> devices_;
};

}  // namespace cmd

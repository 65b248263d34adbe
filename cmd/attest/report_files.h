// Reads the files of `report`: several pieces at once, and told in the order of the files and of what is in them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/fleet/result_reader.h"

namespace spdm::cmd {

struct ReportFile {
  std::string path;                           // "-" is standard input
  std::string name;                           // for messages
  std::string host;                           // of reports that name none
  bool found = false;                         // in a directory that was named
  std::optional<Error> error = std::nullopt;  // why it cannot be read
};

// The sink, and `passed` with the bytes that were read, are called by the calling thread. An error of one file does not end the others.
// Memory does not grow with the files.
void read_report_files(const std::vector<ReportFile>& files, HostNaming naming, std::size_t workers, const ResultSink& sink,
                       const std::function<void(std::size_t bytes)>& passed);

}  // namespace spdm::cmd

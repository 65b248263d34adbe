// Reads reports (report.h) from files, one result after the other. An input may mix whole documents, lines with one
// document each, and lines with the report on one device each. However large it is, only a few results are in memory.
#pragma once

#include <functional>
#include <string_view>

#include "core/fleet/result.h"
#include "core/format/json_stream.h"

namespace spdm {

// The `why` of a report of a verb that only looks.
extern const std::string_view kJudgesNothing;

// A part of an input that could not be read as a report.
struct Unreadable {
  std::string file;
  std::size_t line = 0;  // 0: the whole file
  std::string why;       // one line
};

struct ResultSink {
  std::function<void(Result)> result;
  std::function<void(Unreadable)> unreadable;
  // Called when the input has a report of this host without results.
  std::function<void(const std::string& host)> host;
};

enum class HostNaming {
  reported,  // the host that a report names; `host` for reports that name none
  by_file,   // always `host`, whatever the input says
};

// `file` is for messages. The collector of reports may add the key "hostname" at the top of a document or line; it
// overrides the host that the report names. When the verdict of a document is worse than those of its devices, it
// becomes a result without a device. `first_line`: the number of the source's first line in its file. Throws only what
// the source throws: unreadable parts go to the sink, and reading goes on behind them.
void read_results(JsonStream::Source source, const std::string& file, const std::string& host, const ResultSink& sink,
                  HostNaming naming = HostNaming::reported, std::size_t first_line = 1);

}  // namespace spdm

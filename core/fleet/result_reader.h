// Reports (report.h) as files have them, one result after the other: whole documents, or lines with a document or with
// the report on one device each, in any mixture. Of an input of any size no more than a few results are in memory.
#pragma once

#include <functional>

#include "core/fleet/result.h"
#include "core/format/json_stream.h"

namespace spdm {

// A part of an input that is no report.
struct Unreadable {
  std::string file;
  std::size_t line = 0;  // 0: all of it
  std::string why;       // one line
};

struct ResultSink {
  std::function<void(Result)> result;
  std::function<void(Unreadable)> unreadable;
  // The input has a report of this host, with or without results.
  std::function<void(const std::string& host)> host;
};

enum class HostNaming {
  reported,  // what a report says of its host counts; `host` is for those that say nothing
  by_file,   // `host` it is, whatever is in the input
};

// `file` is for messages. The key "hostname" at the top of a document or line, which who gathers reports may add, is
// stronger than what a report says of its host. A verdict of a document that is worse than those of its devices is a
// result without a device. Throws what the source throws and nothing else: what cannot be read goes to the sink, and
// reading goes on behind it.
void read_results(JsonStream::Source source, const std::string& file, const std::string& host, const ResultSink& sink,
                  HostNaming naming = HostNaming::reported);

}  // namespace spdm

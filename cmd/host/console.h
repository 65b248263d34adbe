// The two streams of the program: stdout is exactly one document in the chosen format, stderr is for people.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace spdm::cmd {

// The last two are for verbs that judge (see export.h).
enum class Format { text, json, ndjson, yaml, ear, redfish };

class Console {
 public:
  explicit Console(Format first_guess) : format(first_guess) {}

  // stdout, buffered. Throws Error{io} when it cannot be written; a reader that has gone away (a closed pipe) is no
  // error: the rest is dropped, the verdict and the exit code stand.
  void out(std::string_view text);
  void flush();
  // One line on stderr: "spdmctl: TARGET: message; hint".
  void complain(const Error& error) const;
  void note(std::string_view line) const;

  // Until the options are understood this is a guess from the arguments, so that their own errors can be documents, too.
  Format format;
  bool color = false;  // of stdout
  bool verbose = false;

 private:
  std::string pending_;
  bool reader_gone_ = false;
};

// Whether standard output is a terminal that shows colours.
bool wants_color(bool forbidden);

}  // namespace spdm::cmd

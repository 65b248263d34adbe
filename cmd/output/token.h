// Evidence of all devices of a run as one token (core/appraisal/eat_writer.h), for verbs that have it. It says nothing of a verdict.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/host/console.h"
#include "core/appraisal/eat_writer.h"
#include "core/appraisal/report.h"
#include "core/error.h"
#include "core/evidence/cmw_writer.h"

namespace spdm::cmd {

// Throws Error{usage} when `what` ("a token") would go to a terminal. `output`: of --output; "-" says that it may.
void assert_binary_is_wanted(std::string_view what, const std::string& output);

// What a token gets of one device; or why it gets nothing. May be made on several threads.
struct TokenPart {
  std::string target;
  std::optional<DatDevice> device;
  std::optional<Error> error;
  std::string note;  // of a device that did not pass, in words
};
TokenPart token_part(const Evidence& evidence, const std::string& target);
TokenPart token_part(const Error& error, const std::string& target);
// Of evidence that was judged: a good signature shows which algorithms have made it.
TokenPart token_part(Evidence evidence, const Report& report);

class TokenWriter {
 public:
  TokenWriter(Console& console, std::optional<CmwForm> wrapper) : console_(console), wrapper_(wrapper) {}

  // Tells on stderr what the token lacks of the device, or that it lacks the device.
  void add(TokenPart part);
  // Writes the token. Throws Error{unsupported} when no device is left, with the worst exit code, which is at least `so_far`; and as
  // write_token().
  void write(Exit so_far);
  Exit worst() const { return worst_; }  // of the devices that are left out

 private:
  Console& console_;
  std::optional<CmwForm> wrapper_;
  std::vector<DatDevice> devices_;
  Exit worst_ = Exit::ok;
};

}  // namespace spdm::cmd

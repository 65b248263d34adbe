// Decoded messages as lines: one for each, of at most 80 columns.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/evidence/evidence.h"
#include "core/format/json.h"

namespace spdm::cmd {

// Of one conversation: its numbers and times have the same width in all lines.
class BriefLines {
 public:
  explicit BriefLines(const MessageLog& log);

  // "12  0.023111 <- CHALLENGE_AUTH 1.2  184 bytes  slot 0  in 0xffff8427": number; seconds since the first message, as fine as the
  // recording has them; who sent it; its name and version; its length; what matters most of it; and the session.
  std::string line(const Json& message) const;

 private:
  std::string time_of(const Json& message) const;

  std::size_t number_width_ = 1, time_width_ = 0;
  std::size_t decimals_ = 0;
  std::optional<std::chrono::nanoseconds> first_;  // nothing where nobody has kept times
};

}  // namespace spdm::cmd

// Keys of links that stand in recorded messages: KEY_PROG of IDE_KM brings one, and in a session that was opened it can be read. None is
// shown, neither as a field nor among bytes.
#pragma once

#include "core/evidence/evidence.h"

namespace spdm::cmd {

// Follows a recording. Of a message that comes in chunks, the chunks have the key, too.
class HiddenKeys {
 public:
  struct Shown {
    Bytes bytes;  // of the message, with zeros in place of a key
    bool hidden = false;
  };
  Shown next(const Message& message);

 private:
  Bytes sent_, received_;  // what has come of a message in chunks
};

// The same of one message, or of its beginning.
HiddenKeys::Shown hide_key(View message);

}  // namespace spdm::cmd

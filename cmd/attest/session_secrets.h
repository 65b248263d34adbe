// The file of --session-secrets: secrets that open the sessions of recordings.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "core/session/secrets.h"

namespace spdm::cmd {

// Nothing when no file is named. From then on the process leaves no core dump. Throws Error as read_secret_file(), and bad_input. Call it
// before the process confines itself.
std::vector<SessionSecret> read_secrets(const std::string& file);

// Keeps the secrets of sessions that are opened. The file has those of all sessions so far, whatever becomes of the run.
class SecretKeeper {
 public:
  // Throws Error as assert_secret_writable().
  explicit SecretKeeper(std::filesystem::path file);
  // May be called by several threads. Throws Error as write_secret_file(), and bad_input when there are too many.
  void keep(SessionSecret secret);

 private:
  std::filesystem::path file_;
  std::mutex mutex_;
  std::vector<SessionSecret> secrets_;
};

}  // namespace spdm::cmd

#include "cmd/attest/session_secrets.h"

#include "cmd/host/files.h"
#include "cmd/host/secret_file.h"
#include "core/error.h"
#include "core/recognize.h"

namespace spdm::cmd {

std::vector<SessionSecret> read_secrets(const std::string& file) {
  if (file.empty()) return {};
  forbid_core_dumps();
  const SecretBytes contents = read_secret_file(file, FileKind::session_secrets);
  if (std::optional<Error> wrong = wrong_kind(contents.view(), FileKind::session_secrets)) {
    wrong->device = file;
    throw Error(*wrong);
  }
  return read_session_secrets(contents.view(), file);
}

SecretKeeper::SecretKeeper(std::filesystem::path file) : file_(std::move(file)) { assert_secret_writable(file_); }

void SecretKeeper::keep(SessionSecret secret) {
  const std::scoped_lock lock(mutex_);
  secrets_.push_back(std::move(secret));
  write_secret_file(file_, write_session_secrets(secrets_).view());
}

}  // namespace spdm::cmd

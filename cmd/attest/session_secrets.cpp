#include "cmd/attest/session_secrets.h"

#include <sys/stat.h>

#include "core/file.h"
#include "core/secret.h"
#include "core/text.h"

namespace spdm::cmd {

void note_if_exposed(const std::string& file, std::string_view what, const Console& console) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)) != 0)
    console.note(cat("spdmctl: ", printable(file), ": everybody may read ", what));
}

std::vector<SessionSecret> read_secrets(const std::string& file, const Console& console) {
  if (file.empty()) return {};
  const Secret contents(read_file(file, FileKind::session_secrets));
  std::vector<SessionSecret> out = read_session_secrets(*contents, file);
  note_if_exposed(file, "these secrets of sessions; chmod 600 it", console);
  return out;
}

}  // namespace spdm::cmd

// spdmctl-rim: reference values from TCG RIM. A program of its own, so that spdmctl links no XML.
#include <fcntl.h>

#include <csignal>
#include <exception>

#include "cmd/rim/program.h"
#include "core/text.h"

int main(int argc, char** argv) {
  // A closed standard descriptor would be given to the next file, and the reference values would go there.
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return static_cast<int>(spdm::Exit::internal);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an ordinary end of output
  spdm::cmd::Console console(spdm::cmd::Format::text);
  try {
    return static_cast<int>(spdm::rim::run_program(argc, argv, console));
  } catch (const std::exception& error) {
    console.note(spdm::cat("spdmctl-rim: ", error.what()));
    return static_cast<int>(spdm::Exit::internal);
  }
}

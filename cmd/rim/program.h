// The program spdmctl-rim, without its main().
#pragma once

#include "cmd/host/console.h"
#include "core/error.h"

namespace spdm::rim {

// Understands the command line, runs it, and tells what goes wrong. Returns the exit code.
Exit run_program(int argc, char** argv, cmd::Console& console);

}  // namespace spdm::rim

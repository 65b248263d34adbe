// Checks that something throws Error of one kind, with a message that names what it should name.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"

template <class F>
void expect_error(spdm::ErrorId id, const std::string& part, F run) {
  try {
    run();
    FAIL_CHECK("no error; expected: ", part);
  } catch (const spdm::Error& error) {
    CHECK_MESSAGE(error.id == id, spdm::row(error.id).name, ": ", error.what());
    const std::string what = error.what();
    CHECK_MESSAGE(what.find(part) != std::string::npos, "'", what, "' does not say '", part, "'");
  }
}

#include "core/secret_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "core/text.h"

using namespace spdm;

namespace {

// What the kernel says of the pages that hold an address (proc(5), VmFlags of smaps).
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> begin >> dash >> end && dash == '-') found = begin <= wanted && wanted < end;
    if (found && line.starts_with("VmFlags:")) return line + ' ';
  }
  return {};
}

}  // namespace

TEST_CASE("secret bytes: zeros at first, then what is written") {
  SecretBytes secret(5000);
  CHECK(secret.size() == 5000);
  CHECK(std::all_of(secret.view().begin(), secret.view().end(), [](std::uint8_t byte) { return byte == 0; }));
  secret.writable()[4999] = 7;
  CHECK(secret.view().back() == 7);
}

TEST_CASE("secret bytes: none are none") {
  const SecretBytes none, zero(0);
  CHECK(none.empty());
  CHECK(zero.empty());
  CHECK(zero.view().data() == nullptr);
  CHECK(none.duplicate().empty());
  CHECK(SecretBytes::take(Bytes{}).empty());
}

TEST_CASE("secret bytes: what is taken over is overwritten where it was") {
  Bytes source{1, 2, 3};
  const std::uint8_t* const where = source.data();
  const SecretBytes secret = SecretBytes::take(std::move(source));
  CHECK(hex(secret.view()) == "010203");
  CHECK(source.empty());
  CHECK((where[0] == 0 && where[1] == 0 && where[2] == 0));  // the vector keeps its memory
}

TEST_CASE("secret bytes: they have one owner, unless a second is made") {
  SecretBytes first = SecretBytes::take(Bytes{1, 2});
  const SecretBytes copy = first.duplicate();
  SecretBytes second = std::move(first);
  CHECK(first.empty());
  CHECK(hex(second.view()) == "0102");
  SecretBytes third = SecretBytes::take(Bytes{9});
  third = std::move(second);
  CHECK(second.empty());
  third.writable()[0] = 5;
  CHECK(hex(third.view()) == "0502");
  CHECK(hex(copy.view()) == "0102");
  SecretBytes& same = third;
  third = std::move(same);
  CHECK(hex(third.view()) == "0502");
}

TEST_CASE("secret bytes: no core dump has them") {
  const SecretBytes secret(32);
  CHECK(flags_of(secret.view().data()).find(" dd ") != std::string::npos);
}

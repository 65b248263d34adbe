// Streams, line by line: no byte of a line is lost, whatever was looked at before. The first byte is the longest line.
#include "cmd/host/lines.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "core/descriptor.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

namespace {

// The lines by the shortest way there is.
std::string simply(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool too_long = line.size() > limit;
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == '\r')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
    if (too_long)
      out += spdm::cat(number, " too long\n");
    else if (!line.empty())
      out += spdm::cat(number, " ", line, "\n");
  }
  return out;
}

std::string lines_of(const std::string& path, std::size_t limit, bool look) {
  spdm::cmd::LineFile file(path, limit);
  if (look) file.holds_objects(limit);
  std::string out;
  while (const std::optional<spdm::cmd::Line> line = file.next())
    out += line->too_long ? spdm::cat(line->number, " too long\n")
                          : spdm::cat(line->number, " ", std::string(line->bytes.begin(), line->bytes.end()), "\n");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  return fuzz::run([&] {
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const spdm::Descriptor memory(::memfd_create("lines", MFD_CLOEXEC));
    fuzz::require(::write(memory.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    const std::string path = spdm::cat("/proc/self/fd/", memory.get());
    const std::string expected = simply(text, data[0]);
    fuzz::require(lines_of(path, data[0], false) == expected);
    fuzz::require(lines_of(path, data[0], true) == expected);
    spdm::cmd::LineFile whole(path, data[0]);
    fuzz::require(whole.rest(size) == spdm::Bytes(data + 1, data + size));
  });
}

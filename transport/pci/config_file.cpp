#include "transport/pci/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

ssize_t read_register(int fd, std::uint16_t offset, std::uint32_t& value) {
  std::array<std::uint8_t, 4> bytes{};
  const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), offset);
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint32_t{bytes[i]} << (8 * i);
  return size;
}

}  // namespace

std::uint32_t ConfigFile::read32(std::uint16_t offset) {
  std::uint32_t value = 0;
  const ssize_t size = read_register(fd_.get(), offset, value);
  if (size < 0) fail(host_, errno, what("reading", offset));
  if (size != 4) throw Error(ErrorId::io, cat(what("reading", offset), ": only ", size, " bytes came"));
  return value;
}

void ConfigFile::write32(std::uint16_t offset, std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  const ssize_t size = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset);
  // The permission was checked at opening, so EPERM now means a lockdown.
  if (size < 0 && errno == EPERM) fail_locked_down(what("writing", offset));
  if (size < 0) fail(host_, errno, what("writing", offset));
  if (size != 4) throw Error(ErrorId::io, cat(what("writing", offset), ": only ", size, " bytes were taken"));
}

bool ConfigFile::reaches(std::uint16_t offset) const {
  std::uint32_t ignored = 0;
  const ssize_t size = read_register(fd_.get(), offset, ignored);
  if (size < 0) fail(host_, errno, what("reading", offset));
  return size == 4;
}

std::string ConfigFile::what(std::string_view verb, std::uint16_t offset) const {
  return cat(verb, " configuration space of ", name_, " at 0x", hex(offset, 3));
}

std::unique_ptr<ConfigFile> open_config_file(const Host& host, const Bdf& bdf, ConfigAccess access) {
  const std::string name = to_string(bdf);
  const std::filesystem::path file = host.pci() / "devices" / name / "config";
  Descriptor fd(::open(file.c_str(), (access == ConfigAccess::change ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  if (fd.get() < 0) fail(host, errno, cat("opening ", printable(file.string())));
  auto config = std::make_unique<ConfigFile>(host, name, std::move(fd));
  // Readable is all of it; or, without permission, the first 64 bytes (128 of a CardBus bridge).
  if (config->reaches(0xFC)) return config;
  throw Error(ErrorId::permission, cat("only the beginning of the configuration space of ", name, " can be read"),
              "run it as root: the rest needs CAP_SYS_ADMIN when it is opened");
}

}  // namespace spdm::transport

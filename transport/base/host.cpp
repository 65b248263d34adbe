#include "transport/base/host.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// A lockdown refuses with EPERM; missing file modes and capabilities with EACCES or EPERM. fail() tells them apart.
ErrorId kind_of_errno(int error) {
  switch (error) {
    case ENODEV:
    case ENXIO:
    case ENOENT:
      return ErrorId::no_device;
    case EACCES:
    case EPERM:
      return ErrorId::permission;
    case EBUSY:
      return ErrorId::busy;
    default:
      return ErrorId::io;
  }
}

[[noreturn]] void refuse(int error, const std::string& what) {
  const ErrorId id = kind_of_errno(error);
  throw Error(id, cat(what, ": ", std::strerror(error)), id == ErrorId::permission ? "run it as root" : "");
}

std::string_view trim_end(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

std::optional<std::string> read_attribute(const std::filesystem::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    refuse(errno, printable(file.string()));
  }
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
  if (size < 0) {
    if (errno == ENOTTY || errno == EOPNOTSUPP) return std::nullopt;
    refuse(errno, printable(file.string()));
  }
  return std::string(trim_end({buffer.data(), static_cast<std::size_t>(size)}));
}

std::optional<std::string> attribute(const std::filesystem::path& file) {
  try {
    std::optional<std::string> text = read_attribute(file);
    return text.value_or("").empty() ? std::nullopt : std::move(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::string> link_name(const std::filesystem::path& link) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(link, error);
  if (error || target.filename().empty()) return std::nullopt;
  return target.filename().string();
}

std::optional<std::vector<std::string>> entries(const std::filesystem::path& directory) {
  std::vector<std::string> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    out.push_back(at->path().filename().string());
  if (error) return std::nullopt;
  std::sort(out.begin(), out.end());
  return out;
}

void write_attribute(const std::filesystem::path& file, std::string_view value) {
  const std::string what = cat("writing ", printable(trim_end(value)), " to ", printable(file.string()));
  // O_TRUNC, as the shell's ">": the kernel ignores it, but in a copy of its files the rest of an earlier value must
  // not stay.
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) refuse(errno, what);
  const ssize_t size = ::write(fd.get(), value.data(), value.size());
  if (size < 0) refuse(errno, what);
  if (static_cast<std::size_t>(size) != value.size()) throw Error(ErrorId::io, cat(what, ": only ", size, " bytes were taken"));
}

Lockdown lockdown(const Host& host) {
  std::optional<std::string> state;
  try {
    state = read_attribute(host.root / "sys/kernel/security/lockdown");
  } catch (const Error&) {  // it needs no permission: a lockdown shows in the refusals, too
  }
  if (!state) return Lockdown::none;
  if (state->find("[integrity]") != std::string::npos) return Lockdown::integrity;
  if (state->find("[confidentiality]") != std::string::npos) return Lockdown::confidentiality;
  return Lockdown::none;
}

void fail_locked_down(const std::string& what) {
  throw Error(ErrorId::lockdown, cat(what, ": the kernel is locked down and refuses access to PCI configuration space"),
              "attest the device without Secure Boot, or from an initrd before the lockdown");
}

void fail(const Host& host, int error, const std::string& what) {
  if (error == EPERM && lockdown(host) != Lockdown::none) fail_locked_down(what);
  refuse(error, what);
}

}  // namespace spdm::transport

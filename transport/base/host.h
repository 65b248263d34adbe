// Where the kernel shows itself: /sys, /proc and /run, or copies of them below another root (tests, containers).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace spdm::transport {

struct Host {
  std::filesystem::path root = "/";

  std::filesystem::path pci() const { return root / "sys/bus/pci"; }
  std::filesystem::path run() const { return root / "run/spdmctl"; }  // locks, states
};

// The text of a small file of /sys or /proc without the white space at its end; nothing when there is no such file, or
// reading it fails with ENOTTY or EOPNOTSUPP (the kernel's way to say "not for this device"). At most 4096 bytes are
// read. Throws Error: permission, no_device (it is going away), io.
std::optional<std::string> read_attribute(const std::filesystem::path& file);

// Writes with one write(2). Throws Error: permission, no_device (ENODEV, ENOENT), busy, io; the message names file and value.
void write_attribute(const std::filesystem::path& file, std::string_view value);

enum class Lockdown { none, integrity, confidentiality };
// What /sys/kernel/security/lockdown says; none when it is not there.
Lockdown lockdown(const Host& host);

// Lockdown as an Error, with the advice that goes with it.
[[noreturn]] void fail_locked_down(const std::string& what);

// The Error for a system call on a file of the kernel that failed with this errno: EPERM under lockdown is `lockdown`
// with the advice that goes with it, ENODEV and ENXIO are no_device, EACCES and EPERM permission, EBUSY busy, the others io.
[[noreturn]] void fail(const Host& host, int error, const std::string& what);

}  // namespace spdm::transport

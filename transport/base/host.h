// The files of the kernel: /sys, /proc and /run, or copies of them below another root (tests, containers).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spdm::transport {

struct Host {
  std::filesystem::path root = "/";

  std::filesystem::path pci() const { return root / "sys/bus/pci"; }
  std::filesystem::path run() const { return root / "run/spdmctl"; }  // locks, states
};

// Reads a small file of /sys or /proc, without the white space at its end; at most 4096 bytes. Nothing when there is no
// such file, or when reading fails with ENOTTY or EOPNOTSUPP (the kernel's "not for this device"). Throws Error:
// permission, no_device (it is going away), io.
std::optional<std::string> read_attribute(const std::filesystem::path& file);

// The text of an attribute; nothing when it is absent, unreadable or empty.
std::optional<std::string> attribute(const std::filesystem::path& file);

// The last name of what a link leads to; nothing when it is no link.
std::optional<std::string> link_name(const std::filesystem::path& link);

// Names of the entries, in order; nothing when the directory is not there or cannot be read to its end.
std::optional<std::vector<std::string>> entries(const std::filesystem::path& directory);

// Writes with one write(2). Throws Error: permission, no_device (ENODEV, ENOENT), busy, io; the message names file and value.
void write_attribute(const std::filesystem::path& file, std::string_view value);

enum class Lockdown { none, integrity, confidentiality };
// The state in /sys/kernel/security/lockdown; none when the file is absent or cannot be read.
Lockdown lockdown(const Host& host);

// Throws Error{lockdown}, with advice.
[[noreturn]] void fail_locked_down(const std::string& what);

// Throws the Error for a system call on a kernel file that failed with this errno. EPERM under lockdown is `lockdown`,
// with advice; ENODEV and ENXIO are no_device, EACCES and EPERM permission, EBUSY busy, all others io.
[[noreturn]] void fail(const Host& host, int error, const std::string& what);

}  // namespace spdm::transport

// Configuration space through the file `config` in sysfs.
#pragma once

#include <memory>
#include <string>

#include "core/descriptor.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"
#include "transport/pci/config_space.h"

namespace spdm::transport {

// With a descriptor of its own. The kernel checks the right to use all of it at opening, and privileges may be dropped later.
class ConfigFile final : public ConfigSpace {
 public:
  ConfigFile(Host host, std::string name, Descriptor fd) : host_(std::move(host)), name_(std::move(name)), fd_(std::move(fd)) {}

  std::uint32_t read32(std::uint16_t offset) override;
  void write32(std::uint16_t offset, std::uint32_t value) override;

  // Whether it has extended space: 4096 bytes. Else it has the 256 of a conventional function.
  bool is_extended() const { return reaches(0xFFC); }
  // Whether the register is there at all. Throws Error as read32() does.
  bool reaches(std::uint16_t offset) const;

 private:
  std::string what(std::string_view verb, std::uint16_t offset) const;

  Host host_;
  std::string name_;
  Descriptor fd_;
};

enum class ConfigAccess { look, change };

// Throws Error: no_device; permission, also when only the first bytes can be read; lockdown, io.
std::unique_ptr<ConfigFile> open_config_file(const Host& host, const Bdf& bdf, ConfigAccess access);

}  // namespace spdm::transport

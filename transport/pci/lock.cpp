#include "transport/pci/lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kMailbox = "mailbox";

// The last holder, and what there is to restore. Anything that we did not write reads as an empty record.
struct Record {
  std::string pid, control, device, mailbox;
};

Record parse_record(const std::string& line) {
  std::istringstream text(line);
  Record out;
  text >> out.pid >> out.control >> out.device >> out.mailbox;
  return out;
}

std::string number_of(const std::filesystem::path& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 ? std::to_string(status.st_ino) : "0";
}

}  // namespace

PciLock::PciLock(const Host& host, const Bdf& bdf, Way way)
    : device_(number_of(host.pci() / "devices" / to_string(bdf))), file_(host, to_string(bdf)), way_(way) {
  if (const Record left = parse_record(file_.read()); left.device == device_) {
    if (left.control != "-") power_ = left.control;
    abandoned_ = left.mailbox == kMailbox;
  }
  write(true);
}

PciLock::~PciLock() {
  try {
    write(false);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next holder treats the record as that of a killed one
  }
}

void PciLock::remember_power(std::string_view control) {
  power_ = control;
  write(true);
}

void PciLock::forget_power() {
  power_.reset();
  write(true);
}

void PciLock::write(bool holding) const {
  const bool mailbox = abandoned_ || (holding && way_ == Way::mailbox);
  std::string text;
  if (holding || mailbox || power_)
    text = cat(holding ? ::getpid() : 0, " ", power_.value_or("-"), " ", device_, " ", mailbox ? kMailbox : "");
  file_.write(std::move(text));
}

}  // namespace spdm::transport

// A note in /run/spdmctl/gate.json: what drivers_autoprobe was before it was turned off. After a kill nothing else knows.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "transport/pci/control.h"

namespace spdm::cmd {

struct AutoprobeNote {
  bool autoprobe = true;  // before
  bool watch = false;     // a watch holds it, not a gate
};

// Nothing when there is no note. One that cannot be understood counts as the kernel's default: a gate that gave up would be open.
std::optional<AutoprobeNote> read_note(const transport::Host& host);
// These throw Error: permission, io.
void write_note(const transport::Host& host, const AutoprobeNote& note);
void remove_note(const transport::Host& host);
std::filesystem::path note_path(const transport::Host& host);

// Whether drivers_autoprobe=0 also holds devices that are found later: from Linux 6.19 on. Older kernels bind a loaded driver at once,
// whatever it says.
bool kernel_holds_newcomers(const transport::Host& host);

// While this object lives, the kernel binds no driver by itself: watch tells it which devices may have one. Whoever ends without
// give_back() leaves it so, as after a kill: the next watch takes it over, and so does spdmctl gate --release.
class Hold {
 public:
  // Throws Error: permission, io.
  explicit Hold(const transport::Host& host, transport::PciControl::Changed changed = {});
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() = default;

  // Restores drivers_autoprobe. Before that, and after it once more, what nobody has judged has to be held: it would meet the next
  // driver that is registered. Throws Error: permission, io, and whatever `hold_unjudged` throws; then autoprobe may still be off.
  void give_back(const std::function<void()>& hold_unjudged);

 private:
  transport::Host host_;
  transport::PciControl control_;
  bool ours_ = false;
};

}  // namespace spdm::cmd

// The mode of the gate that is in force, and who says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/policy.h"
#include "core/word_table.h"
#include "transport/base/host.h"

namespace spdm::cmd {

enum class ModeSource {
  kernel_command_line,  // spdmctl.gate=
  command_line,         // --mode
  policy,
  readable_policy,  // what can be read of a policy that cannot be used
  image,            // the manifest of the initrd image
  last_run,         // the last gate of this boot that could read its policy
  none,             // nobody
};
struct ModeSourceRow {
  ModeSource value;
  std::string_view name;   // in JSON
  std::string_view words;  // to people
};
inline constexpr std::array kModeSources{
    ModeSourceRow{ModeSource::kernel_command_line, "kernel-command-line", "kernel command line"},
    ModeSourceRow{ModeSource::command_line, "command-line", "--mode"},
    ModeSourceRow{ModeSource::policy, "policy", "policy"},
    ModeSourceRow{ModeSource::readable_policy, "readable-policy", "the readable part of the policy"},
    ModeSourceRow{ModeSource::image, "image", "the manifest of this image"},
    ModeSourceRow{ModeSource::last_run, "last-run", "the last gate that could read its policy"},
    ModeSourceRow{ModeSource::none, "default", "default: no policy sets gate.mode"},
};
static_assert(is_sound(kModeSources));
inline std::string_view name(ModeSource source) { return row_of(kModeSources, source).name; }

struct ModeInForce {
  GateMode mode = GateMode::audit;
  ModeSource source = ModeSource::none;
  std::string where;    // "FILE:LINE", or FILE, of a policy; else empty
  std::string warning;  // what the owner has to know of it; empty when there is nothing

  std::string from() const;  // who says so, in words
};

// What is asked for the mode.
struct ModeQuestion {
  std::optional<GateMode> given;            // --mode
  const Policy* policy = nullptr;           // nullptr: it cannot be read
  bool broken = false;                      // policy, keyring or reference values cannot be read
  std::vector<std::string> policy_paths{};  // that the user named
};

// The first that gives a mode: the kernel command line, which is the way out when a policy locks its owner out; the option; the
// policy. A word on the kernel command line that is no mode means enforce. Where nobody says anything it is audit: enforcement is
// written down. But what cannot be read does not open the gate: then it is enforce if a policy file that can be read, the manifest
// of this image, or the last gate of this boot says so.
ModeInForce mode_in_force(const transport::Host& host, const ModeQuestion& question);

// The same for who only tells it: by the policy files given, or the system's.
ModeInForce mode_in_force(const transport::Host& host, const std::vector<std::string>& policy_paths);

// For the gates to come: what this one found while it could read everything. Throws Error: permission, io.
void keep_mode(const transport::Host& host, GateMode mode);

// Whether a policy file, perhaps one that cannot be understood, has the word outside of comments. In doubt it has.
bool says_enforce(const std::string& policy_text);

// The value of a parameter of the kernel command line, such as "spdmctl.gate"; the last one counts, as for the kernel's own.
std::optional<std::string> kernel_parameter(const transport::Host& host, std::string_view name);

}  // namespace spdm::cmd

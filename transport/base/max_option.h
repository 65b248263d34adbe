// The option of targets that have no other: "TARGET[?max=BYTES]", the largest message in bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace spdm::transport {

// `target`: all of it. `otherwise`: where the option is not given. Throws Error{usage}, with `usage` as the form, for another option, and
// for a number that is less than a device may send (DSP0274, MinDataTransferSize) or more than `most`.
std::size_t max_option(std::string_view target, std::string_view usage, std::size_t most, std::size_t otherwise);

}  // namespace spdm::transport

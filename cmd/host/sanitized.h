// Whether the program is built with a sanitizer. Its leak checker looks into its own process when the program ends.
#pragma once

namespace spdm::cmd {

#if defined(__SANITIZE_ADDRESS__)
#define SPDMCTL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPDMCTL_SANITIZED 1
#endif
#endif
#ifdef SPDMCTL_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace spdm::cmd

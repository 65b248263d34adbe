#include "transport/base/max_option.h"

#include <charconv>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::size_t kLeast = 42;  // MinDataTransferSize (DSP0274)
constexpr std::string_view kMax = "max=";

}  // namespace

std::size_t max_option(std::string_view target, std::string_view usage, std::size_t most, std::size_t otherwise) {
  const auto refuse = [&](const std::string& why) { throw Error(ErrorId::usage, why, cat("the form is ", usage)); };
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return otherwise;
  std::string_view value = target.substr(question + 1);
  if (!value.starts_with(kMax)) refuse(cat("unknown option '", printable(value.substr(0, value.find('='))), "'"));
  value.remove_prefix(kMax.size());
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || out < kLeast || out > most)
    refuse(cat("max '", printable(value), "' is not a number from ", kLeast, " to ", most));
  return out;
}

}  // namespace spdm::transport

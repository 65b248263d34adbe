// Lines of a report for people: headings, and pairs of a name and what there is to say, one under the other. Who writes them breaks
// those that are too wide (wrap.h).
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/text.h"

namespace spdm::cmd {

inline constexpr std::string_view kGreen = "\033[1;32m", kRed = "\033[1;31m", kYellow = "\033[1;33m", kDim = "\033[2m", kBold = "\033[1m";

class Page {
 public:
  explicit Page(bool color) : color_(color) {}

  std::string painted(std::string_view text, std::string_view color) const {
    return color_ ? cat(color, text, "\033[0m") : std::string(text);
  }
  void line(std::string_view text) { out_ += cat(text, "\n"); }
  void heading(std::string_view text) { out_ += cat("\n", painted(text, kBold), "\n"); }
  void pair(std::string_view name, std::string_view value) {
    if (!value.empty()) out_ += cat("  ", padded(name, 12), value, "\n");
  }
  static std::string padded(std::string_view text, std::size_t width) {
    return cat(text, std::string(text.size() < width ? width - text.size() : 1, ' '));
  }
  std::string take() { return std::move(out_); }

 private:
  bool color_;
  std::string out_;
};

}  // namespace spdm::cmd

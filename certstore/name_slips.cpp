#include "certstore/name_slips.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <utility>

#include "certstore/keyring_names.h"

namespace spdm::certstore {

namespace {

// Letters and digits of the name alone, without folder and ending of certificates.
std::string core_of(const std::string& name) {
  std::string out = without_ending(std::filesystem::path(name).filename().string());
  std::erase_if(out, [](unsigned char c) { return std::isalnum(c) == 0; });
  return out;
}

std::string digits_of(const std::string& core) {
  std::string out = core;
  std::erase_if(out, [](unsigned char c) { return c < '0' || c > '9'; });
  return out;
}

// One letter more, less or other, or two that changed places. Digits count names up: r1 is no slip of r2.
bool is_one_slip(std::string_view a, std::string_view b) {
  constexpr std::size_t kShortest = 4;
  if (a.size() > b.size()) std::swap(a, b);
  if (a.size() < kShortest || b.size() - a.size() > 1) return false;
  const std::size_t same = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const auto is_digit = [](std::string_view text, std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  if (is_digit(a, same) || is_digit(b, same)) return false;
  if (b.size() > a.size()) return a.substr(same) == b.substr(same + 1);
  if (same == a.size() || a.substr(same + 1) == b.substr(same + 1)) return true;
  return same + 1 < a.size() && a[same] == b[same + 1] && a[same + 1] == b[same] && a.substr(same + 2) == b.substr(same + 2);
}

}  // namespace

NamesOfCertificates::NamesOfCertificates(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (kind_of(name) != EntryKind::certificates) continue;
    stems_.insert(stem_of(name));
    std::string core = core_of(name);
    auto& near = by_digits_[digits_of(core)];
    near.push_back({name, std::move(core)});
  }
}

std::string NamesOfCertificates::meant_by(const std::string& stem, const std::function<bool(const std::string& name)>& may_be) const {
  const std::string core = core_of(stem);
  const auto near = by_digits_.find(digits_of(core));
  if (near == by_digits_.end()) return {};
  const auto found = std::find_if(near->second.begin(), near->second.end(), [&](const Name& one) {
    return ((!core.empty() && core == one.core) || is_one_slip(core, one.core)) && may_be(one.name);
  });
  return found == near->second.end() ? std::string() : found->name;
}

}  // namespace spdm::certstore

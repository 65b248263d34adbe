#include "cmd/attest/name_target.h"

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "cmd/attest/targets.h"
#include "core/text.h"

namespace spdm::cmd {

std::string name_target(std::string hint, const std::string& target, bool live) {
  constexpr std::string_view kWord = "TARGET";
  if (hint.find(kWord) == std::string::npos) return hint;  // most have none, and no file is looked for then
  const std::optional<std::filesystem::path> file = live ? std::nullopt : recording(target);
  std::error_code ignored;
  if (target.empty() || (!live && !(file && std::filesystem::exists(*file, ignored)))) return hint;
  const std::string word = shell_word(target);
  for (std::size_t at = hint.find(kWord); at != std::string::npos; at = hint.find(kWord, at + word.size()))
    hint.replace(at, kWord.size(), word);
  return hint;
}

}  // namespace spdm::cmd

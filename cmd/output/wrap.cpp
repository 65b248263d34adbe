#include "cmd/output/wrap.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kLastColumn = 41;  // a column that begins later is too narrow for a paragraph
constexpr std::size_t kParagraph = 6;    // lines that begin here or later have nothing to stand out from
constexpr std::size_t kShownDigits = 16, kLongNumber = 40;

// The length of the escape sequence (ECMA-48, SGR) that the text begins with, or 0.
std::size_t escape_at(std::string_view text) {
  if (!text.starts_with("\033[")) return 0;
  const std::size_t end = text.find('m');
  return end == std::string_view::npos ? 0 : end + 1;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

struct Word {
  std::string text;        // with its colours
  std::size_t width = 0;   // in columns
  std::size_t spaces = 0;  // before it
  std::size_t column = 0;  // where it begins in the line
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> out;
  std::size_t spaces = 0, column = 0;
  std::string colors;  // of the word that comes
  for (std::size_t at = 0; at < line.size();) {
    if (const std::size_t length = escape_at(line.substr(at)); length != 0) {
      const std::string_view escape = line.substr(at, length);
      (spaces == 0 && !out.empty()) || (escape == "\033[0m" && !out.empty()) ? void(out.back().text += escape) : void(colors += escape);
      at += length;
      continue;
    }
    if (line[at] == ' ') {
      ++spaces;
      ++column;
      ++at;
      continue;
    }
    if (spaces > 0 || out.empty()) {
      out.push_back({std::move(colors), 0, spaces, column});
      colors.clear();
      spaces = 0;
    }
    out.back().text += line[at];
    if (!continues_character(line[at])) {
      ++out.back().width;
      ++column;
    }
    ++at;
  }
  if (!colors.empty() && !out.empty()) out.back().text += colors;
  return out;
}

bool is_command(std::string_view word) {
  constexpr std::array kCommands{"spdmctl", "spdmctl-rim", "man", "modprobe", "systemctl", "update-initramfs", "dracut", "openssl", "echo"};
  return std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end();
}

bool ends_command(std::string_view word) { return word.ends_with(')') || word.ends_with(';') || word.ends_with(','); }

// Puts the words of each command together.
std::vector<Word> with_commands(std::vector<Word> words) {
  std::vector<Word> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out.push_back(std::move(words[i]));
    Word& piece = out.back();
    const std::string before = out.size() > 1 ? out[out.size() - 2].text : "";
    const bool bracket = piece.text.starts_with('(');
    if (!bracket && !before.ends_with(':') && before != "->") continue;
    if (!is_command(std::string_view(piece.text).substr(bracket ? 1 : 0))) continue;
    while (!ends_command(piece.text) && i + 1 < words.size()) {
      const Word& next = words[++i];
      piece.text += cat(std::string(next.spaces, ' '), next.text);
      piece.width += next.spaces + next.width;
    }
  }
  return out;
}

// The column of what follows a break.
std::size_t hang_of(const std::vector<Word>& words) {
  const std::size_t first = words.front().column;
  // A paragraph has one margin; a line on the left stands out from what belongs to it.
  std::size_t out = words.front().text == "->" ? first + 3 : first >= kParagraph ? first : first + 2;
  for (std::size_t i = 1; i < words.size(); ++i)
    if (words[i].spaces >= 2 && words[i].column <= kLastColumn) out = words[i].column;
  return out;
}

void wrap(std::string& out, std::string_view line) {
  const std::vector<Word> words = with_commands(words_of(line));
  if (words.empty()) return;
  // A name and a value that fit beside each other, but for the blanks between.
  if (words.size() == 2 && words[0].spaces + words[0].width + 1 + words[1].width <= kScreenWidth) {
    out += cat(std::string(words[0].spaces, ' '), words[0].text, " ", words[1].text);
    return;
  }
  const std::size_t hang = hang_of(words), left = std::min(hang, words.front().column + 2);
  std::size_t at = 0;
  bool is_arrow = false;  // what is behind an arrow stays there
  for (const Word& word : words) {
    if (std::exchange(is_arrow, word.text == "->") || at == 0 || at + word.spaces + word.width <= kScreenWidth) {
      out += cat(std::string(word.spaces, ' '), word.text);
      at += word.spaces + word.width;
      continue;
    }
    // What is too wide for its column begins further to the left.
    const std::size_t indent = hang + word.width <= kScreenWidth ? hang : left;
    out += cat("\n", std::string(indent, ' '), word.text);
    at = indent + word.width;
  }
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = escape_at(text.substr(at));
    if (escape == 0 && !continues_character(text[at])) ++out;
    at += std::max<std::size_t>(escape, 1);
  }
  return out;
}

std::string fitted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    line.size() <= kScreenWidth || columns(line) <= kScreenWidth ? void(out += line) : wrap(out, line);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::string middle_cut(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  const std::size_t tail_width = (width - 3) / 2, head_width = width - 3 - tail_width;
  std::size_t head = 0;
  for (std::size_t count = 0; head < text.size(); ++head)
    if (!continues_character(text[head]) && ++count > head_width) break;
  std::size_t tail = text.size();
  for (std::size_t count = 0; count < tail_width && tail > 0;)
    if (!continues_character(text[--tail])) ++count;
  return cat(text.substr(0, head), "...", text.substr(tail));
}

std::string shortened(std::string_view digits, bool whole) {
  return whole || digits.size() <= kShownDigits + 3 ? std::string(digits) : cat(digits.substr(0, kShownDigits), "...");
}

std::string with_short_digits(std::string_view sentence, bool whole) {
  std::string out;
  for (std::size_t at = 0; at < sentence.size();) {
    std::size_t end = at;
    while (end < sentence.size() && is_hex(sentence[end])) ++end;
    if (end == at) {
      out += sentence[at++];
      continue;
    }
    const std::string_view digits = sentence.substr(at, end - at);
    out += digits.size() >= kLongNumber ? shortened(digits, whole) : std::string(digits);
    at = end;
  }
  return out;
}

}  // namespace spdm::cmd

#include "core/encoding.h"

#include <array>
#include <string>
#include <string_view>

#include "core/text.h"

namespace spdm {

namespace {

struct Mark {
  std::string_view bytes, name;
};

// The longest first: that of UTF-32 begins with that of UTF-16 (Unicode 23.8, "Byte Order Mark").
constexpr std::array kMarks{Mark{{"\xFF\xFE\0\0", 4}, "UTF-32"}, Mark{{"\0\0\xFE\xFF", 4}, "UTF-32"}, Mark{"\xFF\xFE", "UTF-16"},
                            Mark{"\xFE\xFF", "UTF-16"}};

// Without a mark: the first character of JSON or PEM, beside a byte of zeros, and the next likewise.
std::string_view name_without_mark(std::string_view text) {
  if (text.size() < 4) return {};
  const auto begins = [](char c) { return c == '{' || c == '[' || c == '-'; };
  const auto plain = [](char c) { return c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c <= '~'); };
  if (begins(text[0]) && text[1] == 0 && plain(text[2]) && text[3] == 0) return "UTF-16LE";
  if (text[0] == 0 && begins(text[1]) && text[2] == 0 && plain(text[3])) return "UTF-16BE";
  return {};
}

Error to_be_converted(std::string_view name) {
  return {ErrorId::bad_input, cat("is ", name, ", and UTF-8 is read"), cat("convert it: iconv -f ", name, " -t UTF-8")};
}

}  // namespace

std::optional<Error> wrong_encoding(View contents, FileKind kind) {
  // XML says itself how it is encoded; what a profile names may be any bytes.
  if (kind == FileKind::rim || kind == FileKind::profile_contents) return std::nullopt;
  const std::string_view text = as_text(contents);
  if (text.starts_with("\xEF\xBB\xBF"))
    return Error(ErrorId::bad_input, "begins with a byte order mark (UTF-8 with BOM), and UTF-8 without one is read",
                 "save it without, or remove it: tail -c +4 FILE > NEW");
  for (const Mark& mark : kMarks)
    if (text.starts_with(mark.bytes)) return to_be_converted(mark.name);
  if (const std::string_view name = name_without_mark(text); !name.empty()) return to_be_converted(name);
  return std::nullopt;
}

void assert_encoding(View contents, FileKind kind) {
  if (const std::optional<Error> error = wrong_encoding(contents, kind)) throw Error(*error);
}

}  // namespace spdm

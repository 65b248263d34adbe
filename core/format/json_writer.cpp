#include "core/format/json_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm {

namespace {

// What stands in a string of JSON as it is, and what printable() leaves as it is. A table is looked up in one step for each of the
// many characters.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> out{};
  std::fill(out.begin() + ' ', out.begin() + 0x7F, true);
  out['"'] = out['\\'] = false;
  return out;
}();
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return kPlain[static_cast<unsigned char>(c)]; });
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> digits{};
  const std::to_chars_result end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
}

}  // namespace

void JsonWriter::new_line() {
  if (indent_ < 0) return;
  out_ += '\n';
  out_.append(static_cast<std::size_t>(indent_) * static_cast<std::size_t>(level_), ' ');
}

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
  new_line();
}

void JsonWriter::begin_value() {
  if (!value_is_next_) separate();
  value_is_next_ = false;
}

void JsonWriter::open(char bracket) {
  begin_value();
  out_ += bracket;
  ++level_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --level_;
  if (!first_) new_line();
  first_ = false;
  out_ += bracket;
}

void JsonWriter::quote_plain(std::string_view text) {
  const std::size_t at = out_.size() + 1;
  out_.resize(at + text.size() + 1, '"');
  text.copy(out_.data() + at, text.size());
}

void JsonWriter::quote(std::string_view text) {
  if (is_plain(text))
    quote_plain(text);
  else  // is rare: the library knows how
    out_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

JsonWriter& JsonWriter::key(std::string_view key) {
  separate();
  quote(key);
  out_ += indent_ < 0 ? std::string_view(":") : std::string_view(": ");
  value_is_next_ = true;
  return *this;
}

void JsonWriter::value(std::string_view text) {
  begin_value();
  quote(text);
}

void JsonWriter::value(Hostile hostile) {
  begin_value();
  if (is_plain(hostile.text))
    quote_plain(hostile.text);
  else
    quote(printable(hostile.text));
}

void JsonWriter::word(std::string_view text) {
  begin_value();
  out_ += text;
}

void JsonWriter::write_number(std::int64_t number) {
  begin_value();
  append_number(out_, number);
}

void JsonWriter::write_number(std::uint64_t number) {
  begin_value();
  append_number(out_, number);
}

void JsonWriter::value(const Json& tree) {
  if (tree.is_object()) {
    object([&] {
      for (const auto& [name, member] : tree.items()) key(name).value(member);
    });
  } else if (tree.is_array()) {
    array(tree, [this](const Json& item) { value(item); });
  } else if (tree.is_string()) {
    value(std::string_view(tree.get_ref<const std::string&>()));
  } else {
    word(tree.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

Json tree_of(const std::function<void(JsonWriter& out)>& write) {
  std::string text;
  JsonWriter out(text);
  write(out);
  return Json::parse(text);
}

}  // namespace spdm

// Writes JSON front to back, without a tree, as JsonReader reads it. The text is byte for byte what dump() of the library makes of the
// same document. A report has hundreds of members: a tree of them takes twenty times as long as their text.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/format/json.h"

namespace spdm {

// A string of a device or a file: it is escaped before it is written (printable() in text.h).
struct Hostile {
  std::string_view text;
};

class JsonWriter {
 public:
  // Appends to `out`. Compact with `indent` -1; else each value on a line of its own, the whole `level` steps deep.
  explicit JsonWriter(std::string& out, int indent = -1, int level = 0) : out_(out), indent_(indent), level_(level) {}

  // The key of the member whose value comes next.
  JsonWriter& key(std::string_view key);

  template <class F>
  void object(F members) {
    open('{');
    members();
    close('}');
  }

  // Calls write(item) for each, which writes one value.
  template <class Items, class F>
  void array(const Items& items, F write) {
    open('[');
    for (const auto& item : items) write(item);
    close(']');
  }

  // Bytes that are no UTF-8 become U+FFFD.
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(Hostile hostile);
  template <std::integral Number>
  void value(Number number) {
    if constexpr (std::is_same_v<Number, bool>)
      word(number ? "true" : "false");
    else if constexpr (std::is_signed_v<Number>)
      write_number(static_cast<std::int64_t>(number));
    else
      write_number(static_cast<std::uint64_t>(number));
  }
  void value(const Json& tree);
  void null() { word("null"); }

  template <class T>
  void member(std::string_view name, const T& what) {
    key(name).value(what);
  }
  template <class Items>
  void strings(std::string_view name, const Items& items) {
    key(name).array(items, [this](const auto& item) { this->value(item); });
  }
  template <class Items>
  void hostile_strings(std::string_view name, const Items& items) {
    key(name).array(items, [this](const auto& item) { this->value(Hostile{item}); });
  }

 private:
  void open(char bracket);
  void close(char bracket);
  void begin_value();
  void separate();
  void new_line();
  void quote(std::string_view text);
  void quote_plain(std::string_view text);
  void word(std::string_view text);
  void write_number(std::int64_t number);
  void write_number(std::uint64_t number);

  std::string& out_;
  int indent_, level_;
  bool first_ = true;          // just behind an opening bracket: no comma yet
  bool value_is_next_ = true;  // behind a key, and at the very front: no comma, no line
};

// Writes a tree.
inline void append_json(std::string& out, const Json& json, int indent, int level = 0) { JsonWriter(out, indent, level).value(json); }

// The same as a tree, for who changes it: what a document has is said once, by what writes it.
Json tree_of(const std::function<void(JsonWriter& out)>& write);

}  // namespace spdm

// A strict reader for JSON of a known shape, front to back and without a tree. Memory grows only with what the caller
// keeps, the depth is that of the caller's code, and an error names the place. (A verifier reads thousands of evidence
// files, which are mostly base64. A general parser takes four times as long for them.)
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace spdm {

class JsonReader {
 public:
  JsonReader(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  // An object: calls member(key) with the reader at the value. Keys may come in any order; one that is missing,
  // unknown or given twice fails.
  template <class F>
  void object(std::initializer_list<std::string_view> required, std::initializer_list<std::string_view> optional, F member) {
    const std::size_t above = path_.size();
    std::uint64_t seen = 0;
    for (open('{', "an object"); !close('}');) {
      const std::string_view key = next_key(required, optional, seen);
      path_ += path_.empty() ? "" : ".";
      path_ += key;
      member(key);
      path_.resize(above);
    }
    assert_complete(required, seen);
  }

  // An array: calls item() with the reader at each value.
  template <class F>
  void array(F item) {
    const std::size_t above = path_.size();
    std::size_t index = 0;
    for (open('[', "an array"); !close(']');) {
      path_ += '[' + std::to_string(index++) + ']';
      item();
      path_.resize(above);
    }
  }

  // Valid until the next call, as long as the text lives. Fails for a value of another type.
  std::string_view string();
  bool boolean();
  // Digits only, without a sign; fails when it is more than `max`.
  std::uint64_t number(std::uint64_t max);
  // Nothing but white space may follow.
  void finish();

  [[noreturn]] void fail(std::string_view why) const;

 private:
  void skip_space();
  bool accept(char c);
  void open(char bracket, std::string_view expected);
  bool close(char bracket);
  // Returns the matching element of the lists, so that the key stays valid.
  std::string_view next_key(std::initializer_list<std::string_view> required, std::initializer_list<std::string_view> optional,
                            std::uint64_t& seen);
  void assert_complete(std::initializer_list<std::string_view> required, std::uint64_t seen) const;

  std::string_view text_;
  std::string_view what_;
  std::size_t at_ = 0;
  bool first_ = false;  // just behind an opening bracket: no comma yet
  std::string path_;
  std::string decoded_;  // a string that had escapes in it
};

}  // namespace spdm

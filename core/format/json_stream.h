// A reader for JSON of any size, front to back, piece by piece. It keeps only what the caller asks for, however long
// the input is. One input may hold many documents, one after the other; reading can go on behind a broken one.
// (JsonReader is for one document of a known shape in memory. Here the caller skips unknown keys.)
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spdm {

class JsonStream {
 public:
  // Fills the given room and returns the number of bytes; 0 is the end. What it throws is passed on.
  using Source = std::function<std::size_t(std::span<char>)>;

  explicit JsonStream(Source source);

  // Every fault is Error{bad_input}: "PATH: why (byte N of the line)"; line() says in which line.

  // An object: calls member(key) with the reader at the value, which it must read or skip. The key is valid until then.
  template <class F>
  void object(F member) {
    const std::size_t above = path_.size();
    for (open('{', "an object"); !close('}');) {
      member(read_key());
      path_.resize(above);
    }
  }

  // Whether a line may begin with an item of the array. Elsewhere a line that begins with {" begins a new document:
  // then the one before is broken, and the new one must not be lost with it.
  enum class Items { inside_lines, on_lines_of_their_own };

  // An array: calls item() with the reader at each value.
  template <class F>
  void array(F item, Items items = Items::inside_lines) {
    const std::size_t above = path_.size();
    std::size_t index = 0;
    if (items == Items::on_lines_of_their_own) depth_of_lines_ = depth_ + 1;
    for (open('[', "an array"); !close(']');) {
      path_ += '[' + std::to_string(index++) + ']';
      item();
      path_.resize(above);
    }
    if (items == Items::on_lines_of_their_own) depth_of_lines_ = 0;
  }

  // Escapes are resolved. A string longer than `keep` bytes is cut. null reads as the empty string.
  std::string string(std::size_t keep);
  bool boolean();
  std::uint64_t number(std::uint64_t max);
  void skip();

  // The first character of the value that comes next, which tells its kind; '\0' at the end.
  char kind() { return peek(); }
  // Whether nothing but white space is left.
  bool at_end();
  std::size_t line() const { return line_; }
  [[noreturn]] void fail(std::string_view why);

  // After an error: skips to the next line that may begin a document.
  void resume();

 private:
  static constexpr std::size_t kWhole = std::string::npos;

  bool refill(std::size_t wanted);  // whether at least `wanted` characters are there
  char next();                      // '\0' at the end
  char peek();                      // the next that is not white space; '\0' at the end
  void skip_space();
  void assert_same_document();
  void open(char bracket, std::string_view expected);
  bool close(char bracket);
  std::string_view read_key();  // appends it to the path, and returns it from there
  void read_string(std::string* out, std::size_t keep);
  void read_escape(std::string* out, std::size_t keep);
  std::uint32_t hex4();
  void skip_word();
  std::size_t offset() const { return passed_ + static_cast<std::size_t>(at_ - buffer_.data()); }

  Source source_;
  std::vector<char> buffer_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool ended_ = false;
  std::size_t passed_ = 0;  // characters before the buffer
  std::size_t line_ = 1, line_begin_ = 0;
  std::size_t depth_ = 0, depth_of_lines_ = 0;
  bool first_ = false;          // just behind an opening bracket: no comma yet
  std::string path_;            // to what is read, for errors
  std::size_t named_ = kWhole;  // so much of it: a key that is being read is not in it yet
};

}  // namespace spdm

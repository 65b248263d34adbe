#include "cmd/output/yaml_text.h"

#include <yaml-cpp/yaml.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <streambuf>
#include <vector>

#include "core/error.h"
#include "core/format/json_writer.h"

namespace spdm::cmd {

namespace {

// Lets a library write to the end of a string.
class StringEnd final : public std::streambuf {
 public:
  explicit StringEnd(std::string& out) : out_(out) {}

 private:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    out_.append(text, static_cast<std::size_t>(size));
    return size;
  }
  int_type overflow(int_type c) override {
    if (c != traits_type::eof()) out_ += traits_type::to_char_type(c);
    return traits_type::not_eof(c);
  }

  std::string& out_;
};

// Writes JSON that is read front to back as YAML, without a tree of it. Strings always in double quotes: no value of a device can turn into
// another type, a key or an anchor. Numbers and booleans are written as in JSON.
class YamlOfJson final : public nlohmann::json_sax<Json> {
 public:
  explicit YamlOfJson(YAML::Emitter& out) : out_(out) {}

  bool null() override { return settled() << YAML::Null, true; }
  bool boolean(bool value) override { return settled() << (value ? "true" : "false"), true; }
  bool number_integer(std::int64_t value) override { return settled() << std::to_string(value), true; }
  bool number_unsigned(std::uint64_t value) override { return settled() << std::to_string(value), true; }
  bool number_float(double value, const std::string&) override { return settled() << Json(value).dump(), true; }
  bool string(std::string& value) override { return settled() << YAML::DoubleQuoted << value, true; }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return begin(Opened::map); }
  bool key(std::string& name) override { return settled() << YAML::Key << name << YAML::Value, true; }
  bool end_object() override { return end() << YAML::EndMap, true; }
  bool start_array(std::size_t) override { return begin(Opened::list); }
  bool end_array() override { return end() << YAML::EndSeq, true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    throw Error(ErrorId::internal, error.what());
  }

 private:
  // What is opened, and may yet turn out to be empty: that is written on one line.
  enum class Opened { nothing, map, list };

  void write_opened() {
    if (opened_ == Opened::map) out_ << YAML::BeginMap;
    if (opened_ == Opened::list) out_ << YAML::BeginSeq;
    opened_ = Opened::nothing;
  }
  YAML::Emitter& settled() {
    write_opened();
    return out_;
  }
  bool begin(Opened what) {
    write_opened();
    opened_ = what;
    return true;
  }
  YAML::Emitter& end() {
    if (opened_ != Opened::nothing) out_ << YAML::Flow;
    return settled();
  }

  YAML::Emitter& out_;
  Opened opened_ = Opened::nothing;
};

// A text that is read front to back, and whose room is given back meanwhile: what is made of it needs that.
class UsedUp {
 public:
  explicit UsedUp(std::string text) {
    for (; text.size() > kPiece; text.shrink_to_fit()) {
      const std::size_t rest = (text.size() - 1) / kPiece * kPiece;
      pieces_.push_back(text.substr(rest));
      text.resize(rest);
    }
    pieces_.push_back(std::move(text));
  }

  struct Iterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    char operator*() const { return of->pieces_.back()[of->at_]; }
    Iterator& operator++() {
      if (++of->at_ == of->pieces_.back().size()) {
        of->pieces_.pop_back();
        of->at_ = 0;
      }
      return *this;
    }
    bool operator==(const Iterator& other) const { return is_end() == other.is_end(); }
    bool operator!=(const Iterator& other) const { return !(*this == other); }
    bool is_end() const { return of == nullptr || of->pieces_.empty(); }

    UsedUp* of = nullptr;
  };

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20;

  std::vector<std::string> pieces_;  // the first is the last; none is empty
  std::size_t at_ = 0;
};

}  // namespace

void append_yaml(std::string& out, std::string json, bool as_item) {
  StringEnd end(out);
  std::ostream stream(&end);
  YAML::Emitter emitter(stream);
  if (as_item) emitter << YAML::BeginSeq;
  YamlOfJson yaml(emitter);
  UsedUp text(std::move(json));
  Json::sax_parse(UsedUp::Iterator{&text}, UsedUp::Iterator{}, &yaml);
  if (as_item) emitter << YAML::EndSeq;
  stream << '\n';
}

}  // namespace spdm::cmd

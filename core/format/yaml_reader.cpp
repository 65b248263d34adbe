#include "core/format/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace spdm::yaml {

namespace {

[[noreturn]] void fail_at(const std::string& file, const YAML::Mark& mark, std::string_view why, std::string_view hint) {
  const bool known = !mark.is_null();
  throw Error(ErrorId::config, cat(printable(file), ":", known ? cat(mark.line + 1, ":", mark.column + 1, ":") : "", " ", why),
              std::string(hint));
}

template <class Names>
std::string allowed(const Names& names) {
  std::string out;
  for (const auto& name : names) out += cat(out.empty() ? "allowed: " : ", ", name);
  return out;
}

std::string allowed_words(std::span<const Choice> table) {
  std::vector<std::string_view> names;
  for (const Choice& row : table) names.push_back(row.name);
  return allowed(names);
}

// Checks a file before memory is taken for its contents: that it is within bounds, and that it has no second document.
// YAML::LoadAll() would stop behind an empty document.
class Survey final : public YAML::EventHandler {
 public:
  explicit Survey(const std::string& file) : file_(file) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (seen_) fail_at(file_, mark, "another document: only one is read", "join them");
    seen_ = true;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(mark, 1);
    keep(anchor, 1);
  }
  // An alias counts as all that it stands for: who reads the file meets it there again.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { count(mark, sizes_[anchor]); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor, const std::string& /*value*/) override {
    count(mark, 1);
    keep(anchor, 1);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    enter(mark, anchor);
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) override {
    enter(mark, anchor);
  }
  void OnMapEnd() override { leave(); }

 private:
  struct Open {
    YAML::anchor_t anchor;
    std::size_t before;  // nodes before it
  };

  void count(const YAML::Mark& mark, std::size_t more) {
    if (more > kMaxNodes - nodes_) fail_at(file_, mark, cat("exceeds the limit of ", kMaxNodes, " values and keys"), "split the file");
    nodes_ += more;
  }
  void keep(YAML::anchor_t anchor, std::size_t size) {
    if (anchor != 0) sizes_[anchor] = size;
  }
  void enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({anchor, nodes_});
    count(mark, 1);
    if (open_.size() > kMaxDepth) fail_at(file_, mark, cat("more than ", kMaxDepth, " nested lists and mappings"), "");
  }
  void leave() {
    keep(open_.back().anchor, nodes_ - open_.back().before);
    open_.pop_back();
  }

  const std::string& file_;
  bool seen_ = false;
  std::size_t nodes_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::size_t> sizes_;  // of what has an anchor
};

}  // namespace

void Value::fail(std::string_view why, std::string_view hint) const {
  fail_at(*file_, node_.Mark(), name_.empty() ? std::string(why) : cat(name_, ": ", why), hint);
}

std::string Value::origin() const { return cat(*file_, ":", node_.Mark().line + 1); }

std::string Value::text() const {
  if (!node_.IsScalar()) fail("must be a single value");
  return node_.Scalar();
}

static bool is_word(const YAML::Node& node, std::string_view word) {
  if (node.IsScalar()) return node.Scalar() == word;
  return node.IsMap() && node.size() > 0 &&
         std::all_of(node.begin(), node.end(), [&](const auto& entry) { return is_word(entry.second, word); });
}

bool Value::is(std::string_view word) const { return is_word(node_, word); }

bool Value::boolean() const {
  const std::string word = text();
  if (word != "true" && word != "false") fail(cat("'", printable(word), "' is neither true nor false"));
  return word == "true";
}

std::uint32_t Value::number(std::uint64_t low, std::uint64_t high) const {
  return static_cast<std::uint32_t>(number64(low, std::min<std::uint64_t>(high, 0xFFFFFFFF)));
}

std::uint64_t Value::number64(std::uint64_t low, std::uint64_t high) const {
  const std::string word = text();
  const bool hexadecimal = word.starts_with("0x");
  const char* begin = word.data() + (hexadecimal ? 2 : 0);
  const char* end = word.data() + word.size();
  std::uint64_t out = 0;
  const auto [stop, failure] = std::from_chars(begin, end, out, hexadecimal ? 16 : 10);
  if (failure != std::errc{} || stop != end) fail(cat("'", printable(word), "' is not a number"));
  if (out < low || out > high)
    fail(cat(out, " is out of range"), low == high ? cat("allowed: ", low) : cat("allowed: ", low, " to ", high));
  return out;
}

Bytes Value::hex() const {
  try {
    return unhex(text(), "hex");
  } catch (const Error& why) {
    if (why.id == ErrorId::config) throw;
    fail(why.what(), "write whole bytes, such as 00ff or \"00 ff\"");
  }
}

std::uint32_t Value::choice(std::span<const Choice> table) const {
  const std::string word = text();
  for (const Choice& row : table)
    if (row.name == word) return row.value;
  fail(cat("'", printable(word), "' is unknown"), allowed_words(table));
}

std::uint32_t Value::choices(std::span<const Choice> table) const {
  std::uint32_t out = 0;
  for (const Value& word : list()) out |= word.choice(table);
  return out;
}

std::vector<Value> Value::list() const {
  if (!node_.IsSequence()) fail("must be a list");
  std::vector<Value> out;
  for (std::size_t i = 0; i < node_.size(); ++i) out.emplace_back(*file_, node_[i], cat(name_, "[", i, "]"));
  return out;
}

Section::Section(const Value& value, std::span<const std::string_view> keys) : Value(value) {
  if (!node_.IsMap()) fail("must be a mapping", allowed(keys));
  std::vector<std::string> seen;
  for (const auto& entry : node_) {
    const Value key(*file_, entry.first, name_);
    const std::string word = key.text();
    if (std::find(keys.begin(), keys.end(), word) == keys.end()) key.fail(cat("unknown key '", printable(word), "'"), allowed(keys));
    if (std::find(seen.begin(), seen.end(), word) != seen.end()) key.fail(cat("key '", word, "' twice"));
    seen.push_back(word);
  }
}

std::optional<Value> Section::find(std::string_view key) const {
  const YAML::Node node = node_[std::string(key)];
  if (!node.IsDefined()) return std::nullopt;
  return Value(*file_, node, name_.empty() ? std::string(key) : cat(name_, ".", key));
}

Value Section::get(std::string_view key) const {
  const std::optional<Value> out = find(key);
  if (!out) fail(cat("key '", key, "' is missing"));
  return *out;
}

Value parse(const std::string& file, const std::string& contents) {
  try {
    std::istringstream input(contents);
    YAML::Parser parser(input);
    Survey survey(file);
    while (parser.HandleNextDocument(survey)) {
    }
    return {file, YAML::Load(contents), ""};
  } catch (const YAML::Exception& why) {
    fail_at(file, why.mark, why.msg, "invalid YAML: look for a mismatched bracket, quote or indentation");
  }
}

}  // namespace spdm::yaml

// Reads YAML strictly: unknown keys and values of the wrong kind are errors that name file, line and column.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spdm::yaml {

// Limits of one file: the number of keys, values, lists and mappings together, and the depth of nested lists and
// mappings.
inline constexpr std::size_t kMaxNodes = 1'000'000, kMaxDepth = 32;

// A word in the file and its value.
struct Choice {
  std::string_view name;
  std::uint32_t value;
};

// One value of the file, with its name for error messages ("slots[1].key").
class Value {
 public:
  Value(const std::string& file, const YAML::Node& node, std::string name) : file_(&file), node_(node), name_(std::move(name)) {}

  // Throws Error{config}: "FILE:LINE:COLUMN: NAME: why", with the hint.
  [[noreturn]] void fail(std::string_view why, std::string_view hint = {}) const;

  std::string text() const;
  bool boolean() const;
  // Whether it is this word, or a mapping whose values all are.
  bool is(std::string_view word) const;
  // Decimal, or hexadecimal with 0x.
  std::uint32_t number(std::uint64_t low, std::uint64_t high) const;
  std::uint64_t number64(std::uint64_t low, std::uint64_t high) const;
  Bytes hex() const;
  // One word of the table.
  std::uint32_t choice(std::span<const Choice> table) const;
  // One word of a table of word_table.h, or of a part of it.
  template <class Table>
  auto word(const Table& table) const {
    std::vector<Choice> rows;
    rows.reserve(table.size());
    for (const auto& row : table) rows.push_back({row.name, static_cast<std::uint32_t>(rows.size())});
    return table[choice(rows)].value;
  }
  // A list of words of the table, their values or-ed together.
  std::uint32_t choices(std::span<const Choice> table) const;
  // The elements of a list.
  std::vector<Value> list() const;
  const YAML::Node& node() const { return node_; }
  std::string origin() const;  // "FILE:LINE"

 protected:
  const std::string* file_;
  YAML::Node node_;
  std::string name_;
};

// A mapping with no other keys than `keys`, each at most once. The constructor throws Error{config} for anything else.
class Section : public Value {
 public:
  Section(const Value& value, std::span<const std::string_view> keys);
  Section(const Value& value, std::initializer_list<std::string_view> keys) : Section(value, std::span(keys.begin(), keys.size())) {}

  std::optional<Value> find(std::string_view key) const;
  Value get(std::string_view key) const;  // throws Error{config} when it is missing
  // Calls `read` with the value when the key is there.
  template <class Read>
  void with(std::string_view key, Read read) const {
    if (const std::optional<Value> value = find(key)) read(*value);
  }
};

// Parses a whole file. Throws Error{config} with line and column for a syntax error and for a file beyond the limits.
Value parse(const std::string& file, const std::string& contents);

}  // namespace spdm::yaml

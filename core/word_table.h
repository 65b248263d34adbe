// The words of an enumeration: one table with one row per value, for reading and writing.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace spdm {

// The plain row. A table whose values carry more has a row of its own, with `value` and `name` in it.
template <class Value>
struct Word {
  Value value;
  std::string_view name;  // in JSON, in files and on the command line
};
template <class Value>
Word(Value, std::string_view) -> Word<Value>;

// Checks that row i has the value i, and that no name is empty or there twice. For a static_assert beside each table.
template <class Row, std::size_t N>
constexpr bool is_sound(const std::array<Row, N>& table) {
  for (std::size_t i = 0; i < N; ++i) {
    if (static_cast<std::size_t>(table[i].value) != i || table[i].name.empty()) return false;
    for (std::size_t j = 0; j < i; ++j)
      if (table[i].name == table[j].name) return false;
  }
  return true;
}

template <class Row, std::size_t N>
constexpr const Row& row_of(const std::array<Row, N>& table, decltype(Row::value) value) {
  return table.at(static_cast<std::size_t>(value));
}

// Nothing when no row of the table, or of the part of it, has the name.
template <class Table>
constexpr auto value_of(const Table& table, std::string_view name) {
  std::optional<decltype(table[0].value)> out;
  for (const auto& row : table)
    if (row.name == name) out = row.value;
  return out;
}

// "exact, ids or none".
template <class Table>
std::string names_of(const Table& table, std::string_view before_last = " or ") {
  std::string out;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i > 0) out += i + 1 == table.size() ? before_last : std::string_view(", ");
    out += table[i].name;
  }
  return out;
}

}  // namespace spdm

// CBOR (RFC 8949), read strictly and with bounds: the format of CoRIM files and of manifests. Keys may be of any kind,
// mostly integers, which the JSON library cannot read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"
#include "core/format/json.h"

namespace spdm::cbor {

// One item with all items inside it. Strings and bytes are copies; the parts of an indefinite-length string are joined.
struct Item {
  enum class Kind { unsigned_integer, negative_integer, bytes, text, array, map, tag, boolean, null, undefined, simple, floating };

  Kind kind = Kind::null;
  std::uint64_t number = 0;  // unsigned; negative: the value is -1 - number; tag and simple: their number; boolean: 0 or 1
  double real = 0;           // floating
  Bytes bytes;               // of text, too: as it was sent, UTF-8 is not checked
  // Of an array: its elements. Of a tag: the one tagged item. Of a map: key and value in turn, in the order of the
  // file.
  std::vector<Item> items;
  std::size_t offset = 0;  // of its first byte in the input

  bool is(Kind other) const { return kind == other; }
  bool is_tag(std::uint64_t tag) const { return kind == Kind::tag && number == tag; }
  std::string text() const { return {bytes.begin(), bytes.end()}; }
  // The value of a key; nullptr when the map has no such key, or when this is no map.
  const Item* find(std::int64_t key) const;
  const Item* find(std::string_view key) const;
};

struct Limits {
  std::size_t depth = 64, items = 200'000;
};

// The input is within the rules, and beyond a limit.
struct Oversized : Error {
  explicit Oversized(const std::string& why) : Error(ErrorId::bad_input, why) {}
};

// Exactly one item fills `data`. Throws Error{bad_input} "byte 17: why" for malformed input, for a map with the same
// key twice, and for input beyond the limits (Oversized). Memory is bounded by the items (some 100 bytes each) and the input.
Item read(View data, const Limits& limits = {});
// The number of items in it, itself included.
std::size_t count(const Item& item);

// JSON for people and scripts: integer keys as strings, bytes as "h'00ff'", a tag as {"tag": N, "value": ...}; text is
// escaped (text.h). Integers beyond 64 bits of sign are strings. Throws Oversized for keys that are maps or arrays and long as text: one
// inside of the other, each would double.
Json to_json(const Item& item);
// A key or a short value as text.
std::string to_string(const Item& item);

}  // namespace spdm::cbor

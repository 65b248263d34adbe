// CBOR (RFC 8949), read strictly and with bounds: what CoRIM files and the manifests of devices are made of. Keys may be
// of any kind, integers above all, which the JSON library cannot read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/format/json.h"

namespace spdm::cbor {

// One item with all that is in it. Strings and bytes are copies; the items of an indefinite length are put together.
struct Item {
  enum class Kind { unsigned_integer, negative_integer, bytes, text, array, map, tag, boolean, null, undefined, simple, floating };

  Kind kind = Kind::null;
  std::uint64_t number = 0;  // unsigned; negative: the value is -1 - number; tag and simple: their number; boolean: 0 or 1
  double real = 0;           // floating
  Bytes bytes;               // text, too: UTF-8 as it was sent, not checked
  // Of an array; of a tag the one item that it is about; of a map key and value in turn, in the order of the file.
  std::vector<Item> items;
  std::size_t offset = 0;  // of its first byte in what was read

  bool is(Kind other) const { return kind == other; }
  bool is_tag(std::uint64_t tag) const { return kind == Kind::tag && number == tag; }
  std::string text() const { return {bytes.begin(), bytes.end()}; }
  // The value of an integer key; nullptr when the map has none, or this is no map.
  const Item* find(std::int64_t key) const;
  const Item* find(std::string_view key) const;
};

struct Limits {
  std::size_t depth = 64, items = 200'000;
};

// Exactly one item fills `data`. Throws Error{bad_input}: "byte 17: why", for what is malformed, for a map with the same
// key twice, and for what is deeper or more than the limits. Memory is bounded by the items (some 100 bytes each) and the input.
Item read(View data, const Limits& limits = {});

// JSON as a person would write it: integer keys as strings, bytes as "h'00ff'", a tag as {"tag": N, "value": ...}; text
// is escaped (text.h). Integers beyond 64 bits of sign are strings.
Json to_json(const Item& item);
// A key, or a short value, in words.
std::string to_string(const Item& item);

}  // namespace spdm::cbor

// Tokens that tests take apart and put together again: CBOR as a tree, and back.
#pragma once

#include <string_view>

#include "core/appraisal/eat_writer.h"
#include "core/evidence/eat.h"
#include "core/format/cbor_writer.h"

namespace eat {

using spdm::Bytes;
using spdm::View;
using spdm::cbor::Item;
using Kind = Item::Kind;

inline Item number(std::uint64_t value) {
  Item out;
  out.kind = Kind::unsigned_integer;
  out.number = value;
  return out;
}
inline Item bytes(Bytes value) {
  Item out;
  out.kind = Kind::bytes;
  out.bytes = std::move(value);
  return out;
}
inline Item text(std::string_view value) {
  Item out = bytes(spdm::to_bytes(spdm::as_bytes(value)));
  out.kind = Kind::text;
  return out;
}
inline Item list(std::vector<Item> items, Kind kind = Kind::array) {
  Item out;
  out.kind = kind;
  out.items = std::move(items);
  return out;
}
inline Item map(std::vector<Item> keys_and_values) { return list(std::move(keys_and_values), Kind::map); }
inline Item tag(std::uint64_t value, Item inner) {
  Item out = list({std::move(inner)}, Kind::tag);
  out.number = value;
  return out;
}

inline Bytes encode(const Item& item) {
  using namespace spdm::cbor;
  switch (item.kind) {
    case Kind::bytes:
      return encode_bytes(item.bytes);
    case Kind::text:
      return encode_text(item.text());
    case Kind::array: {
      std::vector<Bytes> items;
      for (const Item& one : item.items) items.push_back(encode(one));
      return encode_array(items);
    }
    case Kind::map: {
      MapWriter out;
      for (std::size_t i = 0; i < item.items.size(); i += 2) out.add(encode(item.items[i]), encode(item.items[i + 1]));
      return out.finish();
    }
    case Kind::tag:
      return encode_tag(item.number, encode(item.items.front()));
    default:
      return encode_unsigned(item.number);
  }
}

// The value of a key, which must be there.
template <class Key>
Item& at(Item& map, Key key) {
  return const_cast<Item&>(*map.find(key));  // the map is not const
}
template <class Key>
void erase(Item& map, Key key) {
  const auto place = &at(map, key) - map.items.data();
  map.items.erase(map.items.begin() + place - 1, map.items.begin() + place + 1);
}
inline void put(Item& map, Item key, Item value) {
  map.items.push_back(std::move(key));
  map.items.push_back(std::move(value));
}

// The claims of the only device in a token as write_token() writes it.
inline Item& device_of(Item& token) { return at(token.items.front(), spdm::claim::submods).items.at(1); }

}  // namespace eat

#include "core/format/cbor.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cbor {

namespace {

using Kind = Item::Kind;

constexpr std::uint8_t kBreak = 0xFF;

// A half precision number (RFC 8949 appendix D).
double half(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1F);
  const auto mantissa = static_cast<double>(bits & 0x3FF);
  const double value = exponent == 0    ? std::ldexp(mantissa, -24)
                       : exponent != 31 ? std::ldexp(mantissa + 1024, exponent - 25)
                       : mantissa == 0  ? INFINITY
                                        : NAN;
  return (bits & 0x8000) != 0 ? -value : value;
}

class Parser {
 public:
  Parser(View data, const Limits& limits) : data_(data), limits_(limits) {}

  Item whole() {
    Item out = item(0);
    if (at_ != data_.size()) fail(cat(data_.size() - at_, " bytes are left over"));
    return out;
  }

 private:
  struct Head {
    unsigned major, info;
    std::uint64_t argument;
    bool indefinite;
  };

  [[noreturn]] void fail(std::string_view why) const { throw Error(ErrorId::bad_input, cat("CBOR: byte ", at_, ": ", why)); }

  [[noreturn]] void oversized(std::string_view why) const { throw Oversized(cat("CBOR: byte ", at_, ": ", why)); }

  std::size_t left() const { return data_.size() - at_; }

  std::uint8_t byte() {
    if (at_ == data_.size()) fail("the data ends in the middle of an item");
    return data_[at_++];
  }

  Head head() {
    const std::uint8_t first = byte();
    const auto info = static_cast<unsigned>(first & 31);
    Head out{static_cast<unsigned>(first >> 5), info, info, false};
    if (out.info < 24) return out;
    if (out.info >= 28 && out.info != 31) fail("a reserved length");
    out.argument = 0;
    if (out.info == 31) {
      out.indefinite = true;
      if (out.major < 2 || out.major == 6) fail("only strings, arrays and maps have an indefinite length");
      return out;
    }
    for (unsigned i = 0; i < 1U << (out.info - 24); ++i) out.argument = out.argument << 8 | byte();
    return out;
  }

  bool at_break() {
    if (at_ == data_.size() || data_[at_] != kBreak) return false;
    ++at_;
    return true;
  }

  void take(std::uint64_t size, Bytes& out) {
    if (size > left()) fail(cat("a string of ", size, " bytes, and only ", left(), " are there"));
    append(out, data_.subspan(at_, static_cast<std::size_t>(size)));
    at_ += static_cast<std::size_t>(size);
  }

  void string(const Head& head, Bytes& out) {
    if (!head.indefinite) return take(head.argument, out);
    while (!at_break()) {
      const Head chunk = this->head();
      if (chunk.major != head.major || chunk.indefinite) fail("a string of indefinite length has other things inside");
      take(chunk.argument, out);
    }
  }

  // Each item has at least one byte: more items than bytes are left cannot be.
  void sequence(const Head& head, std::uint64_t per_entry, std::size_t depth, Item& out) {
    if (!head.indefinite && head.argument > left() / per_entry)
      fail(cat(head.argument, " entries announced, and only ", left(), " bytes are there"));
    for (std::uint64_t i = 0; head.indefinite ? !at_break() : i < head.argument; ++i)
      for (std::uint64_t part = 0; part < per_entry; ++part) out.items.push_back(item(depth + 1));
  }

  // The identity of a map's key. Numbers and strings have several encodings, so their values are compared; all other
  // keys are compared by their encoding.
  std::string identity_of(const Item& key, std::size_t end) const {
    const std::string kind = cat(static_cast<int>(key.kind), " ");
    if (key.is(Kind::unsigned_integer) || key.is(Kind::negative_integer)) return cat(kind, key.number);
    if (key.is(Kind::bytes) || key.is(Kind::text)) return cat(kind, key.text());
    const View encoded = data_.subspan(key.offset, end - key.offset);
    return cat(kind, std::string(encoded.begin(), encoded.end()));
  }

  void check_keys(const Item& map) const {
    std::set<std::string> keys;
    for (std::size_t i = 0; i < map.items.size(); i += 2)
      if (!keys.insert(identity_of(map.items[i], map.items[i + 1].offset)).second)
        fail(cat("the key ", to_string(map.items[i]), " twice in a map"));
  }

  void simple(const Head& head, Item& out) {
    if (head.indefinite) fail("a break where nothing can end");
    out.number = head.argument;
    switch (head.info) {
      case 20:
      case 21:
        out.kind = Kind::boolean;
        out.number = head.info - 20;
        return;
      case 22:
        out.kind = Kind::null;
        return;
      case 23:
        out.kind = Kind::undefined;
        return;
      case 25:
        out.real = half(head.argument);
        break;
      case 26:
        out.real = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
        break;
      case 27:
        out.real = std::bit_cast<double>(head.argument);
        break;
      default:
        if (head.info == 24 && head.argument < 32) fail("a simple value that must be written in one byte");
        out.kind = Kind::simple;
        return;
    }
    out.kind = Kind::floating;
  }

  Item item(std::size_t depth) {
    if (depth >= limits_.depth) oversized(cat("nests deeper than ", limits_.depth, " levels"));
    if (++count_ > limits_.items) oversized(cat("more than ", limits_.items, " items"));
    Item out;
    out.offset = at_;
    const Head head = this->head();
    out.number = head.argument;
    switch (head.major) {
      case 0:
        out.kind = Kind::unsigned_integer;
        break;
      case 1:
        out.kind = Kind::negative_integer;
        break;
      case 2:
      case 3:
        out.kind = head.major == 2 ? Kind::bytes : Kind::text;
        string(head, out.bytes);
        break;
      case 4:
        out.kind = Kind::array;
        sequence(head, 1, depth, out);
        break;
      case 5:
        out.kind = Kind::map;
        sequence(head, 2, depth, out);
        check_keys(out);
        break;
      case 6:
        out.kind = Kind::tag;
        out.items.push_back(item(depth + 1));
        break;
      default:
        simple(head, out);
    }
    return out;
  }

  View data_;
  const Limits& limits_;
  std::size_t at_ = 0, count_ = 0;
};

Json number_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace

const Item* Item::find(std::int64_t key) const {
  if (kind != Kind::map) return nullptr;
  const Kind wanted = key < 0 ? Kind::negative_integer : Kind::unsigned_integer;
  const auto number_of = static_cast<std::uint64_t>(key < 0 ? -1 - key : key);
  for (std::size_t i = 0; i < items.size(); i += 2)
    if (items[i].kind == wanted && items[i].number == number_of) return &items[i + 1];
  return nullptr;
}

const Item* Item::find(std::string_view key) const {
  if (kind != Kind::map) return nullptr;
  for (std::size_t i = 0; i < items.size(); i += 2)
    if (items[i].kind == Kind::text && items[i].text() == key) return &items[i + 1];
  return nullptr;
}

std::size_t count(const Item& item) {
  std::size_t out = 1;
  for (const Item& one : item.items) out += count(one);
  return out;
}

Item read(View data, const Limits& limits) { return Parser(data, limits).whole(); }

std::string to_string(const Item& item) {
  switch (item.kind) {
    case Kind::unsigned_integer:
      return cat(item.number);
    case Kind::negative_integer:
      return item.number == ~std::uint64_t{0} ? "-18446744073709551616" : cat("-", item.number + 1);
    case Kind::bytes:
      return cat("h'", hex(item.bytes), "'");
    case Kind::text:
      return printable(item.text());
    case Kind::simple:
      return cat("simple(", item.number, ")");
    default: {
      constexpr std::size_t kMaxStructured = 256;
      const Json json = to_json(item);
      std::string out = json.dump(-1, ' ', true, Json::error_handler_t::replace);
      if (out.size() > kMaxStructured && json.is_structured())
        throw Oversized(cat("CBOR: byte ", item.offset, ": a key with things inside that has ", out.size(), " bytes as text, no more than ",
                            kMaxStructured, " are taken"));
      return out;
    }
  }
}

Json to_json(const Item& item) {
  switch (item.kind) {
    case Kind::unsigned_integer:
      return item.number;
    case Kind::negative_integer:
      if (item.number > static_cast<std::uint64_t>(INT64_MAX)) return to_string(item);
      return -1 - static_cast<std::int64_t>(item.number);
    case Kind::array: {
      Json out = Json::array();
      for (const Item& one : item.items) out.push_back(to_json(one));
      return out;
    }
    case Kind::map: {
      // ordered_json searches from the front for every new member, so its vector is filled directly. Two different CBOR
      // keys (1 and "1") can give the same JSON key.
      Json out = Json::object();
      std::set<std::string> words;
      auto& members = out.get_ref<Json::object_t&>();
      for (std::size_t i = 0; i < item.items.size(); i += 2) {
        std::string key = to_string(item.items[i]);
        while (!words.insert(key).second) key += cat("#", i / 2);  // the index makes the key unique
        members.Container::emplace_back(std::move(key), to_json(item.items[i + 1]));
      }
      return out;
    }
    case Kind::tag:
      return Json{{"tag", item.number}, {"value", to_json(item.items.front())}};
    case Kind::boolean:
      return item.number == 1;
    case Kind::null:
      return nullptr;
    case Kind::undefined:
      return "undefined";
    case Kind::floating:
      return number_json(item.real);
    default:
      return to_string(item);
  }
}

}  // namespace spdm::cbor

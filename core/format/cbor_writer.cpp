#include "core/format/cbor_writer.h"

#include <algorithm>

#include "core/error.h"

namespace spdm::cbor {

namespace {

enum class Major : std::uint8_t { unsigned_integer = 0, bytes = 2, text = 3, array = 4, map = 5, tag = 6 };

// The shortest head there is (RFC 8949 section 4.2.1).
void append_head(Bytes& out, Major major, std::uint64_t argument) {
  const auto first = static_cast<unsigned>(major) << 5;
  if (argument < 24) return out.push_back(static_cast<std::uint8_t>(first | argument));
  unsigned size = 0;  // of the argument: 2 to the power of this
  while (size < 3 && argument >> (8U << size) != 0) ++size;
  out.push_back(static_cast<std::uint8_t>(first | (24 + size)));
  for (unsigned left = 1U << size; left > 0; --left) out.push_back(static_cast<std::uint8_t>(argument >> (8 * (left - 1))));
}

Bytes with_head(Major major, std::uint64_t argument, View contents) {
  Bytes out;
  out.reserve(contents.size() + 9);
  append_head(out, major, argument);
  append(out, contents);
  return out;
}

}  // namespace

Bytes encode_unsigned(std::uint64_t number) { return with_head(Major::unsigned_integer, number, {}); }
Bytes encode_bytes(View bytes) { return with_head(Major::bytes, bytes.size(), bytes); }
Bytes encode_text(std::string_view utf8) { return with_head(Major::text, utf8.size(), as_bytes(utf8)); }
Bytes encode_tag(std::uint64_t tag, View item) { return with_head(Major::tag, tag, item); }

Bytes encode_array(const std::vector<Bytes>& items) {
  Bytes out;
  append_head(out, Major::array, items.size());
  for (const Bytes& item : items) append(out, item);
  return out;
}

MapWriter& MapWriter::add(Bytes key, Bytes value) {
  entries_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Bytes MapWriter::finish() {
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Bytes out;
  append_head(out, Major::map, entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i > 0 && entries_[i].first == entries_[i - 1].first) throw Error(ErrorId::internal, "CBOR: a key twice in a map");
    append(out, entries_[i].first);
    append(out, entries_[i].second);
  }
  return out;
}

}  // namespace spdm::cbor

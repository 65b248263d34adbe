// CBOR as it is written here: deterministic (RFC 8949 section 4.2.1), so that the same things are always the same bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace spdm::cbor {

// One item each, as bytes.
Bytes encode_unsigned(std::uint64_t number);
Bytes encode_bytes(View bytes);
Bytes encode_text(std::string_view utf8);
Bytes encode_array(const std::vector<Bytes>& items);
Bytes encode_tag(std::uint64_t tag, View item);

// A map: its keys are sorted by their encoding when it is finished.
class MapWriter {
 public:
  // Key and value are items. A key must not come twice.
  MapWriter& add(Bytes key, Bytes value);
  MapWriter& add(std::uint64_t key, Bytes value) { return add(encode_unsigned(key), std::move(value)); }
  MapWriter& add(std::string_view key, Bytes value) { return add(encode_text(key), std::move(value)); }
  bool empty() const { return entries_.empty(); }
  Bytes finish();

 private:
  std::vector<std::pair<Bytes, Bytes>> entries_;
};

}  // namespace spdm::cbor

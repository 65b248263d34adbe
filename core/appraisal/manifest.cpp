#include "core/appraisal/manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/opaque.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;

constexpr std::uint8_t kIanaCbor = 0x0A;  // registry: the vendor id is the head of a tag, and what follows is its item
constexpr std::size_t kMaxNested = 6;     // byte strings inside of byte strings

// What an item is. A list is an array whose elements are all of the same kind.
enum class Shape {
  none,
  any,  // CBOR in a byte string: its tag tells
  sign1,
  header,
  claims,
  format_list,
  format,
  toc,
  evidence_list,
  evidence,
  triples,
  triple_list,
  triple,
  environment,
  class_of,
  measurement_list,
  measurement,
  values,
  version,
  flags,
  indirect,
  digest_list,
  digest,
  locator_list,
  locator,
};

struct Field {
  Shape in;
  std::int64_t key;  // key of a map, or index in an array
  std::string_view name;
  Shape shape = Shape::none;
};

constexpr std::array kFields{
    // COSE_Sign1 (RFC 9052 4.2), its header (3.1)
    Field{Shape::sign1, 0, "protected", Shape::header},
    Field{Shape::sign1, 1, "unprotected", Shape::header},
    Field{Shape::sign1, 2, "payload", Shape::claims},
    Field{Shape::sign1, 3, "signature"},
    Field{Shape::header, 1, "alg"},
    Field{Shape::header, 2, "crit"},
    Field{Shape::header, 3, "content-type"},
    Field{Shape::header, 4, "kid"},
    Field{Shape::header, 15, "cwt-claims", Shape::claims},
    Field{Shape::header, 33, "x5chain"},
    // CWT (RFC 8392), EAT (RFC 9711), OCP profile
    Field{Shape::claims, 1, "iss"},
    Field{Shape::claims, 2, "sub"},
    Field{Shape::claims, 3, "aud"},
    Field{Shape::claims, 4, "exp"},
    Field{Shape::claims, 5, "nbf"},
    Field{Shape::claims, 6, "iat"},
    Field{Shape::claims, 7, "cti"},
    Field{Shape::claims, 8, "cnf"},
    Field{Shape::claims, 10, "eat_nonce"},
    Field{Shape::claims, 256, "ueid"},
    Field{Shape::claims, 257, "sueids"},
    Field{Shape::claims, 258, "oemid"},
    Field{Shape::claims, 259, "hwmodel"},
    Field{Shape::claims, 260, "hwversion"},
    Field{Shape::claims, 261, "uptime"},
    Field{Shape::claims, 262, "oemboot"},
    Field{Shape::claims, 263, "dbgstat"},
    Field{Shape::claims, 264, "location"},
    Field{Shape::claims, 265, "eat_profile"},
    Field{Shape::claims, 266, "submods"},
    Field{Shape::claims, 267, "bootcount"},
    Field{Shape::claims, 268, "bootseed"},
    Field{Shape::claims, 269, "dloas"},
    Field{Shape::claims, 270, "swname"},
    Field{Shape::claims, 271, "swversion"},
    Field{Shape::claims, 272, "manifests", Shape::format_list},
    Field{Shape::claims, 273, "measurements", Shape::format_list},
    Field{Shape::claims, 274, "measres"},
    Field{Shape::claims, 275, "intuse"},
    Field{Shape::claims, -70001, "rim-locators", Shape::locator_list},
    Field{Shape::format, 0, "content-type"},
    Field{Shape::format, 1, "content", Shape::any},
    // Concise evidence
    Field{Shape::toc, 0, "tagged-evidence", Shape::evidence_list},
    Field{Shape::toc, 1, "rim-locators", Shape::locator_list},
    Field{Shape::toc, 2, "profile"},
    Field{Shape::evidence, 0, "ev-triples", Shape::triples},
    Field{Shape::evidence, 1, "evidence-id"},
    Field{Shape::evidence, 2, "profile"},
    Field{Shape::triples, 0, "evidence-triples", Shape::triple_list},
    Field{Shape::triples, 1, "identity-triples"},
    Field{Shape::triples, 2, "dependency-triples"},
    Field{Shape::triples, 3, "membership-triples"},
    Field{Shape::triples, 4, "coswid-triples"},
    Field{Shape::triples, 5, "attest-key-triples"},
    Field{Shape::triple, 0, "environment", Shape::environment},
    Field{Shape::triple, 1, "measurements", Shape::measurement_list},
    // CoMID (draft-ietf-rats-corim)
    Field{Shape::environment, 0, "class", Shape::class_of},
    Field{Shape::environment, 1, "instance"},
    Field{Shape::environment, 2, "group"},
    Field{Shape::class_of, 0, "class-id"},
    Field{Shape::class_of, 1, "vendor"},
    Field{Shape::class_of, 2, "model"},
    Field{Shape::class_of, 3, "layer"},
    Field{Shape::class_of, 4, "index"},
    Field{Shape::measurement, 0, "mkey"},
    Field{Shape::measurement, 1, "mval", Shape::values},
    Field{Shape::measurement, 2, "authorized-by"},
    Field{Shape::values, 0, "version", Shape::version},
    Field{Shape::values, 1, "svn"},
    Field{Shape::values, 2, "digests", Shape::digest_list},
    Field{Shape::values, 3, "flags", Shape::flags},
    Field{Shape::values, 4, "raw-value"},
    Field{Shape::values, 5, "raw-value-mask"},
    Field{Shape::values, 6, "mac-addr"},
    Field{Shape::values, 7, "ip-addr"},
    Field{Shape::values, 8, "serial-number"},
    Field{Shape::values, 9, "ueid"},
    Field{Shape::values, 10, "uuid"},
    Field{Shape::values, 11, "name"},
    Field{Shape::values, 12, "spdm-indirect", Shape::indirect},
    Field{Shape::values, 13, "cryptokeys"},
    Field{Shape::values, 14, "integrity-registers"},
    Field{Shape::values, 15, "int-range"},
    Field{Shape::version, 0, "version"},
    Field{Shape::version, 1, "version-scheme"},
    Field{Shape::flags, 0, "is-configured"},
    Field{Shape::flags, 1, "is-secure"},
    Field{Shape::flags, 2, "is-recovery"},
    Field{Shape::flags, 3, "is-debug"},
    Field{Shape::flags, 4, "is-replay-protected"},
    Field{Shape::flags, 5, "is-integrity-protected"},
    Field{Shape::flags, 6, "is-runtime-meas"},
    Field{Shape::flags, 7, "is-immutable"},
    Field{Shape::flags, 8, "is-tcb"},
    Field{Shape::flags, 9, "is-confidentiality-protected"},
    Field{Shape::indirect, 0, "index"},
    Field{Shape::digest, 0, "alg"},
    Field{Shape::digest, 1, "val"},
    Field{Shape::locator, 0, "href"},
    Field{Shape::locator, 1, "thumbprint"},
};

struct List {
  Shape list, element;
};
constexpr std::array kLists{List{Shape::format_list, Shape::format}, List{Shape::evidence_list, Shape::evidence},
                            List{Shape::triple_list, Shape::triple}, List{Shape::measurement_list, Shape::measurement},
                            List{Shape::digest_list, Shape::digest}, List{Shape::locator_list, Shape::locator}};

struct Tag {
  std::uint64_t tag;
  std::string_view name;
  Shape shape = Shape::none;
};
constexpr std::array kTags{Tag{18, "cose-sign1", Shape::sign1},
                           Tag{61, "cwt", Shape::any},
                           Tag{570, "spdm-toc", Shape::toc},
                           Tag{571, "concise-evidence", Shape::evidence},
                           Tag{1, "time"},
                           Tag{32, "uri"},
                           Tag{37, "uuid"},
                           Tag{111, "oid"},
                           Tag{550, "ueid"},
                           Tag{552, "svn"},
                           Tag{553, "min-svn"},
                           Tag{554, "pkix-base64-key"},
                           Tag{555, "pkix-base64-cert"},
                           Tag{557, "key-thumbprint"},
                           Tag{559, "cert-thumbprint"},
                           Tag{560, "bytes"},
                           Tag{563, "masked-raw-value"}};

const Field* find(Shape shape, const Item& key) {
  if (key.kind != Kind::unsigned_integer && key.kind != Kind::negative_integer) return nullptr;
  if (key.number > INT32_MAX) return nullptr;
  const auto magnitude = static_cast<std::int64_t>(key.number);
  const std::int64_t number = key.is(Kind::unsigned_integer) ? magnitude : -1 - magnitude;
  const auto* it =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) { return field.in == shape && field.key == number; });
  return it == kFields.end() ? nullptr : it;
}

const Field* find(Shape shape, std::size_t place) {
  Item key;
  key.kind = Kind::unsigned_integer;
  key.number = place;
  return find(shape, key);
}

bool is_tuple(Shape shape) { return shape == Shape::sign1 || shape == Shape::format || shape == Shape::triple || shape == Shape::digest; }

Json walk(const Item& item, Shape shape, std::size_t nested);

// Members are appended: the ordered kind searches from the front for each.
void add(Json& object, std::string name, Json value) {
  object.get_ref<Json::object_t&>().Container::emplace_back(std::move(name), std::move(value));
}

Json walk_map(const Item& item, Shape shape, std::size_t nested) {
  Json out = Json::object();
  for (std::size_t i = 0; i < item.items.size(); i += 2) {
    const Field* field = find(shape, item.items[i]);
    add(out, field == nullptr ? to_string(item.items[i]) : std::string(field->name),
        walk(item.items[i + 1], field == nullptr ? Shape::none : field->shape, nested));
  }
  return out;
}

Json walk_array(const Item& item, Shape shape, std::size_t nested) {
  if (is_tuple(shape)) {
    Json out = Json::object();
    for (std::size_t i = 0; i < item.items.size(); ++i) {
      const Field* field = find(shape, i);
      add(out, field == nullptr ? cat(i) : std::string(field->name),
          walk(item.items[i], field == nullptr ? Shape::none : field->shape, nested));
    }
    return out;
  }
  const auto* list = std::find_if(kLists.begin(), kLists.end(), [&](const List& row) { return row.list == shape; });
  Json out = Json::array();
  for (const Item& one : item.items) out.push_back(walk(one, list == kLists.end() ? Shape::none : list->element, nested));
  return out;
}

Json walk_tag(const Item& item, std::size_t nested) {
  const auto* row = std::find_if(kTags.begin(), kTags.end(), [&](const Tag& tag) { return tag.tag == item.number; });
  Json out{{"tag", item.number}};
  if (row != kTags.end()) out["name"] = row->name;
  out["value"] = walk(item.items.front(), row == kTags.end() ? Shape::none : row->shape, nested);
  return out;
}

Json walk(const Item& item, Shape shape, std::size_t nested) {
  if (item.is(Kind::bytes) && shape != Shape::none && !item.bytes.empty() && nested < kMaxNested) {
    try {
      return walk(cbor::read(item.bytes), shape, nested + 1);
    } catch (const Error&) {
      return to_json(item);  // it stays a byte string
    }
  }
  switch (item.kind) {
    case Kind::map:
      return walk_map(item, shape, nested);
    case Kind::array:
      return walk_array(item, shape, nested);
    case Kind::tag:
      return walk_tag(item, nested);
    default:
      return to_json(item);
  }
}

std::optional<Item> read_one(View bytes, const cbor::Limits& limits) {
  if (bytes.empty() || bytes.front() < 0x80) return std::nullopt;  // anything else is text or bytes by chance
  try {
    Item out = cbor::read(bytes, limits);
    if (out.is(Kind::array) || out.is(Kind::map) || out.is(Kind::tag)) return out;
  } catch (const cbor::Oversized&) {
    throw;
  } catch (const Error&) {
  }
  return std::nullopt;
}

std::size_t extent(const Json& json, std::size_t depth) {
  constexpr std::size_t kAround = 6;  // quotes, a colon and a comma, the end of the line
  std::size_t out = 2 * depth + kAround;
  if (json.is_string()) return out + json.get_ref<const std::string&>().size();
  if (!json.is_structured()) return out + kAround;
  for (const auto& [key, value] : json.items()) out += (json.is_object() ? key.size() : 0) + extent(value, depth + 1);
  return out;
}

// The keys above a value. A path that many lines share must not be longer than what they say.
std::string below(const std::string& before, const std::string& key) {
  constexpr std::size_t kLongest = 512, kEnd = 64;
  std::string out = cat(before, key, ": ");
  return out.size() <= kLongest ? out : cat(out.substr(0, kLongest - kEnd), "...", out.substr(out.size() - kEnd));
}

void collect_lines(const Json& json, const std::string& before, std::size_t most, std::vector<std::string>& out) {
  if (out.size() > most) return;
  if (json.is_object() && json.contains("tag") && json.contains("value") && json.size() <= 3)
    return collect_lines(json["value"], json.contains("name") ? below(before, json["name"].get<std::string>()) : before, most, out);
  if (json.is_object())
    for (const auto& [key, value] : json.items()) collect_lines(value, below(before, key), most, out);
  else if (json.is_array() && std::any_of(json.begin(), json.end(), [](const Json& one) { return one.is_structured(); }))
    for (const Json& value : json) collect_lines(value, before, most, out);
  else
    out.push_back(before + (json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', true, Json::error_handler_t::replace)));
}

}  // namespace

std::optional<Item> read_manifest(const MeasurementBlock& block, const cbor::Limits& limits) {
  if (!block.raw || (block.type != MeasurementType::manifest && block.type != MeasurementType::structured_manifest)) return std::nullopt;
  View body = block.value;
  if (block.type == MeasurementType::structured_manifest && body.size() >= 2) {
    const std::uint8_t registry = body[0];
    const std::size_t length = body[1];
    if (body.size() >= 2 + length && vendor_length_fits(registry, length)) {
      // The tag is the vendor id. Some devices repeat it before the item: that is understood, too.
      if (registry == kIanaCbor && length != 0)
        if (std::optional<Item> tagged = read_one(body.subspan(2), limits)) return tagged;
      body = body.subspan(2 + length);
    }
  }
  return read_one(body, limits);
}

Json name_manifest(const Item& manifest) {
  // Without a tag: the token of an OCP device, or claims.
  const bool sign1 = manifest.is(Kind::array) && manifest.items.size() == 4 && manifest.items[2].is(Kind::bytes);
  return walk(manifest, sign1 ? Shape::sign1 : Shape::none, 0);
}

std::size_t extent(const Json& json) { return extent(json, 0); }

std::vector<std::string> manifest_lines(const Json& named, std::size_t most) {
  std::vector<std::string> out;
  collect_lines(named, "", most, out);
  if (out.size() > most) {
    out.resize(most);
    out.emplace_back("...");
  }
  return out;
}

}  // namespace spdm

#include "core/appraisal/corim.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>
#include <set>
#include <utility>

#include "core/calendar.h"
#include "core/crypto/cose.h"
#include "core/error.h"
#include "core/format/cbor.h"
#include "core/text.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;
using Form = ReferenceValue::Form;

constexpr std::size_t kMaxNotes = 100;

[[noreturn]] void fail(const std::string& why, const std::string& hint = {}) { throw Error(ErrorId::bad_input, cat("CoRIM: ", why), hint); }

const Item& need(const Item* item, std::string_view what) {
  if (item == nullptr) fail(cat(what, " is missing"));
  return *item;
}

const Item& need(const Item* item, Kind kind, std::string_view what) {
  const Item& out = need(item, what);
  if (!out.is(kind)) fail(cat(what, " is of another kind than it must be (byte ", out.offset, ")"));
  return out;
}

// CoRIM wraps its sub-structures in byte strings.
Item read_inner(const Item& bytes, std::string_view what) {
  try {
    return cbor::read(bytes.bytes);
  } catch (const Error& error) {
    fail(cat(what, ", at byte ", bytes.offset, ": ", error.what()));
  }
}

}  // namespace

const HashAlgorithm* hash_of(const Item& alg, std::size_t size) {
  struct Row {
    std::int64_t id;  // Named Information (RFC 6920) above zero, COSE (RFC 9054) below
    std::string_view text, name;
  };
  constexpr std::array rows{Row{1, "sha-256", "SHA-256"},    Row{7, "sha-384", "SHA-384"},    Row{8, "sha-512", "SHA-512"},
                            Row{10, "sha3-256", "SHA3-256"}, Row{11, "sha3-384", "SHA3-384"}, Row{12, "sha3-512", "SHA3-512"},
                            Row{-16, "sha256", "SHA-256"},   Row{-43, "sha384", "SHA-384"},   Row{-44, "sha512", "SHA-512"}};
  for (const Row& row : rows) {
    const bool same_number = row.id > 0 ? alg.is(Kind::unsigned_integer) && alg.number == static_cast<std::uint64_t>(row.id)
                                        : alg.is(Kind::negative_integer) && alg.number == static_cast<std::uint64_t>(-1 - row.id);
    if (!same_number && !(alg.is(Kind::text) && alg.text() == row.text)) continue;
    const HashAlgorithm* out = find_hash(row.name);
    return out != nullptr && out->size == size ? out : nullptr;
  }
  return nullptr;
}

namespace {

// Text of vendor, model and class id of an environment, for people.
std::string describe(const Item& environment) {
  std::string out;
  const auto add = [&](std::string_view name, const Item* item) {
    if (item != nullptr)
      out += cat(out.empty() ? "" : ", ", name, " ", item->is(Kind::tag) ? to_string(item->items.front()) : to_string(*item));
  };
  if (const Item* entry = environment.find(0)) {
    add("vendor", entry->find(1));
    add("model", entry->find(2));
    add("class", entry->find(std::int64_t{0}));
    add("layer", entry->find(3));
    add("index", entry->find(4));
  }
  add("instance", environment.find(1));
  add("group", environment.find(2));
  return out.empty() ? "an environment without a name" : out;
}

std::optional<std::uint16_t> pci_id(const Item* item) {
  if (item == nullptr || !item->is(Kind::text) || item->bytes.size() != 4) return std::nullopt;
  const std::string text = item->text();
  std::uint16_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

DeviceMatch match_of(const Item& environment, const std::string& name) {
  const Item* entry = environment.find(std::int64_t{0});
  const std::optional<std::uint16_t> vendor = entry == nullptr ? std::nullopt : pci_id(entry->find(1));
  const std::optional<std::uint16_t> device = entry == nullptr ? std::nullopt : pci_id(entry->find(2));
  if (!vendor || !device)
    fail(cat("it does not say which PCI devices ", printable(name), " is"), "say it with --match, such as --match vendor=1b36,device=0010");
  DeviceMatch out;
  out.vendor = vendor;
  out.device = device;
  return out;
}

class Reading {
 public:
  Reading(Corim& out, const CorimOptions& options) : out_(out), options_(options) {}

  void comid(const Item& comid) {
    const Item& triples = need(comid.find(4), Kind::map, "the triples of a CoMID");
    for (std::size_t i = 0; i < triples.items.size(); i += 2)
      if (!(triples.items[i].is(Kind::unsigned_integer) && triples.items[i].number == 0))
        note(cat("triples of the kind ", to_string(triples.items[i]), " are not reference values"));
    const Item* references = triples.find(std::int64_t{0});
    if (references == nullptr) return;
    for (const Item& triple : need(references, Kind::array, "reference-triples").items) {
      if (!triple.is(Kind::array) || triple.items.size() != 2 || !triple.items[0].is(Kind::map) || !triple.items[1].is(Kind::array))
        fail(cat("a reference triple is not an environment and its measurements (byte ", triple.offset, " of the CoMID)"));
      const std::string name = describe(triple.items[0]);
      for (const Item& measurement : triple.items[1].items) read(measurement, triple.items[0], name);
    }
  }

  void note(std::string text) {
    if (out_.notes.size() < kMaxNotes && std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end())
      out_.notes.push_back(std::move(text));
  }

 private:
  void read(const Item& measurement, const Item& environment, const std::string& name) {
    const Item& values = need(measurement.find(1), Kind::map, "mval of a measurement");
    const Item* key = measurement.find(std::int64_t{0});
    const std::string where = cat(name, ", measurement ", key == nullptr ? "without a key" : to_string(*key));
    const bool is_index = key != nullptr && key->is(Kind::unsigned_integer) && key->number >= 1 && key->number <= 0xFE;
    if (!is_index || options_.environments) return read_environment(measurement, environment, values, name, where);
    ReferenceMeasurement one;
    one.index = static_cast<std::uint8_t>(key->number);
    read_values(values, where, one);
    if (one.allowed.empty() && !one.min_svn) return note(cat(where, ": has no value that SPDM measurements can be compared with"));
    add(std::move(one), environment, name);
  }

  void read_values(const Item& values, const std::string& where, ReferenceMeasurement& out) {
    for (std::size_t i = 0; i < values.items.size(); i += 2)
      if (!(values.items[i].is(Kind::unsigned_integer) && (values.items[i].number <= 2 || values.items[i].number == 4)))
        note(cat(where, ": what it says of ", to_string(values.items[i]), " is not compared"));
    if (const Item* digests = values.find(2)) read_digests(*digests, where, out);
    if (const Item* raw = values.find(4)) read_raw(values, *raw, where, out);
    if (const Item* version = values.find(std::int64_t{0}))
      if (const Item* text = version->find(std::int64_t{0}); text != nullptr && text->is(Kind::text))
        single({Form::text, text->bytes, nullptr}, where, out);
    if (const Item* svn = values.find(1)) read_svn(*svn, where, out);
  }

  // What concise evidence must say of the same environment and element.
  void read_environment(const Item& measurement, const Item& environment, const Item& values, const std::string& name,
                        const std::string& where) {
    for (std::size_t i = 0; i < values.items.size(); i += 2)
      if (!(values.items[i].is(Kind::unsigned_integer) && values.items[i].number <= 2))
        note(cat(where, ": what it says of ", to_string(values.items[i]), " is not compared"));
    ReferenceEnvironment one;
    try {
      one.claim = read_claim(environment, measurement);
    } catch (const Error& error) {
      fail(cat(printable(where), ": ", error.what()));
    }
    const std::size_t known = std::erase_if(one.claim.fwids, [](const Fwid& fwid) { return !is_known(fwid); });
    if (known != 0) note(cat(where, ": ", known, " of its digests are by algorithms, or of sizes, that are not known"));
    EvidenceClaim& claim = one.claim;
    if (!claim.vendor && !claim.model && !claim.type) return note(cat(where, ": its environment has no class, and fits no evidence"));
    if (claim.fwids.empty() && !claim.version && !claim.svn && !claim.min_svn)
      return note(cat(where, ": has no value that SPDM measurements or concise evidence can be compared with"));
    if (!repeats_algorithm(claim.fwids)) return add(std::move(one), environment, name);
    // Digests of one object differ in their algorithm. Those by the same one are of several versions: each is allowed.
    const std::vector<Fwid> digests = std::exchange(claim.fwids, {});
    for (const Fwid& digest : digests)
      if (digest.algorithm != digests.front().algorithm)
        return note(cat(where, ": has several digests by one algorithm beside others, and does not say which belong together"));
    for (const Fwid& digest : digests) {
      claim.fwids = {digest};
      add(one, environment, name);
    }
  }

  static bool repeats_algorithm(const std::vector<Fwid>& digests) {
    std::set<std::string_view> seen;
    return std::any_of(digests.begin(), digests.end(), [&](const Fwid& digest) { return !seen.insert(digest.algorithm).second; });
  }

  void add(ReferenceEnvironment one, const Item& environment, const std::string& name) {
    count(1 + one.claim.fwids.size());
    std::vector<ReferenceEnvironment>& all = device_of(environment, name).environments;
    if (all.size() == kMaxEnvironments) fail(cat("more than ", kMaxEnvironments, " values of concise evidence for ", printable(name)));
    all.push_back(std::move(one));
  }

  static bool is_known(const Fwid& fwid) {
    const HashAlgorithm* hash = find_hash(fwid.algorithm);
    return hash != nullptr && hash->size == fwid.digest.size();
  }

  // A measurement gets one value. When the CoRIM has several kinds of value, the first counts.
  void single(ReferenceValue value, const std::string& where, ReferenceMeasurement& out) {
    if (out.allowed.empty())
      out.allowed.push_back(std::move(value));
    else
      note(cat(where, ": has values of several kinds, only the first is compared"));
  }

  void read_digests(const Item& digests, const std::string& where, ReferenceMeasurement& out) {
    for (const Item& digest : need(&digests, Kind::array, "digests").items) {
      if (!digest.is(Kind::array) || digest.items.size() != 2 || !digest.items[1].is(Kind::bytes))
        fail(cat("a digest of ", printable(where), " is not an algorithm and bytes"));
      const HashAlgorithm* hash = hash_of(digest.items[0], digest.items[1].bytes.size());
      if (hash == nullptr)
        note(cat(where, ": a digest of ", digest.items[1].bytes.size(), " bytes by the algorithm ", to_string(digest.items[0]),
                 " is not one of SPDM"));
      else
        out.allowed.push_back({Form::digest, digest.items[1].bytes, hash});
    }
    if (out.allowed.size() > kMaxAlternatives) fail(cat("more than ", kMaxAlternatives, " digests for ", printable(where)));
  }

  void read_raw(const Item& values, const Item& raw, const std::string& where, ReferenceMeasurement& out) {
    const Item& value = raw.is_tag(560) ? raw.items.front() : raw;
    if (values.find(5) != nullptr || !value.is(Kind::bytes)) return note(cat(where, ": raw values with a mask are not compared"));
    single({Form::raw, value.bytes, nullptr}, where, out);
  }

  void read_svn(const Item& svn, const std::string& where, ReferenceMeasurement& out) {
    const bool least = svn.is_tag(553);
    const Item& number = least || svn.is_tag(552) ? svn.items.front() : svn;
    if (!number.is(Kind::unsigned_integer)) return note(cat(where, ": its security version number is not a number"));
    if (least)
      out.min_svn = number.number;
    else
      single({Form::svn, Writer().u64(number.number).take(), nullptr}, where, out);
  }

  void add(ReferenceMeasurement one, const Item& environment, const std::string& name) {
    count(weight_of(one));
    std::vector<ReferenceMeasurement>& all = device_of(environment, name).measurements;
    const auto same = std::find_if(all.begin(), all.end(), [&](const ReferenceMeasurement& other) { return other.index == one.index; });
    if (same == all.end()) return void(all.push_back(std::move(one)));
    // The same index again: its values are alternatives.
    if (same->allowed.size() + one.allowed.size() > kMaxAlternatives)
      fail(cat("more than ", kMaxAlternatives, " values for one measurement of ", printable(name)));
    same->allowed.insert(same->allowed.end(), one.allowed.begin(), one.allowed.end());
    if (one.min_svn) same->min_svn = std::max(same->min_svn.value_or(0), *one.min_svn);
  }

  void count(std::size_t values) {
    count_ += values;
    if (count_ > kMaxReferences) fail(cat("more than ", kMaxReferences, " reference values"));
  }

  DeviceReferences& device_of(const Item& environment, const std::string& name) {
    const auto [at, first] = known_.try_emplace(name, out_.devices.size());
    if (first) {
      DeviceReferences& device = out_.devices.emplace_back();
      device.match = options_.match ? *options_.match : match_of(environment, name);
      device.complete = false;  // the vendor lists what it vouches for, and a device may measure more
      device.source = name;
    }
    return out_.devices[at->second];
  }

  Corim& out_;
  const CorimOptions& options_;
  std::map<std::string, std::size_t> known_;
  std::size_t count_ = 0;
};

// The end of a validity-map (draft-ietf-rats-corim: {0: not-before, 1: not-after}); empty when it has none.
std::string end_of(const Item& validity) {
  const Item* end = validity.find(1);
  if (end == nullptr) return {};
  const Item& number = end->is_tag(1) ? end->items.front() : *end;
  if (!number.is(Kind::unsigned_integer) || number.number > 253402300799) return {};
  return utc_of(static_cast<std::int64_t>(number.number));
}

void check_signature(const crypto::Sign1& message, const crypto::PublicKey& key) {
  const bool good = [&] {
    try {
      return crypto::verify(message, key);
    } catch (const Error& error) {
      throw Error(error.id, cat("CoRIM: ", error.what()),
                  error.id == ErrorId::unsupported ? cat(error.hint, ", and leave out --signer") : "");
    }
  }();
  if (!good)
    fail(cat("the signature (", crypto::algorithm_of(message), ") does not verify with the key of the signer"),
         "the file is not what the signer published");
}

constexpr std::string_view kWanted = "give a CoRIM in CBOR, as vendors publish it; reference values in YAML need no import";

Item read_outer(View file) {
  if (file.empty()) throw Error(ErrorId::bad_input, "is empty", std::string(kWanted));
  try {
    return cbor::read(file);
  } catch (const Error& error) {
    fail(cat("this is not a CoRIM: ", error.what()), std::string(kWanted));
  }
}

// Without the tags that only say what follows: those of earlier drafts (500, 502), and that it is CBOR (55799).
Item unwrapped(Item item) {
  while (item.is_tag(500) || item.is_tag(502) || item.is_tag(55799)) {
    Item inner = std::move(item.items.front());
    item = std::move(inner);
  }
  return item;
}

// corim-map behind its tag. Some signers leave the tag out (NVIDIA's RIM service): then only what the map has tells what it is.
Item corim_map(Item item) {
  const Item inner = unwrapped(item.is_tag(501) ? std::move(item.items.front()) : std::move(item));
  const Item* tags = inner.find(1);
  if (!inner.is(Kind::map) || inner.find(std::int64_t{0}) == nullptr || tags == nullptr || !tags->is(Kind::array))
    fail("this is not a CoRIM: it is not a map with an id and tags, in tag 501 or 18 or without one", std::string(kWanted));
  return inner;
}

// The map of a CoMID. It stands in tag 506 as bytes, as the draft has it; or as it is, or the tag stands within bytes (both in the wild).
// Nothing for what is no CoMID.
std::optional<Item> comid_of(const Item& tag) {
  if (tag.is(Kind::bytes)) {
    const Item inner = read_inner(tag, "an element of its tags");
    return inner.is_tag(506) ? comid_of(inner) : std::nullopt;
  }
  if (!tag.is_tag(506)) return std::nullopt;
  const Item& held = tag.items.front();
  if (held.is(Kind::map)) return held;
  return read_inner(need(&held, Kind::bytes, "what tag 506 holds"), "a CoMID");
}

std::string kind_of(const Item& tag) {
  if (tag.is_tag(505)) return "CoSWID (tag 505)";
  if (tag.is_tag(508)) return "list of tags (508)";
  return tag.is(Kind::tag) ? cat("tag ", tag.number) : "unknown";
}

void read_map(const Item& map, Reading& reading, Corim& out) {
  if (const Item* id = map.find(std::int64_t{0}))
    out.id = id->is(Kind::text) ? id->text() : to_string(id->is(Kind::tag) ? id->items.front() : *id);
  if (const Item* validity = map.find(4)) out.not_after = end_of(*validity);
  if (map.find(2) != nullptr) reading.note("it depends on other documents (dependent-rims), which were not read");
  for (const Item& tag : need(map.find(1), Kind::array, "its list of tags").items) {
    const std::optional<Item> comid = comid_of(tag);
    if (comid)
      reading.comid(*comid);
    else
      reading.note(cat("an element of the kind ", kind_of(tag), " is not a CoMID"));
  }
}

// Who says that they have signed: corim-meta, in the protected header 8 (draft-ietf-rats-corim).
void read_meta(const crypto::Sign1& message, Corim& out) {
  const Item* held = message.header.find(8);
  if (held == nullptr) return;
  const Item meta = held->is(Kind::bytes) ? read_inner(*held, "corim-meta") : *held;
  if (const Item* signer = meta.find(std::int64_t{0}))
    if (const Item* name = signer->find(std::int64_t{0}); name != nullptr && name->is(Kind::text)) out.signer = name->text();
  if (const Item* validity = meta.find(1)) out.signature_not_after = end_of(*validity);
}

}  // namespace

Corim read_corim(View file, const CorimOptions& options) {
  Corim out;
  Reading reading(out, options);
  Item item = unwrapped(read_outer(file));
  const bool is_signed = item.is_tag(crypto::kSign1Tag);
  if (!is_signed && options.key_of) fail("it is not signed", "leave out --signer if you trust the file for another reason");
  if (is_signed) {
    const crypto::Sign1 message = [&] {
      try {
        return crypto::read_sign1(item);
      } catch (const Error& error) {
        fail(error.what(), error.hint);
      }
    }();
    out.is_signed = true;
    read_meta(message, out);
    if (options.key_of) check_signature(message, options.key_of(message.certificates()));
    try {
      item = unwrapped(cbor::read(message.payload));
    } catch (const Error& error) {
      fail(cat("the signed contents, at byte ", message.payload_offset, ": ", error.what()));
    }
  }
  read_map(corim_map(std::move(item)), reading, out);
  if (out.devices.empty())
    fail(cat("no reference value for an SPDM measurement is in it", out.notes.empty() ? "" : cat(" (", printable(out.notes.front()), ")")),
         "keys of measurements must be SPDM indices, 1 to 254, or environments those of concise evidence");
  return out;
}

}  // namespace spdm

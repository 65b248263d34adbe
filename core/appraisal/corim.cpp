#include "core/appraisal/corim.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>

#include "core/calendar.h"
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

struct SignatureRow {
  std::int64_t cose;
  std::string_view asym, hash;
};
// COSE algorithms (RFC 9053 2.1, RFC 8230) as rows of the table of algorithms.
constexpr std::array kSignatures{SignatureRow{-7, "ECDSA-P256", "SHA-256"}, SignatureRow{-35, "ECDSA-P384", "SHA-384"},
                                 SignatureRow{-36, "ECDSA-P521", "SHA-512"}};

Bytes cbor_head(unsigned major, std::uint64_t argument) {
  Bytes out;
  const auto first = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) return {static_cast<std::uint8_t>(first | argument)};
  const unsigned size = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
  out.push_back(static_cast<std::uint8_t>(first | (size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27)));
  for (unsigned i = size; i > 0; --i) out.push_back(static_cast<std::uint8_t>(argument >> (8 * (i - 1))));
  return out;
}

void append_string(Bytes& out, unsigned major, View value) {
  append(out, cbor_head(major, value.size()));
  append(out, value);
}

// RFC 9052 4.4: the structure that is signed.
void check_signature(const Item& sign1, const crypto::PublicKey& signer) {
  const Item& protected_bytes = sign1.items[0];
  const Item header = read_inner(protected_bytes, "the protected header");
  // RFC 9052 3.1: a signature with critical headers that are not understood must not be accepted.
  if (header.find(2) != nullptr) fail("the signature has critical headers (crit), which are not understood here");
  const Item& alg = need(header.find(1), "the algorithm of the signature");
  const std::int64_t number = alg.is(Kind::negative_integer) && alg.number < 1000 ? -1 - static_cast<std::int64_t>(alg.number) : 0;
  const auto* row = std::find_if(kSignatures.begin(), kSignatures.end(), [&](const SignatureRow& one) { return one.cose == number; });
  if (row == kSignatures.end())
    throw Error(ErrorId::unsupported,
                cat("CoRIM: the COSE algorithm ", to_string(alg), " of its signature is not one of ES256, ES384 and ES512"),
                "check the signature by other means, and leave out --signer");
  Bytes message{0x84};
  constexpr std::string_view context = "Signature1";
  append_string(message, 3, as_bytes(context));
  append_string(message, 2, protected_bytes.bytes);
  append_string(message, 2, {});
  append_string(message, 2, sign1.items[2].bytes);
  const HashAlgorithm& hash = *find_hash(row->hash);
  // Up to SPDM 1.1 a signature is over the digest alone, in the form r || s: the same as in COSE.
  if (!crypto::verify(signer, *find_asym(row->asym), hash, k11, "", crypto::hash(hash, message), sign1.items[3].bytes))
    fail(cat("the signature (", row->asym, ") does not fit the contents and the key of the signer"),
         "this is not what the signer has published");
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
  Reading(Corim& out, const std::optional<DeviceMatch>& match) : out_(out), match_(match) {}

  void comid(const Item& comid) {
    const Item& triples = need(comid.find(4), Kind::map, "the triples of a CoMID");
    for (std::size_t i = 0; i < triples.items.size(); i += 2)
      if (!(triples.items[i].is(Kind::unsigned_integer) && triples.items[i].number == 0))
        note(cat("triples of the kind ", to_string(triples.items[i]), " are no reference values"));
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
    if (key == nullptr || !key->is(Kind::unsigned_integer) || key->number < 1 || key->number > 0xFE)
      return note(cat(where, ": the key is no index of an SPDM measurement"));
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
    if (!number.is(Kind::unsigned_integer)) return note(cat(where, ": its security version number is no number"));
    if (least)
      out.min_svn = number.number;
    else
      single({Form::svn, Writer().u64(number.number).take(), nullptr}, where, out);
  }

  void add(ReferenceMeasurement one, const Item& environment, const std::string& name) {
    count_ += weight_of(one);
    if (count_ > kMaxReferences) fail(cat("more than ", kMaxReferences, " reference values"));
    const auto [at, first] = known_.try_emplace(name, out_.devices.size());
    if (first) {
      DeviceReferences& device = out_.devices.emplace_back();
      device.match = match_ ? *match_ : match_of(environment, name);
      device.source = name;
    }
    std::vector<ReferenceMeasurement>& all = out_.devices[at->second].measurements;
    const auto same = std::find_if(all.begin(), all.end(), [&](const ReferenceMeasurement& other) { return other.index == one.index; });
    if (same == all.end()) return void(all.push_back(std::move(one)));
    // The same index again: its values are alternatives.
    if (same->allowed.size() + one.allowed.size() > kMaxAlternatives)
      fail(cat("more than ", kMaxAlternatives, " values for one measurement of ", printable(name)));
    same->allowed.insert(same->allowed.end(), one.allowed.begin(), one.allowed.end());
    if (one.min_svn) same->min_svn = std::max(same->min_svn.value_or(0), *one.min_svn);
  }

  Corim& out_;
  const std::optional<DeviceMatch>& match_;
  std::map<std::string, std::size_t> known_;
  std::size_t count_ = 0;
};

std::string time_of(const Item& item) {
  const Item& number = item.is_tag(1) ? item.items.front() : item;
  if (!number.is(Kind::unsigned_integer) || number.number > 253402300799) return {};
  return utc_of(static_cast<std::int64_t>(number.number));
}

constexpr std::string_view kWanted = "give a CoRIM in CBOR, as vendors publish it; reference values in YAML need no import";

Item read_outer(View file) {
  if (file.empty()) throw Error(ErrorId::bad_input, "is empty", std::string(kWanted));
  try {
    return cbor::read(file);
  } catch (const Error& error) {
    fail(cat("this is none: ", error.what()), std::string(kWanted));
  }
}

Item unwrapped(Item item) {
  while (item.is_tag(500) || item.is_tag(502)) {
    Item inner = std::move(item.items.front());
    item = std::move(inner);
  }
  return item;
}

void read_map(const Item& map, Reading& reading, Corim& out) {
  if (const Item* id = map.find(std::int64_t{0}))
    out.id = id->is(Kind::text) ? id->text() : to_string(id->is(Kind::tag) ? id->items.front() : *id);
  if (const Item* validity = map.find(4))
    if (const Item* end = validity->find(1)) out.not_after = time_of(*end);
  for (const Item& tag : need(map.find(1), Kind::array, "its list of tags").items) {
    if (!tag.is_tag(506) || !tag.items.front().is(Kind::bytes)) {
      reading.note(cat("an element of the kind ", tag.is(Kind::tag) ? cat("tag ", tag.number) : "unknown", " is no CoMID"));
      continue;
    }
    reading.comid(read_inner(tag.items.front(), "a CoMID"));
  }
}

}  // namespace

Corim read_corim(View file, const std::optional<DeviceMatch>& match, const crypto::PublicKey* signer) {
  Corim out;
  Reading reading(out, match);
  Item item = unwrapped(read_outer(file));
  if (item.is_tag(18)) {
    const Item& sign1 = item.items.front();
    if (!sign1.is(Kind::array) || sign1.items.size() != 4 || !sign1.items[0].is(Kind::bytes) || !sign1.items[3].is(Kind::bytes))
      fail("tag 18 is not followed by a COSE_Sign1 structure");
    if (!sign1.items[2].is(Kind::bytes)) fail("the signed contents are elsewhere (detached)", "give a file that holds them");
    out.is_signed = true;
    if (signer != nullptr) check_signature(sign1, *signer);
    item = unwrapped(read_inner(sign1.items[2], "the signed contents"));
  } else if (signer != nullptr) {
    fail("it is not signed", "leave out --signer if you trust the file for another reason");
  }
  if (!item.is_tag(501) || !item.items.front().is(Kind::map))
    fail("this is none: it does not begin with tag 501 or 18", std::string(kWanted));
  read_map(item.items.front(), reading, out);
  if (out.devices.empty())
    fail(cat("no reference value for an SPDM measurement is in it", out.notes.empty() ? "" : cat(" (", printable(out.notes.front()), ")")),
         "keys of measurements must be SPDM indices, 1 to 254");
  return out;
}

}  // namespace spdm

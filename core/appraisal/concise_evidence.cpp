#include "core/appraisal/concise_evidence.h"

#include "core/appraisal/corim.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;

constexpr std::size_t kMostClaims = 64, kMostDigests = 16;

[[noreturn]] void fail(std::string_view why) { throw Error(ErrorId::bad_input, cat("concise evidence: ", why)); }

const Item& as(const Item& item, Kind kind, std::string_view what) {
  if (!item.is(kind)) fail(cat(what, ", at byte ", item.offset, ", is of another kind"));
  return item;
}

std::uint64_t number(const Item& item, std::string_view what) { return as(item, Kind::unsigned_integer, what).number; }

// What identifies a class: bytes, with a tag that says of which kind they are.
Bytes identifier(const Item& item) {
  const Item& bytes = item.is(Kind::tag) ? item.items.front() : item;
  return as(bytes, Kind::bytes, "class-id").bytes;
}

std::vector<Fwid> read_digests(const Item& list) {
  std::vector<Fwid> out;
  for (const Item& entry : as(list, Kind::array, "digests").items) {
    if (out.size() == kMostDigests) fail(cat("more than ", kMostDigests, " digests"));
    if (!entry.is(Kind::array) || entry.items.size() != 2) fail("a digest is not a pair of algorithm and value");
    const Bytes& value = as(entry.items[1], Kind::bytes, "a digest").bytes;
    const HashAlgorithm* const hash = hash_of(entry.items[0], value.size());
    out.push_back({hash == nullptr ? cbor::to_string(entry.items[0]) : std::string(hash->name), value});
  }
  return out;
}

// The flags of CoMID say what is so, those of DiceTcbInfo partly what is not. Key n is bit n.
void read_flags(const Item& flags, TcbInfo& out) {
  out.flags = out.flags_mask = 0;
  for (std::size_t i = 0; i + 1 < as(flags, Kind::map, "flags").items.size(); i += 2) {
    const std::uint64_t key = number(flags.items[i], "a key of flags");
    const bool is_so = as(flags.items[i + 1], Kind::boolean, "a flag").number != 0;
    if (key >= kTcbFlags.size()) continue;  // others have no counterpart
    const auto flag = static_cast<TcbFlag>(key);
    const bool says_what_is = flag == TcbFlag::recovery || flag == TcbFlag::debug;
    *out.flags_mask |= bit_of(flag);
    if (is_so == says_what_is) *out.flags |= bit_of(flag);
  }
}

// TCG DICE Concise Evidence Binding for SPDM, "spdm-indirect": {0: [indices]}.
std::vector<std::uint8_t> read_indirect(const Item& item) {
  std::vector<std::uint8_t> out;
  const Item* const indices = as(item, Kind::map, "spdm-indirect").find(std::int64_t{0});
  if (indices == nullptr) fail("spdm-indirect has no index");
  for (const Item& index : as(*indices, Kind::array, "the indices of spdm-indirect").items) {
    const std::uint64_t value = number(index, "an index of spdm-indirect");
    if (value < 1 || value > 0xFE) fail(cat("spdm-indirect names the index ", value, ", indices are 1 to 254"));
    if (out.size() == 0xFE) fail("spdm-indirect has more indices than there are");
    out.push_back(static_cast<std::uint8_t>(value));
  }
  return out;
}

void read_svn(const Item& svn, EvidenceClaim& out) {
  const std::uint64_t value = number(svn.is(Kind::tag) ? svn.items.front() : svn, "svn");
  if (svn.is_tag(553))
    out.min_svn = value;
  else if (!svn.is(Kind::tag) || svn.is_tag(552))
    out.svn = value;
}

void read_values(const Item& values, EvidenceClaim& out) {
  if (const Item* version = values.find(std::int64_t{0}))
    if (const Item* text = as(*version, Kind::map, "version").find(std::int64_t{0})) out.version = as(*text, Kind::text, "version").text();
  if (const Item* svn = values.find(1)) read_svn(*svn, out);
  if (const Item* digests = values.find(2)) out.fwids = read_digests(*digests);
  if (const Item* flags = values.find(3)) read_flags(*flags, out);
  if (const Item* indirect = values.find(12)) out.indirect = read_indirect(*indirect);
}

void read_environment(const Item& environment, TcbInfo& out) {
  const Item* const entry = as(environment, Kind::map, "environment").find(std::int64_t{0});
  if (entry == nullptr) return;
  as(*entry, Kind::map, "class");
  if (const Item* id = entry->find(std::int64_t{0})) out.type = identifier(*id);
  if (const Item* vendor = entry->find(1)) out.vendor = as(*vendor, Kind::text, "vendor").text();
  if (const Item* model = entry->find(2)) out.model = as(*model, Kind::text, "model").text();
  if (const Item* layer = entry->find(3)) out.layer = number(*layer, "layer");
  if (const Item* index = entry->find(4)) out.index = number(*index, "index");
}

void read_triple(const Item& triple, std::vector<EvidenceClaim>& out) {
  if (!triple.is(Kind::array) || triple.items.size() != 2) fail("an evidence triple is not a pair of environment and measurements");
  for (const Item& measurement : as(triple.items[1], Kind::array, "measurements").items) {
    if (out.size() == kMostClaims) fail(cat("more than ", kMostClaims, " measurements"));
    out.push_back(read_claim(triple.items[0], measurement));
  }
}

void read_evidence(const Item& evidence, std::vector<EvidenceClaim>& out) {
  const Item* const triples = as(evidence, Kind::map, "it").find(std::int64_t{0});
  if (triples == nullptr) fail("it has no triples");
  const Item* const evidence_triples = as(*triples, Kind::map, "ev-triples").find(std::int64_t{0});
  if (evidence_triples == nullptr) return;  // it may speak of keys and software instead
  for (const Item& triple : as(*evidence_triples, Kind::array, "evidence-triples").items) read_triple(triple, out);
}

}  // namespace

EvidenceClaim read_claim(const Item& environment, const Item& measurement) {
  EvidenceClaim out;
  read_environment(environment, out);
  if (const Item* element = as(measurement, Kind::map, "a measurement").find(std::int64_t{0})) out.element = cbor::to_string(*element);
  if (const Item* values = measurement.find(1)) read_values(as(*values, Kind::map, "the values of a measurement"), out);
  return out;
}

std::vector<EvidenceClaim> read_concise_evidence(const Item& item) {
  std::vector<EvidenceClaim> out;
  if (item.is_tag(kTocTag)) {
    const Item* const all = as(item.items.front(), Kind::map, "the table of contents").find(std::int64_t{0});
    if (all == nullptr) return out;
    for (const Item& one : as(*all, Kind::array, "tagged-evidence").items) {
      if (!one.is_tag(kConciseEvidenceTag)) fail("the table of contents lists something else");
      read_evidence(one.items.front(), out);
    }
    return out;
  }
  read_evidence(item.is_tag(kConciseEvidenceTag) ? item.items.front() : item, out);
  return out;
}

}  // namespace spdm

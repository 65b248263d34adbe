// TCG DICE Attestation Architecture 1.1, 6.1.1 to 6.1.3: DiceTcbInfo, DiceMultiTcbInfo, TcgUeid. All tags are implicit.
#include <algorithm>
#include <array>

#include "certstore/attestation.h"
#include "certstore/der_reader.h"
#include "certstore/fingerprint.h"
#include "core/text.h"
#include "core/wire/algorithms.h"

namespace spdm::certstore {

namespace {

// Lists are bounded by what they take in memory: a list of empty elements is many times as large as its bytes.
constexpr std::size_t kMostTcbInfos = 64, kMostFwids = 16, kMostRegisters = 64, kBytesOfElement = 32;

struct HashId {
  std::string_view oid, name;
};
constexpr std::array kHashes{
    HashId{"2.16.840.1.101.3.4.2.1", "SHA-256"},  HashId{"2.16.840.1.101.3.4.2.2", "SHA-384"},
    HashId{"2.16.840.1.101.3.4.2.3", "SHA-512"},  HashId{"2.16.840.1.101.3.4.2.8", "SHA3-256"},
    HashId{"2.16.840.1.101.3.4.2.9", "SHA3-384"}, HashId{"2.16.840.1.101.3.4.2.10", "SHA3-512"},
    HashId{"1.2.156.10197.1.401", "SM3-256"},
};

// FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING }
Fwid read_fwid(DerReader fields) {
  Fwid out;
  out.algorithm = fields.identifier(fields.take(kObjectIdentifier, "hashAlg"), "hashAlg");
  out.digest = to_bytes(fields.take(kOctetString, "digest").content);
  fields.finish();
  for (const HashId& known : kHashes)
    if (known.oid == out.algorithm) out.algorithm = known.name;
  const HashAlgorithm* const hash = find_hash(out.algorithm);
  if (out.digest.empty()) fields.fail("digest", "is empty");
  if (hash != nullptr && hash->size != out.digest.size())
    fields.fail("digest", cat("has ", out.digest.size(), " bytes, ", hash->name, " has ", hash->size));
  return out;
}

// The elements of a SEQUENCE SIZE (1..MAX) OF SEQUENCE.
template <class Out, class Read>
std::vector<Out> read_list(DerReader list, std::size_t most, std::size_t bytes, std::string_view what, Read read) {
  std::vector<Out> out;
  if (list.at_end()) list.fail(what, "is missing: the list is empty");
  most = std::min(most, 2 + bytes / kBytesOfElement);
  while (!list.at_end()) {
    const std::string where = cat(what, " ", out.size() + 1);
    if (out.size() == most) list.fail("", cat("has more than ", most, " of ", what, " in ", bytes, " bytes"));
    out.push_back(read(list.inside(list.take(kSequence, where), where)));
  }
  return out;
}

std::vector<Fwid> read_fwids(const DerReader& owner, const Element& element, std::string_view field) {
  return read_list<Fwid>(owner.inside(element, field), kMostFwids, element.content.size(), "FWID", read_fwid);
}

// IntegrityRegister ::= SEQUENCE { registerName [0] IA5String OPTIONAL, registerNum [1] INTEGER OPTIONAL, registerDigests [2] FWIDLIST }
IntegrityRegister read_register(DerReader fields) {
  IntegrityRegister out;
  if (const auto element = fields.take_if(primitive(0), "registerName")) out.name = fields.ascii(*element, "registerName");
  if (const auto element = fields.take_if(primitive(1), "registerNum")) out.number = fields.number(*element, "registerNum");
  out.digests = read_fwids(fields, fields.take(constructed(2), "registerDigests"), "registerDigests");
  fields.finish();
  return out;
}

TcbInfo read_fields(DerReader fields) {
  TcbInfo out;
  const auto text = [&](std::uint8_t tag, std::string_view name, std::optional<std::string>& to) {
    if (const auto element = fields.take_if(primitive(tag), name)) to = fields.text(*element, name);
  };
  const auto number = [&](std::uint8_t tag, std::string_view name, std::optional<std::uint64_t>& to) {
    if (const auto element = fields.take_if(primitive(tag), name)) to = fields.number(*element, name);
  };
  const auto flags = [&](std::uint8_t tag, std::string_view name, std::optional<TcbFlags>& to) {
    if (const auto element = fields.take_if(primitive(tag), name)) to = fields.bits(*element, name);
  };
  const auto bytes = [&](std::uint8_t tag, std::string_view name, std::optional<Bytes>& to) {
    if (const auto element = fields.take_if(primitive(tag), name)) to = to_bytes(element->content);
  };
  if (fields.at_end()) fields.fail("", "says nothing");
  text(0, "vendor", out.vendor);
  text(1, "model", out.model);
  text(2, "version", out.version);
  number(3, "svn", out.svn);
  number(4, "layer", out.layer);
  number(5, "index", out.index);
  if (const auto element = fields.take_if(constructed(6), "fwids")) out.fwids = read_fwids(fields, *element, "fwids");
  flags(7, "flags", out.flags);
  bytes(8, "vendorInfo", out.vendor_info);
  bytes(9, "type", out.type);
  flags(10, "flagsMask", out.flags_mask);
  if (const auto element = fields.take_if(constructed(11), "integrityRegisters"))
    out.integrity_registers = read_list<IntegrityRegister>(fields.inside(*element, "integrityRegisters"), kMostRegisters,
                                                           element->content.size(), "register", read_register);
  fields.finish();
  return out;
}

// CompositeDeviceID ::= SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID }
CompositeDeviceId read_composite(DerReader fields) {
  CompositeDeviceId out;
  out.version = fields.number(fields.take(kInteger, "version"), "version");
  out.key_sha256 = sha256(fields.take(kSequence, "deviceID").whole);
  out.fwid = read_fwid(fields.inside(fields.take(kSequence, "fwid"), "fwid"));
  fields.finish();
  return out;
}

// It stands by itself; or behind its identifier; or both in [0], as in an otherName.
CompositeDeviceId read_any_composite(DerReader fields) {
  if (fields.next_is(kInteger)) return read_composite(fields);
  if (fields.next_is(constructed(0))) {
    const Element inner = fields.take(constructed(0), "otherName");
    fields.finish();
    fields = fields.inside(inner, "otherName");
  }
  fields.identifier(fields.take(kObjectIdentifier, "identifier"), "identifier");
  const Element composite = fields.take(kSequence, "CompositeDeviceID");
  fields.finish();
  return read_composite(fields.inside(composite, "CompositeDeviceID"));
}

}  // namespace

void read_tcb_info(View value, ExtensionInfo& out) {
  const DerReader fields = DerReader::only(value, kSequence, "DiceTcbInfo");
  // All tags of DiceTcbInfo are of the context; [0] of it is a primitive type.
  if (fields.next_is(kInteger) || fields.next_is(kObjectIdentifier) || fields.next_is(constructed(0))) return read_riot(value, out);
  out.tcb_infos.push_back(read_fields(fields));
}

void read_multi_tcb_info(View value, ExtensionInfo& out) {
  out.tcb_infos =
      read_list<TcbInfo>(DerReader::only(value, kSequence, "DiceMultiTcbInfo"), kMostTcbInfos, value.size(), "DiceTcbInfo", read_fields);
}

void read_ueid(View value, ExtensionInfo& out) {
  DerReader fields = DerReader::only(value, kSequence, "TcgUeid");
  out.ueid = to_bytes(fields.take(kOctetString, "ueid").content);
  fields.finish();
  if (out.ueid.empty()) fields.fail("ueid", "is empty");
}

void read_riot(View value, ExtensionInfo& out) {
  out.composite = std::make_shared<CompositeDeviceId>(read_any_composite(DerReader::only(value, kSequence, "CompositeDeviceID")));
}

}  // namespace spdm::certstore

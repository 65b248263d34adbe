// Compares the firmware that the issuer of a leaf names (FWID) with what the device itself says, signed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/appraisal/measurement.h"
#include "core/evidence/chain.h"

namespace spdm {

// The FWIDs in the leaf: of DiceTcbInfo, DiceMultiTcbInfo and CompositeDeviceID. Empty when it has none.
std::vector<Fwid> fwids_of_leaf(const ChainResult& chain);

enum class FwidResult {
  nothing,  // the leaf has no FWID of this size
  match,
  mismatch,
};
// A digest that the device states as the FWID of its leaf, without an algorithm: its size tells. Where the leaf has several, one of them
// has to be the same.
FwidResult compare_fwid(const ChainResult& chain, View digest);

// What follows of all that is signed by the key of the chain's leaf:
// - `stated`: digests that the device states as its FWID, such as the field of a vendor's opaque data; `where` says where;
// - concise evidence in a signed measurement, about the same environment as a DiceTcbInfo of the leaf (draft-ietf-rats-evidence-trans);
// where these differ: fwid-mismatch. Where neither is there, and no signed measurement has the digest: a note, for no specification says
// that one must.
std::vector<Finding> compare_fwids(const ChainResult& chain, std::span<const Measurement> measurements, std::span<const Bytes> stated = {},
                                   const std::string& where = {});

}  // namespace spdm

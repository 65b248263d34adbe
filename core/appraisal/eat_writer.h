// Evidence as a device assignment token (core/evidence/eat.h): what of it a token can carry, exactly. Nothing is judged.
#pragma once

#include <string>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm {

// The submodule of one device.
struct DatDevice {
  std::string name = "spdm:";         // what follows is for whoever can read the leaf
  Bytes leaf;                         // certificate; empty where there is none
  Bytes claims;                       // CBOR
  std::vector<Block<32>> nonces;      // of all that it has signed
  std::vector<std::string> left_out;  // in words: what is in the evidence, and nobody has signed, and a token has no room for
};

// Throws Error{unsupported}, saying why, where the evidence is not what a token can carry whole: collecting was interrupted, messages
// are secured or break the protocol, there are several connections, nothing is signed, or there is a signature that has no place.
DatDevice dat_device(const Evidence& evidence);

// The token: an unprotected claims set (RFC 9781, tag 601). Names that come twice get a number. It has a nonce where all devices have
// signed the same one. Throws Error{bad_input} for a token that is larger than what is read of one, and for more devices than that.
Bytes write_token(const std::vector<DatDevice>& devices);

}  // namespace spdm

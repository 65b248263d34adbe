// The first steps of every conversation, in the order of the specification: what collecting begins with, and a session that stays open.
#pragma once

#include <functional>

#include "core/protocol/collect.h"

namespace spdm {

// What is offered for an inspection (Wanted::inspect): the algorithms of TEE-IO alone, or all.
enum class Offer { narrow, wide };

// GET_VERSION, GET_CAPABILITIES and NEGOTIATE_ALGORITHMS. Throws Error{no_spdm} when there is no version in common, and what
// Requester::ask throws.
void negotiate(Requester& requester, const Wanted& wanted, Offer offer = Offer::narrow);

// Reads the certificate chain of a slot; afterwards it is complete in the connection. Throws as Requester::ask.
// `told`: as Wanted::chain_read.
void read_chain(Requester& requester, std::uint8_t slot, const std::function<void(std::size_t more, std::size_t total)>& told = nullptr);

}  // namespace spdm

// What must hold for a device, one thing at a time and in words.
#pragma once

#include <string>
#include <vector>

#include "core/appraisal/appraise.h"

namespace spdm {

enum class Demand {
  authenticated,  // always; the others are the rows of requirements.h
  identity,
  measurements,
  roots,
  pin,
  min_version,
  min_strength,
  references,
  debug_off,
  min_svn,
  max_age,
  crls,
  negotiation,
  session,
  cnsa2,
  ready_for,
  inspection
};

// What the question asks for, in the order of the enumeration. An exempt device is asked for nothing.
std::vector<Demand> demands_of(const Question& question);

// "SPDM 1.2 or newer", with the values of the question.
std::string words(Demand demand, const Question& question);

}  // namespace spdm

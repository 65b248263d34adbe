// Results from an EAT Attestation Result (ear_names.h) that this program has written: verdict, reason and device of each submod. It has
// neither models nor certificates nor measurements.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/fleet/ear_names.h"
#include "core/fleet/result.h"
#include "core/format/json_stream.h"

namespace spdm {

// The names of the profile that comes next. Throws Error{bad_input} for another one.
const EarNames& ear_profile_of(JsonStream& in);

// Reads the submods, and hands each one out as it comes. Throws Error{bad_input} for submods without our claim, and for those whose
// status contradicts it.
void read_ear_submods(JsonStream& in, const EarNames& names, const std::function<void(Result)>& sink);

// The EAR in a record of conceptual messages (JSON). Throws Error{bad_input} for other arrays, and for an EAR that is signed: nobody here
// can check it.
std::string read_wrapped_ear(JsonStream& in);

extern const std::string_view kSignedEar;

}  // namespace spdm

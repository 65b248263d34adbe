// The member `host` of an evidence file, and what reading and writing of all its members share.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/evidence/evidence.h"
#include "core/format/json_reader.h"

namespace spdm {

// A string of JSON. Bytes that are not UTF-8 become U+FFFD (the name of a target comes from the command line and may have some).
std::string quoted(const std::string& text);

// A text that a person reads. What is longer was not written here, and would be told in many places.
std::string_view read_text(JsonReader& json);

// Turns an Error about a value into one that names its place in the file.
template <class F>
auto convert(const JsonReader& reader, F parse) {
  try {
    return parse();
  } catch (const Error& error) {
    reader.fail(error.what());
  }
}

// Strict, as all of the file.
HostView read_host(JsonReader& json);
// A JSON object; the same view always gives the same bytes.
std::string host_json(const HostView& host);

}  // namespace spdm

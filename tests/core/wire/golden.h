// One well-formed message of each kind, for what must hold of all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/wire/decode.h"

namespace wire {

struct Golden {
  std::string name;
  Bytes message;
  std::function<Bytes(View)> again;  // reads and writes it; throws Error
};

template <class Request>
Golden request(const std::string& name, const Request& in, std::uint8_t version) {
  return {name, in.encode(version), [version](View bytes) { return decode<Request>(bytes, version).encode(version); }};
}

// Responses whose decoder needs the request and the parameters of the connection.
template <class Response, class Request>
Golden response(const std::string& name, const Response& in, const Request& asked, const Parameters& p) {
  return {name, in.encode(p.version), [=](View bytes) { return decode<Response>(bytes, asked, p).encode(p.version); }};
}

inline Bytes filled(std::size_t size, std::uint8_t first) {
  Bytes out(size);
  for (std::uint8_t& byte : out) byte = first++;
  return out;
}

// Those of sessions, 1.1 and later.
void add_sessions(std::vector<Golden>& out, std::uint8_t version);

}  // namespace wire

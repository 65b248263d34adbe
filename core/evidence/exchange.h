// From the message log to exchanges: one request and its final response, chunks put together, waits and retries gone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/evidence/evidence.h"
#include "core/wire/chunk.h"
#include "core/wire/error_response.h"

namespace spdm {

// Request and response are complete messages; a transcript takes exactly these bytes once they are trimmed to their own
// length. An exchange may end in ERROR.
struct Exchange {
  Bytes request, response;
  std::size_t log_index = 0;       // of the request in the log
  std::size_t signature_size = 0;  // bytes of the response from its signature on, once decoded
  std::uint32_t inside = 0;        // the session that both messages were exchanged in; 0: outside

  Code request_code() const { return read_header(request).code; }
  bool is_error() const { return spdm::is_error(response); }
  View unsigned_response() const { return View(response).first(response.size() - signature_size); }
};

using Exchanges = std::vector<Exchange>;

// Follows a log message by message, without sending anything. Throws Error{peer} when chunks do not fit together.
class Listener {
 public:
  // Returns the exchange that this message completes, if it does.
  std::optional<Exchange> hear(const Message& message, std::size_t log_index);
  // The request that waits for its response, once all of it was heard.
  const std::optional<Bytes>& request() const { return request_; }
  // Whether a request still has no response: then the capture is incomplete.
  bool waiting() const { return request_.has_value(); }
  // Whether the last response was ERROR RequestResynch: alone, to CHUNK_GET, in an acknowledgement, or put together from chunks.
  bool asked_to_resynch() const { return asked_to_resynch_; }

 private:
  void assert_same_place(const Message& message, Code code) const;
  void hear_request(const Message& heard, const Header& header, std::size_t log_index);
  std::optional<Exchange> hear_response(const Bytes& message);
  std::optional<Exchange> finish(Bytes response);
  void note_resynch(View response);

  std::optional<Bytes> request_;
  std::uint8_t version_ = 0;  // SPDMVersion of the request: the layout of chunk messages depends on it
  std::uint32_t inside_ = 0;  // the session of the request
  std::size_t log_index_ = 0;
  std::optional<Chunk> last_chunk_;  // the CHUNK_SEND that waits for its acknowledgement
  std::optional<ChunkAssembler> sending_, receiving_;
  bool asked_to_resynch_ = false;
};

}  // namespace spdm

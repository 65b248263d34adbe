// Recorded messages in order, each as people and scripts read it. A listener: what was negotiated before tells what a message means.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cmd/output/decode_fields.h"
#include "cmd/output/hidden_keys.h"
#include "core/evidence/evidence.h"
#include "core/evidence/exchange.h"
#include "core/format/json.h"
#include "core/protocol/connection.h"
#include "core/session/recorded_sessions.h"
#include "core/tolerance.h"

namespace spdm::cmd {

struct DecodedMessage {
  Json json;
  bool broken = false;  // it breaks a rule
};

// A message that breaks a rule is noted and passed over.
class MessageDecoder {
 public:
  // `assumed`: of a connection that begins in the middle, until algorithms are negotiated. `secrets`: with which sessions are opened;
  // they must outlive it.
  MessageDecoder(const Evidence& evidence, Parameters assumed, Tolerance tolerance, std::span<const SessionSecret> secrets = {});

  // Decodes the next message. A chunk that completes a message gives two: the chunk and the message; and a secured message that is
  // opened itself and its plain text.
  std::vector<DecodedMessage> next(const Message& message, std::size_t index);

 private:
  const Parameters& parameters() const;
  void show_record(const Message& record, std::size_t index, const RecordedMessage& known, std::vector<DecodedMessage>& out);
  void decode(const Message& message, std::size_t index, std::vector<DecodedMessage>& out);
  void explain(DecodedMessage& out, View bytes, std::uint32_t inside, const DecodeContext& context);
  void join(const Message& message, std::size_t index, const std::optional<Bytes>& request, std::vector<DecodedMessage>& out);
  void follow(const Message& message, std::size_t index, std::vector<DecodedMessage>& out);
  void show_chain(DecodedMessage& out, std::uint8_t slot) const;

  Binding binding_;
  Parameters assumed_;
  Connection connection_;
  Tolerance tolerance_;
  Listener listener_;
  std::optional<Bytes> last_request_;
  RecordedSessions sessions_;
  HiddenKeys keys_;
};

// The same as text: lines. `whole`: values are not shortened, and the bytes are there.
std::string text_of(const Json& message, bool whole);

}  // namespace spdm::cmd

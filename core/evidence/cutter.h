// Cuts a transcript into its messages: they lie one behind the other, each as long as its own fields say.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/budget.h"
#include "core/evidence/evidence.h"
#include "core/wire/certificate.h"
#include "core/wire/measurements.h"

namespace spdm {

// Of one message of a transcript: a DOE object, the largest that a device sends in one piece, has as many (PCIe r6.1 6.30.1).
inline constexpr std::size_t kMaxCutMessage = 1U << 20;

class Cutter {
 public:
  // The values of a signed message.
  struct Signed {
    std::string_view context;
    std::uint8_t slot = 0;
    Block<32> requester_nonce{}, responder_nonce{};
    std::size_t signature_size = 0;
  };

  // What becomes of bytes after the last signed message that are no message.
  enum class Surplus { refused, kept };  // kept: behind the signature, for the appraisal to tell

  // Appends the messages to `log`. `place` is what errors call the transcript. One that does not begin with GET_VERSION begins in the
  // middle of a connection: nothing is known of what was negotiated, and all that follows a signed message's last field is taken for
  // its signature.
  Cutter(View bytes, MessageLog& log, std::string place, Surplus surplus = Surplus::refused)
      : rest_(bytes), log_(log), place_(std::move(place)), surplus_(surplus) {}

  // A response that breaks a rule is kept, together with all bytes after it, for the appraisal. Throws Error{bad_input} when this is no
  // SPDM transcript: whoever wrote it down also sent the requests.
  void cut();

  // Whether every message kept every rule.
  bool intact() const { return intact_; }
  // Of the last message; nothing when it is not signed.
  const std::optional<Signed>& last() const { return last_; }
  const Parameters& parameters() const { return parameters_; }
  const ChainReader& chain(std::uint8_t slot) const { return chains_.at(slot); }
  // All that MEASUREMENTS had, in the order of the messages.
  const std::vector<MeasurementBlock>& measured() const { return measured_; }

 private:
  [[noreturn]] void refuse(std::size_t at, std::string_view why) const;
  void keep(bool from_requester, std::size_t size);
  template <class Ask, class Answer>
  void exchange(Code code, Ask ask, Answer answer);
  void begin_in_the_middle();
  GetCapabilities get_capabilities(Reader& reader);
  void cut_exchange();

  View rest_;
  std::size_t total_ = rest_.size();
  MessageLog& log_;
  Intake intake_;
  std::string place_;
  Surplus surplus_;
  bool intact_ = true;
  Parameters parameters_;
  std::array<ChainReader, kSlots> chains_;
  std::vector<MeasurementBlock> measured_;
  std::optional<Signed> last_;
  std::uint8_t challenged_ = 0;
};

// What is assumed of a connection whose beginning nobody has kept, in the version of its messages.
Parameters assumed_parameters(std::uint8_t version);

}  // namespace spdm

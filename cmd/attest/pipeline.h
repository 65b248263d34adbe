// The straight line of the program: open, collect, validate, appraise.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "certstore/validate.h"
#include "cmd/attest/subjects.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/render_text.h"
#include "core/appraisal/policy.h"
#include "core/protocol/collect.h"

namespace spdm::cmd {

// The second half of the line, the same for live devices and for recordings. May be used by several threads.
class Judge {
 public:
  // `owner_key` is the public key that the owner gave for slot 255; empty when none.
  // The rule of the policy for a device is asked, too; an identity match that the user gave is stronger than it.
  // A question without reference values of its own is asked with `references`; nullptr: nothing is compared.
  Judge(const certstore::Keyring& keyring, certstore::Options options, Question question, Bytes owner_key,
        std::shared_ptr<const Policy> policy = nullptr, bool identity_given = false,
        std::shared_ptr<const References> references = nullptr);

  // What is asked of a device that the host sees like this.
  Question question_for(const HostView& host) const;
  // Adds to what is read of a device what its rule needs.
  void adapt(Wanted& wanted, const HostView& host) const;

  Report judge(Evidence evidence, const std::string& source) const {
    const Question question = question_for(evidence.host);
    return judge(std::move(evidence), source, question);
  }
  Report judge(Evidence evidence, const std::string& source, const Question& question) const;
  // Whether a slot whose chain has been read is trusted for this device: if not, the next one is tried.
  bool trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const;
  const Bytes& owner_key() const { return owner_key_; }
  std::int64_t now() const { return now_; }  // the time that everything is judged at

 private:
  certstore::Validator validator_;
  Question question_;
  Bytes owner_key_;
  std::int64_t now_;
  std::shared_ptr<const Policy> policy_;
  bool identity_given_ = false;
  std::shared_ptr<const References> references_;
};

Judge make_judge(const TrustOptions& options, const Question& question, const Console& console,
                 std::shared_ptr<const Policy> policy = nullptr);

// The first half of the line. What goes wrong with a live target, from opening it on, is part of the evidence: the line
// goes on with what was seen. Throws Error for a recording that cannot be read.
// `judge`: whose trust decides which slot is asked; nullptr where nothing is judged.
Evidence gather(Subject subject, const Wanted& wanted, const Limits& limits, const Judge* judge);

inline constexpr std::size_t kMaxDevicesAtOnce = 16;

// Says of how many functions it is unknown what they can do.
void note_unknown(const Console& console, const Subjects& subjects);

// What is known of a target before it has said anything.
HostView host_of(const Subject& subject);

// A function that was only sought, and all that it has said is that its mailbox is for something else.
bool is_left_out(bool sought, const Evidence& evidence);

// Evidence, or a pcap when the name ends in .pcap.
void record(const Evidence& evidence, const std::filesystem::path& file);

// What a verb asks of each device, and how it shows what came of it.
struct Plan {
  Wanted wanted;
  Question question;
  std::shared_ptr<const Policy> policy{};  // nullptr: there is none, or the verb does not judge
  // Has the last word on a report before it is rendered; may be empty. Called by several threads.
  std::function<void(Report&)> refine;
  ReportWriter::TextOf text;  // empty: the verdict, and what it stands on
  // Files and directories that `refine` writes to; they take a run with one target.
  std::vector<std::filesystem::path> outputs;
  // Files that the verb writes once all devices were seen.
  std::vector<std::filesystem::path> written_after;
};

// Turns a judgement into a mere look: what was read is shown with all there is to say about it, and the verdict is
// whether it could be read.
void look_only(Report& report);

// The help of --pin-first-use, of the verbs that have it.
inline constexpr const char* kPinFirstUse = "Pin the key of devices that pass and that nothing is pinned for";

// What the verbs that speak with devices have in common.
struct Attestation {
  OutputOptions output;
  TrustOptions trust;
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string default_target;  // when none is named; empty: that is an error
  std::string extend_pcr;      // PCR of the system's TPM to measure evidence into; empty: none
  bool pin_first_use = false;  // devices that pass and that nothing is pinned for are pinned

  void add_to(CLI::App& parser);
  // Throws Error{usage} for options that contradict each other. Sets up the console.
  Plan plan(Console& console) const;
  // Opens the devices, drops privileges, attests every target, in parallel, and writes the reports in the order of the
  // targets.
  Exit run(Console& console, Plan plan) const;
};

}  // namespace spdm::cmd

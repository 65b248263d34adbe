// The appraisal at work: one member per check, in the order of run(). Internal to core/appraisal.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <tuple>

#include "core/appraisal/appraise.h"
#include "core/appraisal/demand.h"
#include "core/appraisal/policy.h"
#include "core/appraisal/references.h"
#include "core/appraisal/statement_check.h"

namespace spdm {

std::string slot_name(std::uint8_t slot);

class Appraiser {
 public:
  Appraiser(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question)
      : evidence_(evidence), analysis_(analysis), chains_(chains), question_(question) {}

  Report run();

  // requirement.cpp: how the rows of requirements.h are decided.
  void decided_by_its_check() {}
  void demand_measurements();
  void demand_root();
  void demand_pin();
  void demand_version();
  void demand_strength();
  void demand_references();
  void demand_debug_off();
  void demand_svn();
  void demand_age();
  void demand_crls();
  void demand_negotiation();
  // sessions.cpp
  void demand_session();
  // inspection.cpp
  void demand_readiness();
  void demand_inspection();
  // requirement_suite.cpp
  void demand_cnsa2();

 private:
  void add(Finding finding) { report_.findings.push_back(std::move(finding)); }
  void result(Check check, CheckStatus status, std::string detail) { report_.checks.push_back({check, status, std::move(detail)}); }
  const Connection* last_connection() const { return analysis_.connections.empty() ? nullptr : &analysis_.connections.back(); }

  // claims.cpp
  using Rules = std::vector<std::shared_ptr<const PolicyRule>>;
  using ValueSets = std::vector<const DeviceReferences*>;
  struct Decision;
  Proven proven() const;
  std::vector<ValueSets> value_sets() const;
  void decide();
  Decision take_decision();
  void narrow_sharing(const Rules& rules);
  void weigh_claims(const Rules& rules, const std::vector<ValueSets>& sets);
  std::vector<std::string> claims_that_decide() const;

  // appraise.cpp
  const ChainResult* find_chain(std::size_t connection, std::uint8_t slot) const;
  bool is_used(std::size_t connection, std::uint8_t slot) const;
  std::vector<const ChainResult*> counted_chains() const;
  void describe_evidence();
  static void describe_support(const std::optional<SupportedAlgorithms>& supported, ConnectionReport& out);
  void describe_slots();
  void bound_findings();
  void check_protocol();
  void check_collection();

  // sessions.cpp
  void describe_sessions(const Connection& connection, ConnectionReport& out) const;

  // requirement_suite.cpp
  void weigh_suite(const std::string& where, std::string_view what, std::string_view algorithm, std::span<const std::string_view> suite,
                   std::string_view remedy);
  void weigh_suite_of_chain(const ChainResult& chain);
  void weigh_suite_of_session(const SessionReport& session);

  // signatures.cpp
  const crypto::PublicKey* key_for(std::size_t connection, const Statement& statement, std::string_view message);
  static Bytes answer_of(const ChainResult* chain, const Statement& statement, View digest);
  std::optional<VerifiedStatement> verify(std::size_t index, const Connection& connection, const Statement& statement,
                                          const crypto::PublicKey& key);
  SignatureResult check_statement(std::size_t index, const Connection& connection, const Statement& statement, SignatureReport& out);
  void check_chain_hash(std::size_t index, const Connection& connection, std::uint8_t slot, const Bytes& named, std::string_view where);
  void cover(const Connection& connection, const Statement& statement);
  bool is_fresh(const Statement& statement) const;
  void check_signatures();

  // identity.cpp
  void check_chains();
  static std::string chain_detail(const ChainResult& chain);
  static std::string trust_detail(const ChainResult& chain);
  static std::string distrust_detail(const std::vector<const ChainResult*>& chains);
  void check_identity();
  struct Named {  // what the leaves of the chains name
    bool same = false, other = false;
    bool spoken_for = false, unbound = false;  // of those that name nothing: whether the owner speaks for the device
  };
  Named named_by(const std::vector<const ChainResult*>& chains, const PciIdentity& expected);
  bool wants_name() const;
  bool tell_unnamed(const ChainResult& chain);
  bool names(const ChainResult& chain, const PciIdentity& expected);

  // coverage.cpp
  void read_measurements();
  void tell_refusals(const Connection& connection);
  void read_facts(const Connection& connection);
  void check_tokens();
  void check_firmware();
  void check_measurements();
  void add_measurements(const Connection& connection, const MeasurementsSeen& seen);
  void check_extension_log(const Connection& connection);
  void check_summary(const Connection& connection);

  // inspection.cpp
  void inspect();
  void judge_readiness(Readiness asked);
  bool is_word_of_device() const;
  bool can_weigh_inspection(Demand demand);
  void weigh_line(Demand demand, const InspectionLine& line);

  // comparison.cpp
  void check_references();

  // requirement.cpp
  bool has_all_measurements() const;
  void demand_all_measurements(Demand demand);
  void check_policy();
  void tell_policy();
  void unmet(Demand demand, Finding finding);
  void undecided(Demand demand, const std::string& why, const std::string& remedy);
  DemandState state_of(Demand demand) const;
  void weigh_crl(const std::string& where, const CrlInfo& crl);
  bool reports(MeasurementType type) const;
  bool weigh_layer_states();
  bool weigh_layer_svns();
  const Measurement* signed_measurement(Demand demand, MeasurementType type);

  struct Used {
    std::size_t connection;
    std::uint8_t slot;
  };

  const Evidence& evidence_;
  const Analysis& analysis_;
  const std::vector<ChainResult>& chains_;
  Question question_;  // with what the rule asks, once it is known
  ValueSets values_;   // the sets of reference values that are about the device
  Report report_;
  std::vector<Used> used_;               // slots whose keys have signed
  std::vector<bool> covered_;            // whether a good signature covers it; by exchange of the last connection
  std::optional<Inspection> inspected_;  // of the report only where somebody asks, or something was seen
  bool count_is_signed_ = false;
  bool list_is_open_ = false;              // which measurements there are is not signed
  bool measurements_broken_ = false;       // a finding about them is a failure
  std::size_t findings_ = 0, checks_ = 0;  // of the report, before decide()
  std::vector<Demand> unmet_, undecided_;
  bool all_is_signed_ = false;                    // all measurements were asked for at once, and a good signature covers the answer
  bool listed_ = false, list_is_signed_ = false;  // the number of measurements, or all of them, were asked for
  std::map<std::tuple<std::uint8_t, bool, MeasurementType>, std::size_t> known_;  // where each measurement is in the report
  std::map<std::size_t, AlgorithmPair> settled_;                                  // by connection: what made a good signature
  unsigned guesses_ = 0;                                                          // of algorithms, beyond the first of each signature
  std::map<std::pair<std::size_t, std::uint8_t>, Bytes> chain_hashes_;            // by connection and slot
};

}  // namespace spdm

// Evidence of the field, judged as the program does it.
#include <doctest/doctest.h>

#include "certstore/chains.h"
#include "core/appraisal/appraise.h"
#include "core/evidence/load.h"
#include "field/field.h"

using namespace spdm;

TEST_CASE("field: a device whose leaf has a critical DiceTcbInfo passes" * doctest::skip(field::folder().empty())) {
  const field::fs::path folder = field::folder() / "cases/01-critical-dice-tcbinfo";
  spdm::certstore::Keyring keyring;
  keyring.add_file(folder / "root.pem");
  const spdm::certstore::Validator validator(keyring, {1'796'000'000, false});
  const Evidence evidence = load_evidence(field::read(folder / "evidence.json"), "evidence.json");
  const Analysis analysis = analyze(evidence);
  Question question;
  question.user.depth = Depth::measurements;
  const Report report = appraise(evidence, analysis, spdm::certstore::validate_chains(evidence, analysis, validator), question);
  CHECK(report.verdict == Verdict::pass);
  REQUIRE(report.slots.at(0).chain);
  const CertificateInfo& leaf = report.slots[0].chain->certificates.back();
  bool critical = false;
  for (const ExtensionInfo& one : leaf.extensions) critical = critical || (one.critical && one.processed && !one.tcb_infos.empty());
  CHECK(critical);
}

// What only several pieces of evidence together tell: that one answer, or one device, stands for several. Pure, and bounded: of a
// piece a few numbers are kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/names.h"
#include "core/appraisal/report.h"
#include "core/fleet/digest_table.h"
#include "core/fleet/shown_device.h"

namespace spdm {

// Pieces that are compared with each other, and the signatures in them.
inline constexpr std::size_t kMaxCompared = 500'000, kMaxComparedSignatures = 1'000'000;
// Spells of a key at different hosts. More of them than this speak for no device that was moved now and then.
inline constexpr std::size_t kMaxSpells = 64;

// A piece whose report was written before a later one put it into doubt: it has failed, whatever was said.
struct TakenBack {
  std::string place;  // Report::source
  Verdict told{};     // what its report says
  FindingId id{};     // of the later piece
  std::string other;  // the place of that one
  std::string why() const;
};

// What there is to say at the end.
struct Together {
  std::size_t passing_devices = 0;    // each counted once, by its key
  std::vector<TakenBack> taken_back;  // in the order of the pieces; the first kMaxTakenBack of them
  std::size_t taken_back_total = 0, taken_back_passes = 0;
};
inline constexpr std::size_t kMaxTakenBack = 10'000;

class Sightings {
 public:
  // `asked_with_nonce`: all pieces answer one question, so whatever times they name, they were made at one time.
  explicit Sightings(bool asked_with_nonce, std::size_t most = kMaxCompared, std::size_t most_signatures = kMaxComparedSignatures)
      : nonce_(asked_with_nonce), most_(most), most_signatures_(most_signatures) {}

  // What the pieces before say of this one. Findings name both places.
  std::vector<Finding> add(const Report& report, const ShownDevice& shown);
  // The verdict of the piece that was added last, with all that was found since.
  void told(Verdict verdict);
  Together finish();

 private:
  static constexpr std::uint32_t kNone = DigestTable::kNone;
  static constexpr std::uint32_t kForever = UINT32_MAX;  // a window

  struct Piece {
    Block<20> evidence{};
    NameId file = 0;  // its place is the file, or file and line
    std::uint32_t line = kNone;
    std::uint32_t key = kNone;      // the main one
    std::uint32_t same_as = kNone;  // an earlier piece with the same evidence
    std::uint32_t window = 0;       // seconds
    std::uint64_t host = 0;         // a hash of its name; 0: not known
    std::int64_t time = kNoTime;
    Verdict verdict = Verdict::undetermined;
    bool shared = false, failed = false;  // failed: its own report says that it is in doubt
  };
  // When a host showed a key. It holds what was shown there one after the other, never further apart than two windows: so what lies
  // within the window of any time in between lies within that of a piece, too.
  struct Spell {
    std::uint64_t host = 0;
    std::int64_t from = kNoTime, to = kNoTime;
    std::uint32_t first = kNone, last = kNone;  // pieces, at these times
    std::uint32_t window = 0;
    bool shared = false;
  };
  struct Key {
    std::uint32_t first = kNone;  // piece
    std::vector<Spell> spells;
    bool doubted = false;
  };
  struct Doubt {
    FindingId id;
    std::uint32_t by;  // piece
  };
  static constexpr std::int64_t kNoTime = INT64_MIN;

  Piece piece_of(const Report& report);
  std::string place_of(std::uint32_t piece) const;
  // A piece of another host that shows the key within the window; kNone when there is none.
  std::uint32_t rival_of(const Piece& piece, const Key& key) const;
  static bool within(const Piece& piece, const Spell& spell);
  bool note_spell(std::uint32_t number, Key& key);
  void compare_answers(const Report& report, const ShownDevice& shown, std::vector<Finding>& out);
  void compare_keys(const ShownDevice& shown, std::vector<Finding>& out);
  void doubt(std::uint32_t piece, FindingId id, std::uint32_t by) { doubts_.try_emplace(piece, Doubt{id, by}); }

  bool nonce_;
  std::size_t most_, most_signatures_;
  Names files_{kMaxCompared, 32U << 20};
  DigestTable answers_;  // to pieces
  DigestTable key_numbers_;
  std::vector<Key> keys_;
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> more_keys_;  // piece and key, beside the main one
  std::map<std::uint32_t, Doubt> doubts_;                           // by piece: it was told before it was in doubt
  std::size_t unkept_passes_ = 0;                                   // pieces that pass, and of which nothing is kept
  bool kept_ = false;                                               // the piece that was added last is pieces_.back()
};

}  // namespace spdm

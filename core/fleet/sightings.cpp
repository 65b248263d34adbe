#include "core/fleet/sightings.h"

#include <algorithm>

#include "core/calendar.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

namespace {

Bytes sha256(std::string_view text) { return crypto::hash(*find_hash("SHA-256"), as_bytes(text)); }

// Names of hosts are compared without regard to case, as DNS does. 0 is "not known".
std::uint64_t host_number(const std::optional<std::string>& name) {
  if (!name || name->empty()) return 0;
  std::string plain = *name;
  std::transform(plain.begin(), plain.end(), plain.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const Bytes digest = sha256(plain);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < sizeof out; ++i) out = out << 8 | digest[i];
  return std::max<std::uint64_t>(out, 1);
}

// Seconds between two times, without overflow.
std::uint64_t apart(std::int64_t a, std::int64_t b) {
  return a < b ? static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a)
               : static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

std::string words_of(FindingId id) {
  return id == FindingId::signature_repeated ? "have the same signature" : "show the same leaf key, and are of two hosts";
}

}  // namespace

std::string TakenBack::why() const { return cat(other, " and ", place, " ", words_of(id)); }

Sightings::Piece Sightings::piece_of(const Report& report) {
  Piece out;
  const Bytes evidence = sha256(report.evidence_sha256);
  std::copy_n(evidence.begin(), out.evidence.size(), out.evidence.begin());
  // "fleet.ndjson:17": the file is kept once.
  const std::string& source = report.source;
  const std::size_t colon = source.rfind(':');
  const std::string_view digits = std::string_view(source).substr(colon == std::string::npos ? source.size() : colon + 1);
  const bool numbered = !digits.empty() && digits.size() < 10 && digits.front() != '0' &&
                        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  out.file = files_.id(numbered ? source.substr(0, colon) : source);
  if (numbered) out.line = static_cast<std::uint32_t>(std::stoul(std::string(digits)));
  out.host = host_number(report.host.hostname);
  out.time = parse_rfc3339(report.time).value_or(kNoTime);
  out.window = static_cast<std::uint32_t>(kDay);
  if (report.policy) {
    out.shared = report.policy->shared;
    if (report.policy->max_age) out.window = *report.policy->max_age;
  }
  // Of a piece that names no time, nobody can say that it is of another one.
  if (nonce_ || out.time == kNoTime) out.window = kForever;
  return out;
}

std::string Sightings::place_of(std::uint32_t piece) const {
  const Piece& one = pieces_[piece];
  return one.line == kNone ? files_[one.file] : cat(files_[one.file], ":", one.line);
}

bool Sightings::within(const Piece& piece, const Spell& spell) {
  const std::uint32_t window = std::max(piece.window, spell.window);
  if (window == kForever || (piece.time >= spell.from && piece.time <= spell.to)) return true;
  return std::min(apart(piece.time, spell.from), apart(piece.time, spell.to)) <= window;
}

std::uint32_t Sightings::rival_of(const Piece& piece, const Key& key) const {
  if (piece.host == 0) return kNone;
  for (const Spell& spell : key.spells) {
    if (spell.host == piece.host || (spell.shared && piece.shared) || !within(piece, spell)) continue;
    return apart(piece.time, spell.from) <= apart(piece.time, spell.to) ? spell.first : spell.last;
  }
  return kNone;
}

// False when there is no more room for this key.
bool Sightings::note_spell(std::uint32_t number, Key& key) {
  const Piece& piece = pieces_[number];
  if (piece.host == 0) return true;
  for (Spell& spell : key.spells) {
    if (spell.host != piece.host || spell.window != piece.window || spell.shared != piece.shared) continue;
    const bool inside = spell.window == kForever || (piece.time >= spell.from && piece.time <= spell.to);
    if (!inside && std::min(apart(piece.time, spell.from), apart(piece.time, spell.to)) > 2 * std::uint64_t{spell.window}) continue;
    if (piece.time < spell.from) spell.from = piece.time, spell.first = number;
    if (piece.time > spell.to) spell.to = piece.time, spell.last = number;
    return true;
  }
  if (key.spells.size() == kMaxSpells) return false;
  key.spells.push_back({.host = piece.host,
                        .from = piece.time,
                        .to = piece.time,
                        .first = number,
                        .last = number,
                        .window = piece.window,
                        .shared = piece.shared});
  return true;
}

// The new piece is pieces_.back().
void Sightings::compare_answers(const Report& report, const ShownDevice& shown, std::vector<Finding>& out) {
  const auto number = static_cast<std::uint32_t>(pieces_.size() - 1);
  Piece& piece = pieces_.back();
  std::uint32_t other = kNone;
  for (const Bytes& answer : shown.answers) {
    const std::uint32_t first = answers_.insert(answer, number);
    if (first == number) continue;
    if (pieces_[first].evidence == piece.evidence && !report.evidence_sha256.empty())
      piece.same_as = first;
    else if (other == kNone)
      other = first;
  }
  // The same piece again is in doubt as the first one is.
  const auto doubted = piece.same_as == kNone ? doubts_.end() : doubts_.find(piece.same_as);
  if (other == kNone && doubted != doubts_.end() && doubted->second.id == FindingId::signature_repeated) other = doubted->second.by;
  if (other != kNone) {
    piece.failed = true;
    if (piece.same_as == kNone) doubt(other, FindingId::signature_repeated, number);
    out.push_back(
        {FindingId::signature_repeated, "",
         cat(place_of(other), " and ", place_of(number), " ", words_of(FindingId::signature_repeated), ": one answer of one device"),
         "one of them is a copy: ask each device again with your own nonce"});
  } else if (piece.same_as != kNone) {
    out.push_back({FindingId::evidence_repeated, "",
                   cat(place_of(piece.same_as), " and ", place_of(number), " are the same evidence: one piece, counted once"), ""});
  }
}

void Sightings::compare_keys(const ShownDevice& shown, std::vector<Finding>& out) {
  const auto number = static_cast<std::uint32_t>(pieces_.size() - 1);
  Piece& piece = pieces_.back();
  bool told = !out.empty(), full = false;
  for (const std::string& digits : shown.leaf_keys) {
    const std::uint32_t at = key_numbers_.insert(sha256(digits), static_cast<std::uint32_t>(keys_.size()));
    if (at == keys_.size()) keys_.push_back({.first = number, .spells = {}});
    Key& key = keys_[at];
    if (piece.key == kNone)
      piece.key = at;
    else
      more_keys_.emplace_back(number, at);
    if (const std::uint32_t rival = rival_of(piece, key); rival != kNone) {
      key.doubted = true;
      if (!piece.failed)
        out.push_back(
            {FindingId::device_elsewhere, "",
             cat(place_of(rival), " and ", place_of(number), " ", words_of(FindingId::device_elsewhere), ": one device for both"),
             "one of the hosts forwards a device that is not in it: check both; if both may show it, set shared: true in a rule"});
      piece.failed = true;
    } else if (!told && key.first != number) {
      told = true;
      out.push_back({FindingId::device_repeated, "",
                     cat(place_of(key.first), " and ", place_of(number), " show the same leaf key: one device, counted once"), ""});
    }
    full = !note_spell(number, key) || full;
  }
  if (full)
    out.push_back({FindingId::not_compared, "",
                   cat("its leaf key was shown at more than ", kMaxSpells, " times and hosts: no more than these are compared"),
                   "ask with a nonce, or judge what belongs together in a run of its own"});
}

std::vector<Finding> Sightings::add(const Report& report, const ShownDevice& shown) {
  std::vector<Finding> out;
  kept_ = false;
  if (shown.answers.empty()) return out;
  if (pieces_.size() == most_ || answers_.size() + shown.answers.size() > most_signatures_) {
    out.push_back({FindingId::not_compared, "",
                   cat("it was not compared with the others: no more than ", most_, " pieces, or ", most_signatures_, " signatures, are"),
                   "split the input, so that pieces of one device stay together"});
    return out;
  }
  pieces_.push_back(piece_of(report));
  kept_ = true;
  compare_answers(report, shown, out);
  compare_keys(shown, out);
  return out;
}

void Sightings::told(Verdict verdict) {
  if (kept_)
    pieces_.back().verdict = verdict;
  else if (verdict == Verdict::pass)
    ++unkept_passes_;
}

Together Sightings::finish() {
  Together out;
  // What was told before its rival came.
  const auto weigh = [&](std::uint32_t number, std::uint32_t key) {
    if (pieces_[number].failed || !keys_[key].doubted) return;
    if (const std::uint32_t rival = rival_of(pieces_[number], keys_[key]); rival != kNone)
      doubt(number, FindingId::device_elsewhere, rival);
  };
  for (std::uint32_t i = 0; i < pieces_.size(); ++i)
    if (pieces_[i].key != kNone) weigh(i, pieces_[i].key);
  for (const auto& [number, key] : more_keys_) weigh(number, key);
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.same_as == kNone || piece.failed) continue;
    if (const auto first = doubts_.find(piece.same_as); first != doubts_.end()) doubt(i, first->second.id, first->second.by);
  }
  for (const auto& [number, doubt] : doubts_) {
    const Piece& piece = pieces_[number];
    if (piece.failed || piece.verdict == Verdict::fail) continue;  // its own report says that it fails
    ++out.taken_back_total;
    if (piece.verdict == Verdict::pass) ++out.taken_back_passes;
    if (out.taken_back.size() < kMaxTakenBack)
      out.taken_back.push_back({.place = place_of(number), .told = piece.verdict, .id = doubt.id, .other = place_of(doubt.by)});
  }
  out.passing_devices = unkept_passes_;
  std::vector<bool> counted(keys_.size());
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.verdict != Verdict::pass || doubts_.contains(i)) continue;
    if (piece.key != kNone && counted[piece.key]) continue;
    if (piece.key == kNone && piece.same_as != kNone) continue;
    if (piece.key != kNone) counted[piece.key] = true;
    ++out.passing_devices;
  }
  return out;
}

}  // namespace spdm

// Which exchanges a signature covers: the reset rules of DSP0274 as tables. A conversation is a list of words.
#include "core/evidence/transcript.h"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <sstream>

#include "core/wire/algorithms.h"

using namespace spdm;

namespace {

// A word names a request; a digit before it: exchanged inside of that session; '!' at its end: answered by ERROR; '+': the response is
// signed. Every message is different.
struct Talk {
  explicit Talk(const std::string& words) {
    static const std::map<std::string, Code> codes{{"V", Code::get_version},
                                                   {"P", Code::get_capabilities},
                                                   {"N", Code::negotiate_algorithms},
                                                   {"D", Code::get_digests},
                                                   {"C", Code::get_certificate},
                                                   {"A", Code::challenge},
                                                   {"M", Code::get_measurements},
                                                   {"E", Code::get_endpoint_info},
                                                   {"L", Code::get_measurement_extension_log},
                                                   {"K", Code::key_exchange},
                                                   {"F", Code::finish},
                                                   {"X", Code::psk_exchange},
                                                   {"Y", Code::psk_finish},
                                                   {"H", Code::heartbeat},
                                                   {"U", Code::key_update},
                                                   {"G", Code::get_encapsulated_request},
                                                   {"R", Code::deliver_encapsulated_response},
                                                   {"Z", Code::end_session},
                                                   {"S", Code::get_csr},
                                                   {"I", Code::get_key_pair_info},
                                                   {"W", Code::vendor_defined_request}};
    std::istringstream stream(words);
    for (std::string word; stream >> word;) {
      const std::uint32_t inside = word[0] >= '1' && word[0] <= '9' ? static_cast<std::uint32_t>(word[0] - '0') : 0;
      if (inside != 0) word.erase(0, 1);
      const Code code = codes.at(word.substr(0, 1));
      const bool failed = word.ends_with('!'), is_signed = word.ends_with('+');
      const auto number = static_cast<std::uint8_t>(exchanges.size());
      Exchange exchange;
      exchange.inside = inside;
      exchange.request = {0x12, static_cast<std::uint8_t>(code), number, 0xAA};
      exchange.response = {0x12, static_cast<std::uint8_t>(failed ? Code::error : response_to(code)), number, 0xBB};
      if (is_signed) {
        exchange.response.resize(8, 0x51);
        exchange.signature_size = 4;
      }
      exchanges.push_back(std::move(exchange));
    }
  }

  // "0 1 2 5": which exchanges stand in a transcript, in order, each with request and response without signature.
  std::string covered(const Bytes& transcript) const {
    std::string out;
    for (std::size_t at = 0; at < transcript.size(); at += 8) {
      const std::size_t number = transcript.at(at + 2);
      const Exchange& exchange = exchanges.at(number);
      CHECK(equal(View(transcript).subspan(at, 4), exchange.request));
      CHECK(equal(View(transcript).subspan(at + 4, 4), View(exchange.response).first(4)));
      out += (out.empty() ? "" : " ") + std::to_string(number);
    }
    return out;
  }
  std::size_t last() const { return exchanges.size() - 1; }

  Exchanges exchanges;
};

struct Case {
  const char* words;
  const char* covered;  // by the signature of the last exchange
};

}  // namespace

TEST_CASE("M1/M2: what stands under the last CHALLENGE_AUTH") {
  const Case cases[] = {
      {"V P N A+", "0 1 2 3"},                    // nothing of B: the chain was cached
      {"V P N D A+", "0 1 2 3 4"},                // digests only
      {"V P N C C A+", "0 1 2 3 4 5"},            // certificates only
      {"V P N D C C C A+", "0 1 2 3 4 5 6 7"},    // every portion
      {"V P N D C D A+", "0 1 2 5 6"},            // GET_DIGESTS restarts B
      {"V P N D C D C A+", "0 1 2 5 6 7"},        // GET_CERTIFICATE appends
      {"V P N D C A+ A+", "0 1 2 6"},             // a completed CHALLENGE empties B
      {"V P N D C A+ D A+", "0 1 2 6 7"},         //
      {"V P N D C A! A+", "0 1 2 3 4 6"},         // one that ended in ERROR does not
      {"V P N D! D C! C A+", "0 1 2 4 6 7"},      // nor do errors enter
      {"V P N D C M A+", "0 1 2 6"},              // GET_MEASUREMENTS before any CHALLENGE nulls B
      {"V P N D C M+ A+", "0 1 2 6"},             //
      {"V P N D C M! A+", "0 1 2 6"},             // it was sent all the same
      {"V P N D C M D C A+", "0 1 2 6 7 8"},      //
      {"V P N D C A+ D M+ A+", "0 1 2 6 8"},      // after a CHALLENGE it does not
      {"V P N D C A+ M+ D C A+", "0 1 2 7 8 9"},  //
      {"V P N D C L A+", "0 1 2 6"},              //
      {"V P N D K C A+", "0 1 2 5 6"},            //
      {"V P N D E C S I W A+", "0 1 2 3 5 9"},    // requests that came later leave B alone, and stay outside
      {"V P! P N D C A+", "0 2 3 4 5 6"},         // errors while negotiating
      {"V P N D C A+ D 1D 1C A+", "0 1 2 6 9"},   // what a session has exchanged inside is not in it
      {"V P N D C 1M 1H 1Z A+", "0 1 2 3 4 8"},   // and nulls nothing
  };
  for (const Case& c : cases) {
    CAPTURE(c.words);
    const Talk talk(c.words);
    CHECK(talk.covered(m1m2(talk.exchanges, talk.last())) == c.covered);
  }
  for (const char* word : {"M", "K", "F", "X", "Y", "U", "H", "G", "R", "Z", "L"}) {
    CAPTURE(word);
    const Talk talk(std::string("V P N D C ") + word + " A+");
    CHECK(talk.covered(m1m2(talk.exchanges, talk.last())) == "0 1 2 6");
    const Talk after(std::string("V P N D C A+ D ") + word + " A+");
    CHECK(after.covered(m1m2(after.exchanges, after.last())) == "0 1 2 6 8");
  }
}

TEST_CASE("L1/L2: what stands under the last signed MEASUREMENTS") {
  struct Row {
    std::string_view rule;
    const char* words;
    const char* covered;
  };
  const Row cases[] = {
      {"A8", "V P N M+", "0 1 2 3"},
      {"A8", "V P N M M M+", "0 1 2 3 4 5"},      // unsigned ones before it
      {"A8", "V P N M+ M+", "0 1 2 4"},           // a signature empties M
      {"A8", "V P N M M+ M M+", "0 1 2 5 6"},     //
      {"N45", "V P N M M! M+", "0 1 2 5"},        // so does ERROR
      {"N45", "V P N M! M M+", "0 1 2 4 5"},      //
      {"N217", "V P N M D M+", "0 1 2 5"},        // and any other request
      {"N217", "V P N M D! M+", "0 1 2 5"},       //
      {"N217", "V P N M W M M+", "0 1 2 5 6"},    //
      {"N217", "V P N M A+ M+", "0 1 2 5"},       //
      {"N217", "V P N M L E M I M+", "0 1 2 8"},  //
      {"A8", "V P N D C A+ M M+", "0 1 2 6 7"},   //
      {"A8", "V P N M 1M M+", "0 1 2 3 5"},       // a session has a transcript of its own
      {"A8", "V P N M 1M M 1M+", "0 1 2 4 6"},    //
      {"A8", "V P N 1M 2M 1H 2M+", "0 1 2 4 6"},  // each of them
      {"N217", "V P N 1M 1H 1M+", "0 1 2 5"},     // that another request inside of it empties
      {"N217", "V P N 1M D 1M+", "0 1 2 3 5"},    // and one outside does not
  };
  for (const Row& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(c.words);
    const Talk talk(c.words);
    for (const std::uint8_t version : {k12, k13, k14}) CHECK(talk.covered(l1l2(talk.exchanges, talk.last(), version)) == c.covered);
    // Before 1.2 the messages of the negotiation are not in it.
    const std::string without_a = std::string(c.covered).substr(6);
    for (const std::uint8_t version : {k10, k11}) CHECK(talk.covered(l1l2(talk.exchanges, talk.last(), version)) == without_a);
    CHECK(l1l2_begin(talk.exchanges, talk.last()) == static_cast<std::size_t>(std::stoi(without_a)));
  }
}

TEST_CASE("IL1/IL2: ENDPOINT_INFO stands alone") {
  for (const char* words : {"V P N E+", "V P N D C A+ M E+", "V P N E E+ E+"}) {
    const Talk talk(words);
    CHECK(talk.covered(il1il2(talk.exchanges, talk.last())) == "0 1 2 " + std::to_string(talk.last()));
  }
}

TEST_CASE("A: six messages, with nothing in between") {
  const Talk talk("V P N D C A+");
  CHECK(talk.covered(vca(talk.exchanges)) == "0 1 2");
  CHECK(vca(Talk("V P! P N! N D").exchanges).size() == 24);
  CHECK(vca({}).empty());
}

TEST_CASE("N216 thousands of unsigned measurements before the signed one") {
  std::string words = "V P N";
  for (unsigned i = 0; i < 200; ++i) words += " M";
  Talk talk(words + " M+");
  Exchanges many(talk.exchanges.begin(), talk.exchanges.begin() + 3);
  for (unsigned i = 0; i < 20000; ++i) many.push_back(talk.exchanges[3]);
  many.push_back(talk.exchanges.back());
  CHECK(l1l2_begin(many, many.size() - 1) == 3);
  CHECK(l1l2(many, many.size() - 1, k12).size() == 8 * (3 + 20000 + 1));
}

TEST_CASE("M1/M2: thousands of challenges behind much that the first of them covers") {
  const Talk start("V P N D");
  Exchanges exchanges = start.exchanges;
  const auto add = [&](Code code, std::size_t size) {
    exchanges.push_back({begin(k12, code).take(), begin(k12, response_to(code)).zeros(size).take(), 0, 0});
  };
  for (int i = 0; i < 200; ++i) add(Code::get_certificate, 0xFFFF);
  for (int i = 0; i < 5000; ++i) add(Code::challenge, 0);
  const std::size_t a = vca(exchanges).size();
  CHECK(m1m2(exchanges, 204).size() > a + 200 * 0xFFFF);
  // Within seconds: each of them has to look at nothing but itself.
  for (std::size_t i = 205; i < exchanges.size(); ++i)
    if (m1m2(exchanges, i).size() != a + 8) FAIL(i);
}

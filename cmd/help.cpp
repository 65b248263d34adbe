#include "cmd/help.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kWidth = 80, kColumn = 26;  // of the page, and where explanations begin

// Options that few need, by the group that they stand in. What a verb has in a group of its own is what it is for.
struct Rare {
  std::string_view group, option;
};
constexpr std::array<Rare, 47> kRare{{
    {"Output", "--color"},
    {"Output", "--no-color"},
    {"Output", "--sign-key"},
    {"Output", "--ear-profile"},
    {"Output", "--cmw"},
    {"Attestation", "--extend-pcr"},
    {"Attestation", "--pcr-log"},
    {"Attestation", "--summary"},
    {"Trust", "--partial-chain"},
    {"Trust", "--host-keys"},
    {"Trust", "--identity"},
    {"Trust", "--identity-match"},
    {"Trust", "--trust-host"},
    {"Trust", "--require-fresh"},
    {"Trust", "--chain"},
    {"Trust", "--provisioned-key"},
    {"Protocol", "--slot"},
    {"Protocol", "--spdm-version"},
    {"Protocol", "--asym"},
    {"Protocol", "--hash"},
    {"Protocol", "--force"},
    {"Protocol", "--via"},
    {"Protocol", "--tolerate"},
    {"Attestation", "--tolerate"},
    {"Session", "--psk"},
    {"Session", "--psk-hint"},
    {"Session", "--requester-key"},
    {"Session", "--requester-cert"},
    {"Session", "--key-exchange"},
    {"Session", "--aead"},
    {"Session", "--handshake-in-the-clear"},
    {"Session", "--mac-only"},
    {"Session", "--exercise"},
    {"Session", "--session-secrets"},
    {"Measurements", "--each"},
    {"Measurements", "--count"},
    {"Measurements", "--extension-log"},
    {"Measurements", "--endpoint-info"},
    {"Measurements", "--raw"},
    {"Measurements", "--new"},
    {"Measurements", "--no-signature"},
    {"Image", "--manifest"},
    {"Image", "--kernel"},
    {"Image", "--image"},
    {"Gate", "--via"},
    {"Gate", "--background"},
    {"Gate", "--end"},
}};

bool is_hidden(const CLI::Option& option) { return option.get_group().empty(); }

// Words in lines that begin at the column of explanations, and end before the edge of the page.
std::string wrapped(std::string_view text, std::size_t column) {
  std::string out;
  std::size_t at = column;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (at > column && at + 1 + word.size() > kWidth) {
      out += cat("\n", std::string(column, ' '));
      at = column;
    }
    if (at > column) out += ' ', ++at;
    out += word;
    at += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string line(const std::string& left, const std::string& right) {
  std::string out = "  " + left;
  if (out.size() + 2 > kColumn)
    out += cat("\n", std::string(kColumn, ' '));
  else
    out.resize(kColumn, ' ');
  return out + wrapped(right, kColumn) + "\n";
}

std::string option_line(const CLI::Option& option) {
  std::string name = option.get_name(false, true);
  if (const std::size_t comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  if (option.get_items_expected_max() > 0) name += cat(" ", option.get_type_name());
  std::string about = option.get_description();
  if (!option.get_default_str().empty()) about += cat("; default: ", option.get_default_str());
  if (!option.get_envname().empty()) about += cat(" (", option.get_envname(), ")");
  return line(name, about);
}

std::vector<const CLI::App*> shown_below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
}

class Help : public CLI::Formatter {
 public:
  explicit Help(bool all) : all_(all) {}

  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    const std::vector<const CLI::App*> below = shown_below(*app);
    std::string out = cat(wrapped(app->get_description(), 0), "\nUsage: ", words_of(*app));
    if (!below.empty()) out += app->get_parent() == nullptr ? " VERB" : " SUB-VERB";
    out += " [OPTIONS]";
    std::string operands;
    for (const CLI::Option* option : app->get_options([](const CLI::Option* one) { return one->get_positional(); })) {
      out += cat(" ", option->get_type_name());
      operands += line(option->get_type_name(), option->get_description());
    }
    out += "\n";
    if (!operands.empty()) out += cat("\nOperands:\n", operands);
    if (!below.empty()) out += app->get_parent() == nullptr ? "\nVerbs:\n" : "\nSub-verbs:\n";
    for (const CLI::App* sub : below) out += line(sub->get_name(), sub->get_description());
    bool rare = false;
    for (const std::string& group : app->get_groups()) {
      std::string options;
      for (const CLI::Option* option : app->get_options()) {
        if (option->get_group() != group || is_hidden(*option) || option->get_positional()) continue;
        rare = rare || is_rare(*option);
        if (all_ || !is_rare(*option)) options += option_line(*option);
      }
      if (!options.empty()) out += cat("\n", group, ":\n", options);
    }
    if (!app->get_footer().empty()) out += cat("\n", app->get_footer());
    if (out.back() != '\n') out += "\n";
    if (rare && !all_) out += "\nMore options: --help-all\n";
    return out;
  }

 private:
  bool all_;
};

}  // namespace

const CLI::App& chosen_of(const CLI::App& parser) {
  const CLI::App* at = &parser;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::string words_of(const CLI::App& parser) {
  const CLI::App* const parent = parser.get_parent();
  return parent == nullptr ? parser.get_name() : cat(words_of(*parent), " ", parser.get_name());
}

std::string help_of(const CLI::App& parser, bool all) { return Help(all).make_help(&chosen_of(parser), "", CLI::AppFormatMode::Normal); }

bool is_rare(const CLI::Option& option) {
  return std::any_of(kRare.begin(), kRare.end(), [&](const Rare& rare) {
    return rare.group == option.get_group() && option.check_lname(std::string(rare.option.substr(2)));
  });
}

}  // namespace spdm::cmd

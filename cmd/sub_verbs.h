// A verb that has sub-verbs: they share its options, and each has a function of its own.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "cmd/verb.h"
#include "core/text.h"

namespace spdm::cmd {

template <class Options>
class SubVerbs {
 public:
  using Run = Exit (*)(const Options&, Console&);

  // `parser` is that of the verb, and must outlive this object.
  explicit SubVerbs(CLI::App& parser) : parser_(parser) {}

  Options& options() const { return state_->options; }

  // `run` is called when the user names this sub-verb. `examples`: lines for the foot of its --help.
  CLI::App* add(const std::string& name, const std::string& summary, Run run, const std::string& examples) {
    CLI::App* sub = parser_.add_subcommand(name, summary);
    sub->footer(cat("Examples:\n", examples));
    sub->parse_complete_callback([state = state_, run] { state->run = run; });
    return sub;
  }

  // The action of the verb: runs the sub-verb that was named. It throws Error{usage} when none was.
  Action action() const {
    std::string names;
    for (const CLI::App* sub : parser_.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
      names += cat(names.empty() ? "" : ", ", sub->get_name());
    return [state = state_, verb = parser_.get_name(), names](Console& console) {
      if (state->run == nullptr)
        throw Error(ErrorId::usage, cat("no sub-verb of ", verb, " given"),
                    cat("give one of: ", names, "; see: spdmctl ", verb, " --help"));
      return state->run(state->options, console);
    };
  }

 private:
  struct State {
    Options options;
    Run run = nullptr;
  };

  CLI::App& parser_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace spdm::cmd

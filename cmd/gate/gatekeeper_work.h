// The parts of the gatekeeper, for its own files only: devices in groups, the panel that attests them, and what is done to
// them.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <thread>

#include "cmd/gate/gatekeeper.h"
#include "cmd/host/run_files.h"

namespace spdm::cmd {

// One function of a device that is in scope.
struct Member {
  transport::PciDevice device;
  std::shared_ptr<const PolicyRule> rule;  // nullptr: it is appraised only as a part of its device
  DeviceState before;                      // decision pending and all empty when there was none
  DeviceState state;
};

// All functions of one device, the physical ones first: they are held, attested and let go together.
struct Group {
  transport::Bdf key;
  std::vector<Member> members;

  // Those that are asked, in order: function 0 first, and no virtual function whose physical one is there.
  std::vector<std::size_t> asked() const;
  // Whether a rule expects one of its functions.
  bool is_expected() const;
};

// The groups that are in scope.
std::vector<Group> group_devices(const transport::PciControl& control, const Policy& policy,
                                 const std::vector<transport::PciDevice>& devices);

// Attests devices on threads of its own, in the order of the jobs and each within its share of the time (TimeShares), and stops
// waiting for them soon after the deadline.
class Panel {
 public:
  struct Job {
    std::vector<transport::PciDevice> devices;
    std::vector<PolicyRule> rules;  // of each
  };
  struct Finished {
    std::size_t job = 0;
    std::vector<Report> reports;  // of the devices of the job, in order; none after the one that decides
  };

  // `left_behind` counts the threads that are still at work when the panel is destroyed.
  Panel(const Gatekeeper::Attest& attest, std::vector<Job> jobs, Clock::time_point deadline, std::size_t at_once,
        std::shared_ptr<std::atomic<std::size_t>> left_behind);
  ~Panel();
  Panel(const Panel&) = delete;
  Panel& operator=(const Panel&) = delete;

  // The next job that is done; nothing when all are, or the time is over.
  std::optional<Finished> next();

 private:
  void start_worker();
  void give_places_away();

  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> threads_;
};

// Whether the device itself says that it does not speak SPDM: it has a mailbox, but none for SPDM. The kernel did not find
// otherwise, and no message was answered.
bool declares_no_spdm(const transport::PciDevice& device, const Report& report);

// What the reports on a device come to.
struct GroupResult {
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  std::string reason;
  PolicyRule rule;                               // that decided
  std::string decisive;                          // address of the function that decided
  bool unconcerned = false;                      // nothing of it speaks SPDM, and no rule expects it to
  bool not_its_doing = false;                    // this host could not ask: permission, lockdown, another owner, configuration
  std::map<std::string, std::string> leaves;     // by address; "" for the functions that were not asked
  std::map<std::string, std::uint8_t> versions;  // by address: SPDMVersion, where it is proven
};
// Puts in the rules by which the devices have been appraised: some show only once a device has proven what it is.
void name_rules(Group& group, const std::vector<Report>& reports, const Policy& policy);
GroupResult appraise_group(const Group& group, const std::vector<Report>& reports, std::chrono::milliseconds limit);
// A virtual function is what its physical function was found to be.
GroupResult result_of_physical(const DeviceState& physical, const Policy& policy);

// Whose drivers are looked for when the gate opens.
enum class LetIn { attested, all };

struct Gatekeeper::Work {
  transport::Host host;
  Policy policy;
  Options options;
  Attest attest;
  Tell tell;
  transport::PciControl control;
  std::shared_ptr<std::atomic<std::size_t>> left_behind = std::make_shared<std::atomic<std::size_t>>(0);

  Occasion occasion = Occasion::request;
  Clock::time_point deadline{};
  std::map<std::pair<std::optional<transport::Bdf>, std::string>, DeviceState> results{};  // by address; by rule where there is none
  bool unsafe = false;    // a driver could bind to a device that must not have one: autoprobe stays off
  bool leftover = false;  // an earlier gate did not come to its end

  bool enforces() const { return options.mode == GateMode::enforce && !options.dry_run; }
  void start(Occasion why);
  void add_result(const DeviceState& state);
  std::vector<DeviceState> take_results() const;

  // gatekeeper_hold.cpp: drivers are kept off, and let in again.
  void remember(Group& group) const;  // reads the states before
  void hold(Group& group) const;
  bool is_held(const transport::PciDevice& device) const;
  bool let_go(const transport::PciDevice& device, const std::optional<std::string>& former_override,
              std::vector<std::string>& trouble) const;
  bool find_driver(const transport::PciDevice& device, std::vector<std::string>& trouble) const;
  void write(const DeviceState& state) const;
  void close_gate();
  void open_gate(const std::vector<transport::PciDevice>& first, const std::set<std::string>& drivers, LetIn which);

  // gatekeeper_admit.cpp: who may meet a driver once the kernel or a watch looks for one.
  std::optional<transport::PciDevice> now_at(const transport::Bdf& bdf) const;
  std::optional<DeviceState> state_of(const transport::PciDevice& device) const;  // nothing when it is about another device
  bool is_unjudged(const transport::PciDevice& device) const;                     // or judged, and not good enough for a driver
  bool was_replaced(const Group& group) const;
  void hold_unjudged(Group& group, const std::string& trouble);
  void hold_unjudged();
  void take_over(const transport::Bdf& bdf);
  std::vector<transport::Bdf> admit(const std::vector<transport::Bdf>& bdfs);
  std::vector<transport::Bdf> release(const std::vector<transport::PciDevice>& devices) const;

  // gatekeeper_act.cpp: what follows from an appraisal.
  void attest_all(std::vector<Group>& groups);
  void conclude(Group& group, const GroupResult& result);
  bool accept(Member& member, const GroupResult& result) const;
  void refuse(Group& group, const GroupResult& result);

  // gatekeeper.cpp
  std::vector<transport::PciDevice> attest_newcomers(std::vector<transport::PciDevice> known);
  void release_strays(const std::vector<transport::PciDevice>& devices, const std::vector<Group>& groups) const;
  bool attend_virtual(Group& group, const std::vector<transport::Bdf>& bdfs);
  void forget_absent(const std::vector<transport::PciDevice>& devices) const;
  void tell_missing(const std::vector<transport::PciDevice>& devices);
  void tell_absent(const std::vector<transport::PciDevice>& devices, const std::set<std::string>& known);
};

}  // namespace spdm::cmd

#include "transport/emulated/emulated.h"

#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "transport/emulated/profile.h"

namespace spdm::transport {

namespace {

class EmulatedLink final : public Link {
 public:
  explicit EmulatedLink(std::shared_ptr<const DeviceProfile> profile) : profile_(std::move(profile)), responder_(profile_) {}

  Bytes exchange(View request, Clock::time_point deadline) override { return arrive(responder_.respond(request), deadline).bytes; }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override {
    Reply reply = arrive(responder_.respond_secured(record), deadline);
    return {reply.secured, std::move(reply.bytes)};
  }
  bool carries_sessions() const override { return true; }
  Binding binding() const override { return Binding::none; }
  // No transport limits a message here: the requester announces what it can take.
  std::size_t max_receive() const override { return kMaxMessage; }

 private:
  static constexpr std::size_t kMaxMessage = std::size_t{1} << 20;

  // The answer, as late as it is, if it comes at all.
  Reply arrive(Reply reply, Clock::time_point deadline);

  std::shared_ptr<const DeviceProfile> profile_;
  Responder responder_;
  bool closed_ = false;
};

Reply EmulatedLink::arrive(Reply reply, Clock::time_point deadline) {
  if (closed_) throw Error(ErrorId::io, "the emulated device closed the connection");
  const auto now = Clock::now();
  const auto in_time = deadline - now >= reply.delay;
  std::this_thread::sleep_until(reply.action == Reply::Action::silence || !in_time ? deadline : now + reply.delay);
  if (reply.action == Reply::Action::silence || !in_time) throw Error(ErrorId::timeout, "the emulated device did not answer in time");
  if (reply.action == Reply::Action::close) {
    closed_ = true;
    throw Error(ErrorId::io, "the emulated device closed the connection");
  }
  return reply;
}

}  // namespace

std::unique_ptr<Link> emulated_link(std::shared_ptr<const DeviceProfile> profile) {
  return std::make_unique<EmulatedLink>(std::move(profile));
}

Opened open_emulated(std::string_view target, const OpenOptions&) {
  const std::string_view path = target.substr(target.find(':') + 1);
  if (path.empty()) throw Error(ErrorId::usage, "no profile given", "write emulated:PROFILE, such as emulated:device/profile.yaml");
  return {emulated_link(std::make_shared<const DeviceProfile>(load_profile(std::filesystem::path(path)))), {}};
}

}  // namespace spdm::transport

#include "transport/socket/resolve.h"

#include <linux/capability.h>
#include <netdb.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <future>
#include <memory>
#include <thread>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

struct Answer {
  int error = 0;
  std::vector<Address> addresses;
};

// A name server is nobody to be trusted: what reads its answers has no rights. The thread may outlive its use, too, and what the
// process gives up later is not taken from threads that are there.
void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  ::syscall(SYS_capset, &header, none.data());  // it can only take away: there is nothing to do about a failure
}

Answer ask(const std::string& host, std::uint16_t port, int flags) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  Answer answer;
  answer.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (answer.error != 0) return answer;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    Address address{};
    address.size = entry->ai_addrlen;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    answer.addresses.push_back(address);
  }
  return answer;
}

}  // namespace

std::vector<Address> resolve(const std::string& host, std::uint16_t port, Clock::time_point deadline) {
  Answer answer = ask(host, port, AI_NUMERICHOST);  // a numeric address needs no resolver
  if (answer.error != 0) {
    // getaddrinfo() has no time limit, so it runs on a thread of its own. When the resolver hangs, that thread is left
    // behind.
    std::promise<Answer> promise;
    std::future<Answer> future = promise.get_future();
    std::thread([host, port, promise = std::move(promise)]() mutable {
      drop_capabilities();
      promise.set_value(ask(host, port, 0));
    }).detach();
    if (Clock::now() >= deadline || future.wait_until(deadline) != std::future_status::ready)
      throw Error(ErrorId::timeout, cat("looking up host ", printable(host), ": the resolver did not answer in time"),
                  "give the address instead of the name");
    answer = future.get();
  }
  if (answer.error != 0 || answer.addresses.empty())
    throw Error(answer.error == EAI_SYSTEM || answer.error == EAI_MEMORY ? ErrorId::io : ErrorId::no_device,
                cat("looking up host ", printable(host), ": ", answer.error == 0 ? "no address" : ::gai_strerror(answer.error)),
                "check the name, or give the address instead");
  return std::move(answer.addresses);
}

}  // namespace spdm::transport

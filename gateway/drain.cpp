#include "gateway/drain.hpp"

#include <poll.h>

#include <future>
#include <optional>
#include <utility>

namespace postern {
namespace {

constexpr std::chrono::milliseconds kLook{20};  ///< what an end is noticed late, at most

}  // namespace

void drain(net::Server& server, std::chrono::milliseconds grace, control::Channel& control,
           const std::function<void(control::Message)>& hear) {
    const auto stopping = std::async(std::launch::async, [&server, grace] { server.stop(grace); });
    pollfd said{control.watch(), POLLIN, 0};
    while (stopping.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) {
        if (::poll(&said, 1, static_cast<int>(kLook.count())) <= 0) continue;
        auto message = control.receive();
        if (!message) break;  // the supervisor has gone: nobody else will say anything
        hear(std::move(*message));
    }
    stopping.wait();
}

}  // namespace postern

#pragma once

#include <chrono>
#include <functional>

#include "gateway/control/channel.hpp"
#include "gateway/net/server.hpp"

namespace postern {

/// Stops `server` as Server::stop() does, and hears the supervisor meanwhile: the analyzer may be
/// replaced while the last sessions finish, and their messages need the new one.
void drain(net::Server& server, std::chrono::milliseconds grace, control::Channel& control,
           const std::function<void(control::Message)>& hear);

}  // namespace postern

#include "web/server/connections.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace postern::web {

Connections::Connections(std::size_t per_client) : per_client_(per_client) {
    watcher_ = std::thread([this] { watch(); });
}

Connections::~Connections() {
    {
        const std::lock_guard guard(lock_);
        ended_ = true;
    }
    changed_.notify_all();
    watcher_.join();
}

Connections::Entry::Entry(Connections& all, std::string client, int socket)
    : all_(all), client_(std::move(client)) {
    const std::lock_guard guard(all_.lock_);
    number_ = all_.next_++;
    admitted_ = !all_.stopping_ && ++all_.clients_[client_] <= all_.per_client_;
    if (all_.stopping_) ++all_.clients_[client_];
    all_.sockets_[number_] = Socket{.descriptor = socket};
}

Connections::Entry::~Entry() {
    const std::lock_guard guard(all_.lock_);
    all_.sockets_.erase(number_);
    const auto client = all_.clients_.find(client_);
    if (--client->second == 0) all_.clients_.erase(client);
}

void Connections::Entry::until(Clock::time_point deadline, bool idle) {
    {
        const std::lock_guard guard(all_.lock_);
        Socket& socket = all_.sockets_[number_];
        socket.deadline = deadline;
        socket.idle = idle;
        if (idle && all_.stopping_) ::shutdown(socket.descriptor, SHUT_RDWR);
    }
    all_.changed_.notify_all();
}

void Connections::stop() {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    for (const auto& [number, socket] : sockets_) {
        if (socket.idle) ::shutdown(socket.descriptor, SHUT_RDWR);
    }
}

void Connections::shut_down_all() {
    const std::lock_guard guard(lock_);
    for (const auto& [number, socket] : sockets_) ::shutdown(socket.descriptor, SHUT_RDWR);
}

void Connections::watch() {
    std::unique_lock guard(lock_);
    while (!ended_) {
        const auto now = Clock::now();
        auto next = Clock::time_point::max();
        for (auto& [number, socket] : sockets_) {
            if (socket.deadline <= now) {
                ::shutdown(socket.descriptor, SHUT_RDWR);
                socket.deadline = Clock::time_point::max();
            }
            next = std::min(next, socket.deadline);
        }
        if (next == Clock::time_point::max()) {
            changed_.wait(guard);
        } else {
            changed_.wait_until(guard, next);
        }
    }
}

}  // namespace postern::web

#include "gateway/cli/supervisor/control_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace postern::cli {
namespace {

constexpr std::size_t kLongestRequest = 4096;
constexpr std::chrono::milliseconds kRequestPatience{1000};

/// A socket address holds 108 bytes and folders may be longer: the folder goes in as a descriptor.
sockaddr_un address_in(int folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/control.sock";
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the sockets interface is
    return reinterpret_cast<const sockaddr*>(&address);
}

UniqueFd connect_to(const std::string& folder) {
    const UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_in(place.get());
    if (!place || !client || ::connect(client.get(), generic(address), sizeof address) != 0) {
        client.reset();
    }
    return client;
}

/// Reads until a line ends, the peer is done or patience is over.
std::string read_until(int descriptor, bool one_line, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string text;
    std::array<char, 4096> buffer{};
    while (!one_line || (text.find('\n') == std::string::npos && text.size() < kLongestRequest)) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd waiting = {descriptor, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
        const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
        if (got <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace

bool supervisor_runs(const std::string& folder) {
    return static_cast<bool>(connect_to(folder));
}

Outcome<ControlSocket, std::string> ControlSocket::open(const std::string& folder,
                                                        Handler handler) {
    if (supervisor_runs(folder)) {
        return Failure{"another postern serve runs with " + folder + ": stop it first"};
    }
    const UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlinkat(place.get(), "control.sock", 0);
    const sockaddr_un address = address_in(place.get());
    const mode_t before = ::umask(0177);
    const bool bound = listener && ::bind(listener.get(), generic(address), sizeof address) == 0;
    ::umask(before);
    if (!bound || ::listen(listener.get(), 16) != 0) {
        return Failure{"cannot make " + folder + "/control.sock: " + std::strerror(errno)};
    }
    return ControlSocket(std::move(listener), std::move(handler));
}

void ControlSocket::accept_one() {
    auto client =
        std::make_shared<UniqueFd>(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!*client) return;
    std::string request = read_until(client->get(), true, kRequestPatience);
    request.resize(std::min(request.find('\n'), request.size()));
    handler_(request, [client](const std::string& text) {
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t sent = ::send(client->get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent <= 0) break;  // whoever asked is gone
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
        ::shutdown(client->get(), SHUT_RDWR);
    });
}

std::optional<std::string> ask_supervisor(const std::string& folder, const std::string& request,
                                          std::chrono::milliseconds patience) {
    const UniqueFd client = connect_to(folder);
    if (!client) return std::nullopt;
    const std::string line = request + "\n";
    if (::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size())) {
        return std::nullopt;
    }
    return read_until(client.get(), false, patience);
}

}  // namespace postern::cli

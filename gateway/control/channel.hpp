#pragma once

/// @file What the supervisor and its services say to each other: single letters over a
/// SOCK_SEQPACKET pair, one descriptor with some of them. Closing the channel is a message too:
/// whoever sees it ends.

#include <cstdint>
#include <optional>
#include <utility>

#include "analyzers/base/outcome.hpp"
#include "analyzers/base/unique_fd.hpp"

namespace postern::control {

enum class Notice : std::uint8_t {
    Ready = 'R',         ///< service to supervisor: serving
    Analyzer = 'A',      ///< supervisor to gatewayd, with a client channel: send new jobs there
    Certificates = 'T',  ///< supervisor to gatewayd, with a memory file: use these from now on
    Status = 'S',  ///< supervisor to gatewayd, with a memory file: what that analyzer has loaded
};

struct Message {
    Notice notice = Notice::Ready;
    UniqueFd descriptor;  ///< with all but Ready
};

class Channel {
public:
    explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
    /// Both ends of a new channel; aborts when the kernel has no descriptors left.
    static std::pair<Channel, Channel> make();

    [[nodiscard]] int watch() const { return socket_.get(); }
    /// False when the other side is gone.
    [[nodiscard]] bool send(Notice notice, int descriptor = -1) const;
    /// Takes one message; call when watch() is readable, or to wait for one. nullopt: the other
    /// side is gone or said nonsense.
    [[nodiscard]] std::optional<Message> receive() const;

private:
    UniqueFd socket_;
};

}  // namespace postern::control

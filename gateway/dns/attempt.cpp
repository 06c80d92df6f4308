#include "gateway/dns/attempt.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postern::dns {
namespace {

constexpr std::size_t kLengthBytes = 2;

UniqueFd open_socket(const Server& server, int type) {
    UniqueFd made(socket(server.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made) return made;
    if (connect(made.get(), server.address(), server.size()) != 0 && errno != EINPROGRESS) {
        made.reset();
    }
    return made;
}

bool would_wait() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

UdpAttempt::UdpAttempt(const Loop& loop, const Server& server, Label label, Query query,
                       Datagram& buffer, std::function<void()> on_ready)
    : Attempt(std::move(query), label), buffer_(buffer), socket_(open_socket(server, SOCK_DGRAM)) {
    if (!socket_) return;
    const std::string bytes = this->query().packet();
    if (send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        socket_.reset();
        return;
    }
    watch_ = std::make_unique<Watch>(loop, socket_.get(), Watch::For::Reading, std::move(on_ready));
}

Attempt::State UdpAttempt::advance() {
    if (!socket_) return State::Broken;
    const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) return would_wait() ? State::Waiting : State::Broken;
    received_ = static_cast<std::size_t>(got);
    return State::Packet;
}

ByteView UdpAttempt::packet() const {
    return ByteView(buffer_).first(received_);
}

TcpAttempt::TcpAttempt(const Loop& loop, const Server& server, Label label, Query query,
                       TcpPlaces& places, std::function<void()> on_ready)
    : Attempt(std::move(query), label),
      loop_(loop),
      places_(places),
      on_ready_(std::move(on_ready)),
      socket_(open_socket(server, SOCK_STREAM)) {
    ++places_.taken_;
    const std::string bytes = this->query().packet();
    to_send_ += static_cast<char>(bytes.size() >> 8U);
    to_send_ += static_cast<char>(bytes.size() & 0xFFU);
    to_send_ += bytes;
    if (socket_) {
        watch_ = std::make_unique<Watch>(loop_, socket_.get(), Watch::For::Writing, on_ready_);
    }
}

TcpAttempt::~TcpAttempt() {
    --places_.taken_;
}

Attempt::State TcpAttempt::advance() {
    if (!socket_) return State::Broken;
    return to_send_.empty() ? receive() : send();
}

Attempt::State TcpAttempt::send() {
    const ssize_t sent = ::send(socket_.get(), to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
    if (sent < 0) return would_wait() || errno == ENOTCONN ? State::Waiting : State::Broken;
    to_send_.erase(0, static_cast<std::size_t>(sent));
    if (to_send_.empty()) {
        watch_ = std::make_unique<Watch>(loop_, socket_.get(), Watch::For::Reading, on_ready_);
    }
    return State::Waiting;
}

Attempt::State TcpAttempt::receive() {
    std::array<std::byte, 4096> piece{};
    while (received_.size() < wanted_) {
        const std::size_t room = std::min(piece.size(), wanted_ - received_.size());
        const ssize_t got = recv(socket_.get(), piece.data(), room, 0);
        if (got < 0 && would_wait()) return State::Waiting;
        if (got <= 0) return State::Broken;
        received_.insert(received_.end(), piece.begin(), piece.begin() + got);
        if (received_.size() == kLengthBytes) {
            wanted_ += std::to_integer<std::size_t>(received_[0]) << 8U |
                       std::to_integer<std::size_t>(received_[1]);
        }
    }
    if (wanted_ == kLengthBytes) return State::Broken;  // a packet of no bytes
    watch_.reset();
    socket_.reset();  // one answer is all we want: whatever comes next finds Broken
    return State::Packet;
}

ByteView TcpAttempt::packet() const {
    return ByteView(received_).subspan(kLengthBytes);
}

}  // namespace postern::dns

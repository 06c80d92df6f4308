#include "gateway/net/transport.hpp"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace postern::net {
namespace {

Transport::Progress socket_progress(Transport::Progress when_blocked) {
    const bool blocked = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return blocked ? when_blocked : Transport::Progress::Failed;
}

}  // namespace

Transport::Result Transport::read(std::span<char> room) {
    if (!tls_) {
        const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), 0);
        if (got > 0) return {Progress::Moved, static_cast<std::size_t>(got)};
        return {got == 0 ? Progress::Ended : socket_progress(Progress::NeedsRead), 0};
    }
    // A record holds 16 KiB at most; several of them make one piece.
    std::size_t total = 0;
    while (total < room.size()) {
        std::size_t got = 0;
        ERR_clear_error();  // errors left by others on this thread would be taken for ours
        const int result = SSL_read_ex(tls_.get(), room.data() + total, room.size() - total, &got);
        if (result != 1) {
            if (total > 0) break;  // what stopped us is told by the next call
            return {tls_progress(result), 0};
        }
        total += got;
    }
    return {Progress::Moved, total};
}

Transport::Result Transport::peek(std::span<char> room) {
    if (!tls_) {
        const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_PEEK);
        if (got > 0) return {Progress::Moved, static_cast<std::size_t>(got)};
        return {got == 0 ? Progress::Ended : socket_progress(Progress::NeedsRead), 0};
    }
    std::size_t got = 0;
    ERR_clear_error();
    const int result = SSL_peek_ex(tls_.get(), room.data(), room.size(), &got);
    if (result == 1) return {Progress::Moved, got};
    return {tls_progress(result), 0};
}

Transport::Result Transport::write(std::string_view bytes) {
    if (!tls_) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) return {Progress::Moved, static_cast<std::size_t>(sent)};
        return {socket_progress(Progress::NeedsWrite), 0};
    }
    std::size_t sent = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
    if (result == 1) return {Progress::Moved, sent};
    return {tls_progress(result), 0};
}

bool Transport::has_buffered() const {
    return tls_ && SSL_has_pending(tls_.get()) == 1;
}

bool Transport::start_tls(std::shared_ptr<const TlsContext> context) {
    context_ = std::move(context);
    tls_ = open_server_session(*context_, socket_.get());
    return tls_ != nullptr;
}

Transport::Progress Transport::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    return result == 1 ? Progress::Moved : tls_progress(result);
}

Transport::Progress Transport::tls_progress(int result) const {
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Progress::NeedsRead;
        case SSL_ERROR_WANT_WRITE:
            return Progress::NeedsWrite;
        case SSL_ERROR_ZERO_RETURN:
            return Progress::Ended;
        default:
            ERR_clear_error();
            return Progress::Failed;
    }
}

TlsFacts Transport::tls_facts() const {
    if (!tls_) return {};
    return facts_of(tls_.get());
}

void Transport::end_output() {
    if (tls_ && SSL_is_init_finished(tls_.get()) == 1) {
        ERR_clear_error();
        (void)SSL_shutdown(tls_.get());  // one close_notify if there is room; nobody waits for more
        ERR_clear_error();
    }
    tls_.reset();
    ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace postern::net

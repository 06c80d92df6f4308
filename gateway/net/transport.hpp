#pragma once

/// @file Bytes over one non-blocking socket, with TLS or without.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/net/tls_state.hpp"

namespace postern::net {

class Transport {
public:
    explicit Transport(UniqueFd socket) : socket_(std::move(socket)) {}

    /// Moved: some bytes went. NeedsRead, NeedsWrite: wait until the socket is readable or
    /// writable.
    enum class Progress { Moved, NeedsRead, NeedsWrite, Ended, Failed };
    struct Result {
        Progress progress = Progress::Failed;
        std::size_t bytes = 0;  ///< with Moved
    };

    [[nodiscard]] Result read(std::span<char> room);
    [[nodiscard]] Result write(std::string_view bytes);
    /// As read(), but what was read stays for the next read().
    [[nodiscard]] Result peek(std::span<char> room);
    /// True when read() has bytes that the kernel no longer tells about.
    [[nodiscard]] bool has_buffered() const;

    /// False: out of memory. From then on handshake() until it has Moved.
    [[nodiscard]] bool start_tls(std::shared_ptr<const TlsContext> context);
    [[nodiscard]] Progress handshake();
    [[nodiscard]] TlsFacts tls_facts() const;

    /// Tells the peer that no more will come.
    void end_output();
    [[nodiscard]] int descriptor() const { return socket_.get(); }

private:
    /// Only right behind the SSL call that returned `result`.
    [[nodiscard]] Progress tls_progress(int result) const;

    UniqueFd socket_;
    std::shared_ptr<const TlsContext> context_;  ///< what `tls_` was made from
    SslSession tls_;
};

}  // namespace postern::net

#pragma once

/// @file One query sent to one server, and the packets that come back.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzers/base/bytes.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/dns/loop.hpp"
#include "gateway/dns/query.hpp"
#include "gateway/dns/servers.hpp"

namespace postern::dns {

class Attempt {
public:
    enum class State { Waiting, Packet, Broken };

    /// What the caller knows it by.
    struct Label {
        std::uint64_t number = 0;
        std::size_t server = 0;
    };
    Attempt(Query query, Label label) : query_(std::move(query)), label_(label) {}
    virtual ~Attempt() = default;
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    Attempt(Attempt&&) = delete;
    Attempt& operator=(Attempt&&) = delete;

    /// Moves on as far as the socket lets it. Packet: `packet()` is new and stays until the next
    /// call. To be called again until it says Waiting or Broken.
    virtual State advance() = 0;
    [[nodiscard]] virtual ByteView packet() const = 0;
    [[nodiscard]] virtual bool over_tcp() const = 0;

    [[nodiscard]] const Query& query() const { return query_; }
    [[nodiscard]] std::size_t server() const { return label_.server; }
    [[nodiscard]] std::uint64_t number() const { return label_.number; }

private:
    Query query_;
    Label label_;
};

/// Bytes of one datagram; larger ones are cut, and then malformed. We ask for less.
using Datagram = std::array<std::byte, 4096>;

/// A socket of its own, so that the kernel picks a port nobody can guess, and connected, so that
/// the kernel takes packets from this server only.
class UdpAttempt final : public Attempt {
public:
    /// Sends at once; when that fails the first advance() says Broken. `buffer` is shared by all.
    UdpAttempt(const Loop& loop, const Server& server, Label label, Query query, Datagram& buffer,
               std::function<void()> on_ready);
    State advance() override;
    [[nodiscard]] ByteView packet() const override;
    [[nodiscard]] bool over_tcp() const override { return false; }

private:
    Datagram& buffer_;
    std::size_t received_ = 0;
    UniqueFd socket_;
    std::unique_ptr<Watch> watch_;
};

/// Counts the TCP attempts that are alive.
class TcpPlaces {
public:
    explicit TcpPlaces(std::size_t most) : most_(most) {}
    [[nodiscard]] bool full() const { return taken_ >= most_; }
    [[nodiscard]] std::size_t taken() const { return taken_; }

private:
    friend class TcpAttempt;
    std::size_t most_;
    std::size_t taken_ = 0;
};

/// RFC 7766: length, packet; one query per connection.
class TcpAttempt final : public Attempt {
public:
    TcpAttempt(const Loop& loop, const Server& server, Label label, Query query, TcpPlaces& places,
               std::function<void()> on_ready);
    ~TcpAttempt() override;
    TcpAttempt(const TcpAttempt&) = delete;
    TcpAttempt& operator=(const TcpAttempt&) = delete;
    State advance() override;
    [[nodiscard]] ByteView packet() const override;
    [[nodiscard]] bool over_tcp() const override { return true; }

private:
    State send();
    State receive();

    const Loop& loop_;
    TcpPlaces& places_;
    std::function<void()> on_ready_;
    std::string to_send_;
    std::vector<std::byte> received_;
    std::size_t wanted_ = 2;  ///< bytes of length, later of length and packet
    UniqueFd socket_;
    std::unique_ptr<Watch> watch_;
};

}  // namespace postern::dns

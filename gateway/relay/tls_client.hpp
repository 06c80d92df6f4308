#pragma once

/// @file The client's half of one TLS connection over memory: ciphertext goes in and comes out, and
/// who moves it decides about waiting. TLS 1.2 or later.

#include <memory>
#include <string>
#include <string_view>

namespace postern::relay {

class TlsClient;

struct TlsClientSettings {
    bool verify = false;     ///< chain and name must be right
    std::string trust = {};  ///< PEM file of authorities; empty: the system's
};

/// What the connections of one next hop share. Thread-safe.
class TlsClientContext {
public:
    /// Throws std::runtime_error when the file of authorities cannot be used.
    explicit TlsClientContext(const TlsClientSettings& settings);
    ~TlsClientContext();
    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;

    /// `host` is told to the server (SNI) when it is a name, and verified when settings say so.
    [[nodiscard]] TlsClient connect(const std::string& host) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

class TlsClient {
public:
    enum class Progress { Done, NeedsInput, Failed };

    explicit TlsClient(void* session);  ///< takes an SSL*, connected to memory BIOs
    ~TlsClient();
    TlsClient(TlsClient&&) noexcept;
    TlsClient& operator=(TlsClient&&) noexcept;
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// Ciphertext from the peer. False: out of memory.
    [[nodiscard]] bool feed(std::string_view ciphertext);
    /// Ciphertext for the peer; look after every other call.
    [[nodiscard]] std::string take_output();

    [[nodiscard]] Progress handshake();
    /// Done: `plaintext` got at least one byte. Failed also when the peer has ended TLS.
    [[nodiscard]] Progress read(std::string& plaintext);
    [[nodiscard]] Progress write(std::string_view plaintext);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace postern::relay

#pragma once

/// @file A whole front on the loopback, with a Recorder behind it.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "gateway/net/server.hpp"
#include "tests/gateway/net/loopback.hpp"
#include "tests/gateway/net/recorder.hpp"

namespace postern::net::testing_support {

class FrontTest : public ::testing::Test {
protected:
    struct Options {
        ServerSettings settings = {};
        smtp::SessionSettings session = {};
        std::shared_ptr<const TlsContext> tls = {};  ///< null: a self-signed one
        bool implicit_tls = false;
        std::function<void(const ClientFacts& client, Timer& timer)> made = {};  ///< may be empty
    };

    void start(Options options) {
        options.settings.reactors = 2;
        options.session.hostname = "mx.test";
        auto listener = listen_on_loopback();
        port_ = listener.port;
        std::vector<net::Listener> listeners;
        listeners.emplace_back(std::move(listener.socket), options.implicit_tls);
        Observer observer;
        observer.refused = [this](Refusal why) {
            record_.add("refused " + std::string(name(why)));
        };
        observer.bug = [this](std::string_view) { ++bugs_; };
        observer.handshake_failed = [this] { record_.add("handshake failed"); };
        observer.overload = [this](const Load& load) {
            record_.add(load.overload ? "overload" : "no overload");
        };
        if (!options.tls) options.tls = *TlsContext::self_signed("mx.test");
        server_ = std::make_unique<Server>(
            options.settings, std::make_shared<const smtp::SessionSettings>(options.session),
            options.tls, std::move(listeners),
            [this, made = options.made](const ClientFacts& client, Timer& timer) {
                record_.add("client " + client.address.text() + " " + std::to_string(client.port) +
                            (client.proxy ? " by " + client.proxy->text() : ""));
                if (made) made(client, timer);
                return std::make_unique<Recorder>(record_);
            },
            observer);
        server_->start();
    }
    static smtp::SessionSettings with_tls() {
        smtp::SessionSettings session;
        session.tls = smtp::TlsPolicy::Offered;
        return session;
    }
    static std::vector<mail::Cidr> loopback() { return {*mail::Cidr::parse("127.0.0.0/8")}; }
    bool heard(const std::string& entry) {
        const auto entries = record_.entries();
        return std::find(entries.begin(), entries.end(), entry) != entries.end();
    }

    Record record_;
    std::atomic<int> bugs_ = 0;
    std::uint16_t port_ = 0;
    std::unique_ptr<Server> server_;
};

}  // namespace postern::net::testing_support

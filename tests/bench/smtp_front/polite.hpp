#pragma once

/// @file The server's side of the front's benches: a dialogue that says yes, and what it costs.

#include <fstream>
#include <string>
#include <string_view>

#include "gateway/net/dialogue.hpp"
#include "gateway/smtp/event.hpp"

namespace postern::bench {

class Polite : public net::Dialogue {
public:
    void on_event(smtp::Event event, net::Answer done) override {
        done(smtp::usual_reply(event, "mx.test"));
    }
    net::Flow on_data(std::string_view, const net::Resume&) override { return net::Flow::Continue; }
    void on_tls(const net::TlsFacts&) override {}
    void on_close(net::Ending /*why*/) override {}
};

/// Of this process.
inline long resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0;
}

}  // namespace postern::bench

#pragma once

/// @file Waits for answers of a Resolver, and measures them.

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/dns/client.hpp"

namespace postern::tests {

using namespace std::chrono_literals;

/// The answer to come. A second answer to one question throws in set_value and ends the test.
inline std::future<dns::Answer> ask(dns::Resolver& resolver, const std::string& name,
                                    dns::RecordType type, std::chrono::milliseconds wait = 2s) {
    auto promise = std::make_shared<std::promise<dns::Answer>>();
    resolver.ask({name, type}, std::chrono::steady_clock::now() + wait,
                 [promise](dns::Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
}

inline dns::Answer look_up(dns::Resolver& resolver, const std::string& name, dns::RecordType type,
                           std::chrono::milliseconds wait = 2s) {
    return ask(resolver, name, type, wait).get();
}

inline dns::ClientSettings settings_for(const std::vector<std::string>& servers) {
    dns::ClientSettings settings;
    settings.servers = dns::read_servers(servers);
    settings.retry_after = 100ms;
    settings.ttl_min = 0s;
    return settings;
}

}  // namespace postern::tests

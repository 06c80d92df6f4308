/// @file Any first bytes of a connection: each beginning of a whole header is incomplete, nothing
/// behind a header changes it, what is invalid stays so, and no header is longer than its limit.

#include "gateway/net/proxy_header.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace postern::net;
using State = ProxyHeader::State;

void demand(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(data, data + size);
    const ProxyHeader whole = read_proxy_header(bytes);
    if (whole.state == State::Whole) {
        demand(whole.size <= bytes.size() && whole.size <= kMaxProxyV2 && whole.size >= 15);
        const ProxyHeader alone = read_proxy_header(bytes.substr(0, whole.size));
        demand(alone.state == State::Whole && alone.endpoints == whole.endpoints);
    } else {
        demand(!whole.endpoints);
    }
    if (whole.state == State::Incomplete) demand(bytes.size() < kMaxProxyV2);
    const std::size_t end = whole.state == State::Whole ? whole.size : bytes.size();
    State before = State::Incomplete;
    for (std::size_t at = 0; at < end; ++at) {
        const State now = read_proxy_header(std::string_view(bytes).substr(0, at)).state;
        demand(now != State::Whole);
        demand(before != State::Invalid || now == State::Invalid);
        demand(whole.state != State::Whole || now == State::Incomplete);
        before = now;
    }
    demand(before != State::Invalid || whole.state == State::Invalid);
    return 0;
}

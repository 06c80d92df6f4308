#include "gateway/dns/addresses.hpp"

#include <utility>

#include "analyzers/base/ascii.hpp"

namespace postern::dns {
namespace {

HostAddresses known(std::vector<mail::IpAddress> addresses) {
    return {Status::Found, std::move(addresses), {}};
}

bool is_localhost(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    return ascii_iequal(host, "localhost") ||
           (host.size() > 10 && ascii_iequal(host.substr(host.size() - 10), ".localhost"));
}

}  // namespace

HostAddresses join(const Answer& v4, const Answer& v6) {
    HostAddresses joined;
    joined.addresses = v6.addresses;
    joined.addresses.insert(joined.addresses.end(), v4.addresses.begin(), v4.addresses.end());
    if (!joined.addresses.empty()) {
        joined.status = Status::Found;
        return joined;
    }
    // One that could not tell outweighs one that says there is nothing.
    const Answer& telling = unknown(v4.status) ? v4 : v6;
    joined.status = telling.status;
    joined.detail = telling.detail;
    if (v4.status == Status::NoData && v6.status == Status::NoName) joined.status = Status::NoData;
    return joined;
}

HostAddresses addresses_of(const std::string& host, Inquiry& inquiry) {
    if (const auto address = mail::IpAddress::parse(host)) return known({*address});
    if (is_localhost(host)) {
        return known(
            {mail::IpAddress::parse("::1").value(), mail::IpAddress::parse("127.0.0.1").value()});
    }
    const Pending v6 = inquiry.ask({host, RecordType::Aaaa});
    const Pending v4 = inquiry.ask({host, RecordType::A});
    return join(v4.wait(), v6.wait());
}

HostAddresses addresses_of(const std::string& host, Resolver& resolver, TimePoint deadline) {
    // The deadline is the only bound here: two questions cannot be too many.
    Inquiry inquiry(resolver,
                    {.lookups = 2, .per_lookup = std::chrono::hours(24), .deadline = deadline});
    return addresses_of(host, inquiry);
}

}  // namespace postern::dns

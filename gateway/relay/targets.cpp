#include "gateway/relay/targets.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "gateway/dns/inquiry.hpp"

namespace postern::relay {
namespace {

using dns::Answer;
using dns::RecordType;
using dns::Status;

bool by_dane(TlsMode mode) {
    return mode == TlsMode::Dane || mode == TlsMode::DaneOnly;
}

smtp::ClientTls asked_for(const HopTls& tls) {
    switch (tls.mode) {
        case TlsMode::None:
            return smtp::ClientTls::None;
        case TlsMode::Opportunistic:
        case TlsMode::Dane:  // without secure records
            return smtp::ClientTls::Opportunistic;
        case TlsMode::Required:
        case TlsMode::DaneOnly:
        case TlsMode::Pinned:
            return smtp::ClientTls::Required;
    }
    return smtp::ClientTls::Required;
}

TlsProof usual_proof(const HopSettings& settings, const std::string& host) {
    const std::string& name = settings.tls.name.empty() ? host : settings.tls.name;
    TlsProof proof{.server_name = name};
    if (settings.tls.mode == TlsMode::Required && settings.tls.verify) {
        proof.kind = TlsProof::Kind::Name;
        proof.names = {name};
    } else if (settings.tls.mode == TlsMode::Pinned) {
        proof.kind = TlsProof::Kind::Pin;
        proof.pins = settings.tls.pins;
    }
    return proof;
}

std::string told(const std::string& name, RecordType type, const Answer& answer) {
    return name + " " + std::string(dns::name(type)) + ": " +
           std::string(dns::name(answer.status)) +
           (answer.detail.empty() ? "" : " (" + answer.detail + ")");
}

Target at_address(const HopSettings& settings, std::string address, const std::string& host) {
    return {.endpoint = {.address = std::move(address), .port = settings.port},
            .tls = asked_for(settings.tls),
            .proof = usual_proof(settings, host)};
}

/// The look-ups for one server.
class LookUp {
public:
    LookUp(const HopSettings& settings, dns::Resolver& resolver, Clock::time_point deadline)
        : settings_(settings),
          inquiry_(resolver, {.per_lookup = settings.connect_timeout, .deadline = deadline}) {}

    Targets run() {
        if (settings_.mx) {
            exchanges();
        } else {
            hosts_ = {settings_.host};
        }
        for (const std::string& host : hosts_) {  // all on their way before one is waited for
            (void)inquiry_.ask({host, RecordType::A});
            (void)inquiry_.ask({host, RecordType::Aaaa});
        }
        for (const std::string& host : hosts_) add_host(host);
        return std::move(targets_);
    }

private:
    void note(const std::string& detail) {
        if (!targets_.detail.empty()) targets_.detail += "; ";
        targets_.detail += detail;
    }

    void exchanges() {
        const Answer mx = inquiry_.lookup({settings_.host, RecordType::Mx});
        secure_ = mx.secure;
        if (mx.status == Status::NoData) {  // RFC 5321 5.1: the domain itself
            hosts_ = {settings_.host};
            return;
        }
        if (!mx.found()) return note(told(settings_.host, RecordType::Mx, mx));
        for (const dns::Exchange& exchange : mx.exchanges) {
            if (exchange.host.empty()) {  // RFC 7505
                note(settings_.host + " takes no mail (null MX)");
            } else if (hosts_.size() < kMaxExchanges) {
                hosts_.push_back(exchange.host);
            }
        }
    }

    void add_host(const std::string& host) {
        const Answer v4 = inquiry_.lookup({host, RecordType::A});
        const Answer v6 = inquiry_.lookup({host, RecordType::Aaaa});
        if (dns::unknown(v4.status)) note(told(host, RecordType::A, v4));
        if (dns::unknown(v6.status)) note(told(host, RecordType::Aaaa, v6));
        if (!v4.found() && !v6.found()) {
            if (!dns::unknown(v4.status) && !dns::unknown(v6.status)) {
                note(host + " has no address");
            }
            return;
        }
        Target target = at_address(settings_, "", host);
        if (by_dane(settings_.tls.mode) && !prove_by_dane(host, v4, v6, target)) return;
        // Both families take turns: one that leads nowhere costs every second try only.
        for (std::size_t i = 0; i < std::max(v4.addresses.size(), v6.addresses.size()); ++i) {
            if (i < v6.addresses.size()) add(target, v6.addresses[i].text());
            if (i < v4.addresses.size()) add(target, v4.addresses[i].text());
        }
    }

    void add(Target target, std::string address) {
        if (targets_.found.size() >= kMaxTargets) return;
        target.endpoint.address = std::move(address);
        targets_.found.push_back(std::move(target));
    }

    /// False: this host must not be used.
    bool prove_by_dane(const std::string& host, const Answer& v4, const Answer& v6,
                       Target& target) {
        const bool secure = secure_ && (!v4.found() || v4.secure) && (!v6.found() || v6.secure);
        if (secure) {
            const std::string& canonical = v4.found() ? v4.canonical : v6.canonical;
            // RFC 7672 2.2.3: the name that the aliases lead to comes first.
            std::vector<std::string> bases;
            if (!canonical.empty() && !ascii_iequal(canonical, host)) bases.push_back(canonical);
            bases.push_back(host);
            for (const std::string& base : bases) {
                const std::string owner = "_" + std::to_string(settings_.port) + "._tcp." + base;
                const Answer tlsa = inquiry_.lookup({owner, RecordType::Tlsa});
                if (dns::unknown(tlsa.status)) {
                    // Whoever can suppress the answer must not get a delivery in the clear.
                    note(told(owner, RecordType::Tlsa, tlsa));
                    return false;
                }
                if (tlsa.found() && tlsa.secure) {
                    use(tlsa, base, target);
                    return true;
                }
            }
        }
        if (settings_.tls.mode == TlsMode::Dane) return true;
        note(host + " has no secure TLSA records");
        return false;
    }

    void use(const Answer& tlsa, const std::string& base, Target& target) {
        target.tls = smtp::ClientTls::Required;
        target.proof = {.kind = TlsProof::Kind::Dane, .server_name = base, .names = {base}};
        if (settings_.mx) target.proof.names.push_back(settings_.host);
        target.proof.tlsa = usable(tlsa.tlsa);
        // RFC 7672 2.2: records that nobody can use still say that TLS is there.
        if (target.proof.tlsa.empty()) target.proof.kind = TlsProof::Kind::None;
    }

    const HopSettings& settings_;
    dns::Inquiry inquiry_;
    std::vector<std::string> hosts_;
    bool secure_ = true;  ///< how `hosts_` was found
    Targets targets_;
};

}  // namespace

Targets look_up(const HopSettings& settings, dns::Resolver* resolver, Clock::time_point deadline) {
    const bool socket = settings.host.starts_with('/');
    const bool address = !settings.mx && mail::IpAddress::parse(settings.host).has_value();
    const bool local = !settings.mx && ascii_iequal(settings.host, "localhost");
    if (socket || address || local) {
        if (settings.tls.mode == TlsMode::DaneOnly) {
            return {.detail = settings.host + " has no TLSA records"};
        }
        if (!local) return {.found = {at_address(settings, settings.host, settings.host)}};
        // RFC 6761 6.3: never asked for.
        return {.found = {at_address(settings, "::1", settings.host),
                          at_address(settings, "127.0.0.1", settings.host)}};
    }
    if (resolver == nullptr) return {.detail = settings.host + ": there is no DNS to ask"};
    return LookUp(settings, *resolver, deadline).run();
}

}  // namespace postern::relay

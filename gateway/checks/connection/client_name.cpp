/// @file Reverse names. A mail server on purpose has one, and it leads back (RFC 1912 2.1); much of
/// what was taken over has not. RFC 7372 2 gives the codes.

#include "gateway/checks/names.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

using auth::IprevResult;

const std::vector<OptionKind>& defer_option() {
    static const std::vector<OptionKind> kOptions = {
        {"defer", false, 0, 0, "whether a client is told to come again when DNS does not answer"},
        {"permanent", true, 0, 0, "whether a refusal is 550, not 450"},
    };
    return kOptions;
}

smtp::Reply refusal(const Options& options, const char* words) {
    if (option<bool>(options, "permanent")) return {550, "5.7.25", words};
    return {450, "4.7.25", words};
}

std::optional<smtp::Reply> deferral(const Options& options) {
    if (!option<bool>(options, "defer")) return std::nullopt;
    return smtp::Reply{450, "4.7.25", "Your reverse name cannot be looked up now, try again later"};
}

void prepare(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    ask_client_name(tools.dns, facts.connection.client);
}

}  // namespace

const Check& no_ptr() {
    static const Check kCheck{
        .name = "no_ptr",
        .stage = Stage::Connection,
        .mode = Mode::Score,
        .options = defer_option(),
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            const mail::IpAddress& client = facts.connection.client;
            if (!facts.connection.reverse_names.empty()) return {};
            const dns::Answer reverse =
                tools.dns.lookup({dns::reverse_name(client), dns::RecordType::Ptr});
            if (reverse.found()) return {};
            if (dns::unknown(reverse.status)) {
                return {undecided("no_ptr", reverse.detail, deferral(options))};
            }
            return {refused("CLIENT_NO_PTR", client.text(),
                            refusal(options, "Your address has no reverse name"))};
        },
        .meaning = "The client's address has no reverse name.",
        .waits = Waits::Dns,
        .prepare = prepare};
    return kCheck;
}

const Check& fcrdns() {
    static const Check kCheck{
        .name = "fcrdns",
        .stage = Stage::Connection,
        .mode = Mode::Score,
        .options = defer_option(),
        .run = [](const Facts& facts, const Tools& tools, const Options& options) -> Opinions {
            const mail::IpAddress& client = facts.connection.client;
            const ClientName name = client_name(tools.dns, facts.connection);
            if (name.iprev.result == IprevResult::Pass) return {};
            if (name.iprev.result == IprevResult::TempError) {
                return {undecided("fcrdns", name.iprev.detail, deferral(options))};
            }
            if (name.reverse_names.empty()) return {};  // no_ptr says so
            return {refused("CLIENT_PTR_UNCONFIRMED",
                            client.text() + " is called " + name.reverse_names.front(),
                            refusal(options, "Your reverse name does not lead back"))};
        },
        .meaning = "No reverse name of the client leads back to its address.",
        .waits = Waits::Dns,
        .prepare = prepare};
    return kCheck;
}

}  // namespace postern::checks

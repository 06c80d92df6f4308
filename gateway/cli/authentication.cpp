#include "gateway/cli/authentication.hpp"

#include <ctime>

#include "gateway/dns/from_settings.hpp"

namespace postern::cli {
namespace {

/// The path without the angle brackets it may come in.
std::string without_brackets(std::string path) {
    if (path.starts_with('<') && path.ends_with('>')) return path.substr(1, path.size() - 2);
    return path;
}

auth::Sender sender_of(const Arguments& arguments) {
    auth::Sender sender;
    if (const auto text = arguments.value("ip")) {
        const auto address = mail::IpAddress::parse(*text);
        if (!address) throw UsageError("--ip is \"" + *text + "\"; an address is expected");
        sender.client = *address;
    }
    sender.helo = arguments.value("helo").value_or("");
    sender.reverse_path = without_brackets(arguments.value("from").value_or(""));
    const auto time = arguments.number("time", 0, std::int64_t{1} << 40);
    sender.time = time ? *time : static_cast<std::int64_t>(std::time(nullptr));
    return sender;
}

auth::AuthenticatorSettings settings_of(const settings::Settings& settings) {
    auto made = auth::authenticator_settings(settings.auth, settings.smtp.hostname);
    made.explain = true;  // who runs a command asks for it
    return made;
}

}  // namespace

std::vector<Option> envelope_options() {
    return {{"ip", "ADDRESS", "the client's address"},
            {"helo", "NAME", "what the client called itself"},
            {"from", "ADDRESS", "the reverse-path; \"\" is the null one"},
            {"to", "ADDRESS", "a forward-path; repeats"},
            {"tls", "WORDS", "protocol and cipher the client used"},
            {"time", "EPOCH", "seconds since 1970 instead of now"}};
}

Authentication::Authentication(const Arguments& arguments, const Context& context)
    : settings_(context.settings()),
      sender_(sender_of(arguments)),
      resolver_(std::make_unique<dns::Client>(dns::client_settings(settings_.dns))),
      authenticator_(settings_of(settings_)) {}

auth::Results Authentication::envelope() const {
    dns::Inquiry inquiry(*resolver_, dns::message_budget(settings_.dns));
    auth::Results results;
    authenticator_.envelope(sender_, inquiry, results);
    return results;
}

Outcome<auth::Results, std::string> Authentication::message(int file) const {
    auth::arc::SignedMessage taken = authenticator_.intake(sender_.time);
    const auto fed = feed_file(taken, file, auth::arc::LineEnds::Guess);
    if (!fed) {
        const bool big = fed.error() == auth::arc::FeedError::HeaderTooBig;
        return Failure{std::string(big ? "its header is too big" : "cannot be read")};
    }
    dns::Inquiry inquiry(*resolver_, dns::message_budget(settings_.dns));
    return authenticator_.all(sender_, taken, inquiry);
}

}  // namespace postern::cli

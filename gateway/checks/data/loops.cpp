/// @file Mail that goes round in circles: too many Received fields (RFC 5321 6.3), too many of our
/// own, or delivered already to whom it is for (Delivered-To).

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

struct Trace {
    std::size_t received = 0;
    std::size_t ours = 0;
    std::vector<std::string> delivered_to;
};

/// One field after the other, folded lines joined by what folded them.
Trace read_trace(std::string_view header, std::string_view hostname) {
    Trace trace;
    const std::string by = "by " + ascii_lower(hostname) + " ";
    for (std::size_t at = 0; at < header.size();) {
        std::size_t end = header.find('\n', at);
        while (end != std::string_view::npos && end + 1 < header.size() &&
               (header[end + 1] == ' ' || header[end + 1] == '\t')) {
            end = header.find('\n', end + 1);
        }
        const std::size_t stop = std::min(end, header.size());
        const std::string_view field = header.substr(at, stop - at);
        at = stop + 1;
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view name = field.substr(0, colon);
        if (ascii_iequal(name, "Received")) {
            ++trace.received;
            if (ascii_lower(field).find(by) != std::string::npos) ++trace.ours;
        } else if (ascii_iequal(name, "Delivered-To")) {
            std::string_view value = field.substr(colon + 1);
            while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
                value.remove_prefix(1);
            }
            while (!value.empty() && (value.back() == ' ' || value.back() == '\r')) {
                value.remove_suffix(1);
            }
            trace.delivered_to.push_back(ascii_lower(value));
        }
    }
    return trace;
}

Opinion loop(const std::string& detail) {
    return refused("MAIL_LOOP", detail,
                   {554, "5.4.6", "Too many hops, this looks like a mail loop"});
}

Opinions run(const Facts& facts, const Tools& tools, const Options& options) {
    const MessageFacts& message = *facts.message;
    const Trace trace = read_trace(message.header, facts.connection.hostname);
    const auto own = static_cast<std::size_t>(option<std::int64_t>(options, "own"));
    if (trace.received >= tools.settings.smtp.max_hops) {
        return {loop(std::to_string(trace.received) + " Received fields")};
    }
    if (trace.ours >= own) return {loop("passed here " + std::to_string(trace.ours) + " times")};
    for (const mail::Mailbox& each : message.recipients) {
        const auto& list = trace.delivered_to;
        if (std::find(list.begin(), list.end(), ascii_lower(each.text())) != list.end()) {
            return {loop("was delivered to " + each.text() + " before")};
        }
    }
    return {};
}

}  // namespace

const Check& loops() {
    static const std::vector<OptionKind> kOptions = {
        {"own", std::int64_t{4}, 1, 100, "Received fields of ours that make a loop"}};
    static const Check kCheck{.name = "loops",
                              .stage = Stage::Data,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .run = run,
                              .meaning = "The message goes round in circles.",
                              .always = true};
    return kCheck;
}

}  // namespace postern::checks

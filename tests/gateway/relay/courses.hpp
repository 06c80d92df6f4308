#pragma once

/// @file One whole transaction with a next hop, told in words.

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/relay/next_hop.hpp"
#include "tests/gateway/relay/hops.hpp"

namespace postern::relay {

inline constexpr std::string_view kPrefix = "Received: from client.test\r\n\tby gw.test\r\n";

inline mail::Mailbox mailbox(std::string_view text) {
    auto parsed = mail::Mailbox::parse(text);
    if (!parsed) std::abort();
    return std::move(parsed).value();
}

inline HopSettings at(std::uint16_t port) {
    return {.port = port, .tls = {.mode = TlsMode::None}, .helo_name = "gw.test"};
}

inline Envelope from(std::string_view sender) {
    return {.reverse_path = mailbox(sender)};
}

/// What one transaction came to.
struct Course {
    std::vector<std::string> recipients = {};  ///< answers to RCPT
    Certainty certainty = Certainty::NotSent;
    std::vector<std::string> replies = {};  ///< after the message
    std::string problem = {};  ///< what the operator hears: of the last RCPT, or of the message
};

inline std::string spoken(const smtp::PeerReply& reply) {
    return std::to_string(reply.code) + ' ' + reply.words();
}

inline Course deliver(NextHop& hop, const std::vector<std::string>& recipients,
                      std::string_view message,
                      const Envelope& envelope = from("alice@sender.test")) {
    Course course;
    auto begun = hop.begin(envelope);
    if (!begun) {
        course.problem = begun.error().detail;
        return course;
    }
    Delivery delivery = std::move(begun).value();
    for (const std::string& recipient : recipients) {
        course.recipients.push_back(spoken(delivery.recipient({mailbox(recipient)})));
    }
    course.problem = delivery.problem();
    const UniqueFd file = testing_support::file_with(message);
    const Sent sent = delivery.send(kPrefix, file.get(), message.size());
    course.certainty = sent.certainty;
    for (const auto& reply : sent.replies) course.replies.push_back(spoken(reply));
    if (!sent.replies.empty()) course.problem = sent.detail;
    return course;
}

inline Delivery begun(NextHop& hop) {
    auto delivery = hop.begin(from("alice@sender.test"));
    if (!delivery) std::abort();
    return std::move(delivery).value();
}

/// One that has a connection: the first recipient makes it.
inline Delivery asked(NextHop& hop) {
    Delivery delivery = begun(hop);
    if (!delivery.recipient({mailbox("bob@dest.test")}).positive()) std::abort();
    return delivery;
}

inline constexpr const char* kDown = "451 4.4.1 Next hop is not available, try again later";
using Words = std::vector<std::string>;

}  // namespace postern::relay

/// @file Any arguments of XCLIENT: what is taken holds only what a host name, an address or a port
/// may hold, and said again in the canonical form it is taken for the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gateway/smtp/introduction.hpp"

namespace {

using namespace postern::smtp;
using State = IntroducedText::State;

std::string encoded(const std::string& text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte > 0x7e) std::abort();  // no such text may have been taken
        if (c == '+' || c == '=') {
            out += {'+', kHex[byte >> 4U], kHex[byte & 15U]};
        } else {
            out += c;
        }
    }
    return out;
}

void say(std::string& command, const char* name, const IntroducedText& text) {
    if (text.state == State::NotSaid) return;
    if (text.state == State::Said && (text.text.empty() || text.text.size() > 255)) std::abort();
    command += std::string(" ") + name + "=";
    command += text.state == State::Said          ? encoded(text.text)
               : text.state == State::Unavailable ? "[UNAVAILABLE]"
                                                  : "[TEMPUNAVAIL]";
}

void say(std::string& command, const char* name,
         const std::optional<postern::mail::IpAddress>& address) {
    if (!address) return;
    command += std::string(" ") + name + "=" + (address->is_v4() ? "" : "IPV6:") + address->text();
}

void say(std::string& command, const char* name, const std::optional<std::uint16_t>& port) {
    if (port) command += std::string(" ") + name + "=" + std::to_string(*port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string argument(data, data + size);
    const auto first = parse_xclient(argument);
    if (!first) return first.error().positive() ? (std::abort(), 0) : 0;
    std::string command;
    say(command, "NAME", first->name);
    say(command, "HELO", first->helo);
    say(command, "LOGIN", first->login);
    say(command, "ADDR", first->address);
    say(command, "DESTADDR", first->local_address);
    say(command, "PORT", first->port);
    say(command, "DESTPORT", first->local_port);
    if (first->extended) command += *first->extended ? " PROTO=ESMTP" : " PROTO=SMTP";
    if (command.empty()) return 0;  // nothing but addresses that are unavailable
    const auto again = parse_xclient(command);
    if (!again || !(*again == *first)) std::abort();
    return 0;
}

/// @file Clients whose recipients are all refused: how many refusals a second does a server give?
///
///     reject_clients PORT SECONDS CONNECTIONS RECIPIENTS ADDRESS SOURCES
///
/// Each session: banner, EHLO, MAIL, RECIPIENTS times RCPT, QUIT, a command after each reply.
/// SOURCES is how many addresses of 127/8 they come from; 0: all from 127.0.0.1.

#include <algorithm>
#include <array>

#include "tests/bench/smtp_front/clients.hpp"

namespace {

using namespace std::chrono_literals;
using postern::bench::Clients;
using postern::bench::Clock;
using postern::bench::Script;

unsigned long number(const char* text) {
    return std::strtoul(text, nullptr, 10);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 7) {
        std::fprintf(stderr,
                     "reject_clients PORT SECONDS CONNECTIONS RECIPIENTS ADDRESS SOURCES\n");
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(number(arguments[1]));
    const auto seconds = std::chrono::seconds(number(arguments[2]));
    const std::size_t at_once = number(arguments[3]);
    const std::size_t recipients = number(arguments[4]);
    const std::string address = arguments[5];
    const auto sources = static_cast<unsigned>(number(arguments[6]));

    Script script{{"EHLO client.sender.example\r\n", "MAIL FROM:<alice@sender.example>\r\n"}};
    for (std::size_t i = 0; i < recipients; ++i) {
        script.lines.push_back("RCPT TO:<" + address + ">\r\n");
    }
    script.lines.push_back("QUIT\r\n");
    const std::size_t first_refusal = 3;  // behind banner, EHLO and MAIL

    Clients clients(port);
    clients.local_only = sources == 0;
    unsigned long refused = 0;
    unsigned long sessions = 0;
    unsigned long odd = 0;
    clients.heard = [&](const Clients::Client& client) {
        const bool recipient =
            client.step >= first_refusal && client.step < first_refusal + recipients;
        const bool positive = client.reply.starts_with('2');
        if (recipient && client.reply.starts_with("55")) {
            ++refused;
        } else if (!recipient && positive) {
            if (client.step == script.lines.size()) ++sessions;
        } else if (odd++ == 0) {
            std::fprintf(stderr, "odd: %s\n", client.reply.c_str());
        }
    };
    const auto began = Clock::now();
    for (unsigned next = 0; Clock::now() - began < seconds || clients.count() > 0;) {
        const bool more = Clock::now() - began < seconds;
        while (more && clients.count() < at_once)
            clients.open(script, next++ % std::max(1U, sources));
        clients.run(10ms);
    }
    const std::chrono::duration<double> took = Clock::now() - began;
    std::printf("{\"seconds\": %.3f, \"sessions\": %lu, \"refused\": %lu, \"odd\": %lu}\n",
                took.count(), sessions, refused, odd);
    return 0;
}

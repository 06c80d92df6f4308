#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/checks/run.hpp"
#include "gateway/dns/inquiry.hpp"
#include "gateway/net/dialogue.hpp"
#include "gateway/transaction/services.hpp"

namespace postern::transaction {

/// One client from accept to close. Its dialogue changes it, on the reactor; jobs read it, also
/// when the client has gone, but only what is fixed before they begin.
struct Visit {
    Visit(const Services& shared, const net::ClientFacts& known);

    const Services& services;
    const net::ClientFacts client;
    const std::string id;  ///< in replies before MAIL and in the log
    dns::Inquiry inquiry;  ///< of the connection and HELO
    checks::Facts facts;   ///< connection; helo once it was said
    checks::Heard at_connect;
    checks::Heard at_helo;
    std::optional<net::TlsFacts> tls;

    // For the log line.
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    std::string_view stage = "connect";  ///< how far it came
    std::string refused_by;              ///< check that refused last
    std::string refusal;                 ///< last negative reply of ours
    std::uint32_t messages = 0;          ///< ended with an answer to the message
    std::uint32_t recipients = 0;        ///< accepted
    std::uint32_t refusals = 0;          ///< negative replies of ours
    std::uint32_t errors = 0;            ///< commands and recipients refused for good
    std::uint32_t errors_counted = 0;    ///< of them in the state store
    int last_code = 0;                   ///< of our last answer
    bool quit = false;
};

/// What a client meets whose name and HELO a listed proxy has told: they are taken as said.
void take_introduction(const smtp::Introduction& said, checks::Facts& facts);

/// Counts what `errors` has grown by since the last time; a client with too many in a minute comes
/// nearer to a ban. On the reactor.
void count_errors(const std::shared_ptr<Visit>& visit);

/// For what is told to the state store and nobody waits for: done at once where the store does not
/// wait, else on a decision thread. What finds no thread is lost.
void tell_store(const Services& services, const std::function<void()>& job);

/// Runs a part of a stage's checks on `facts`, and counts them.
void examine(const Services& services, checks::Stage stage, checks::Part part,
             const checks::Facts& facts, dns::Inquiry& inquiry, checks::Heard& heard);
/// Starts the questions of a stage's checks: whoever examines with this inquiry later waits less.
void ask_ahead(const Services& services, checks::Stage stage, const checks::Facts& facts,
               dns::Inquiry& inquiry);
/// One check by its name.
void examine_one(const Services& services, std::string_view check, const checks::Facts& facts,
                 dns::Inquiry& inquiry, checks::Heard& heard);

/// The client did something that counts towards a ban: `what` is the option of the check `banned`
/// that says how many points it is worth. May wait for the store.
void offend(const Services& services, const checks::ConnectionFacts& client, std::string_view what,
            const std::string& reason);

/// What a reactor may run of a stage: the checks that never wait, and those of the store where it
/// does not wait. Ends at a refusal.
void examine_at_once(const Services& services, checks::Stage stage, const checks::Facts& facts,
                     dns::Inquiry& inquiry, checks::Heard& heard);
/// True when examine_waiting() would find something.
[[nodiscard]] bool needs_thread(const Services& services, checks::Stage stage,
                                const checks::Facts& facts);
/// The others of a stage but those that are deferred, in the order of their turns. May wait; ends
/// at a refusal.
void examine_waiting(const Services& services, checks::Stage stage, const checks::Facts& facts,
                     dns::Inquiry& inquiry, checks::Heard& heard);

/// `reply` with the id that leads to the log, behind its text.
[[nodiscard]] smtp::Reply traced(smtp::Reply reply, const std::string& id);
/// "550 5.7.1 words".
[[nodiscard]] std::string words_of(const smtp::Reply& reply);

/// "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none.
[[nodiscard]] std::string tls_words(const std::optional<net::TlsFacts>& tls);

/// The line that is written when a client has gone, whatever became of it.
void log_connection(const Visit& visit, net::Ending why);

}  // namespace postern::transaction

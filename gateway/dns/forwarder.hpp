#pragma once

/// @file Asks recursive servers over UDP, and TCP where UDP does not do.

#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include "gateway/dns/attempt.hpp"
#include "gateway/dns/dice.hpp"
#include "gateway/dns/source.hpp"

namespace postern::dns {

/// What we remember of one server.
struct ServerHealth {
    enum class Edns { Unknown, Works, Broken };

    Server server;
    unsigned silences = 0;  ///< queries in a row that got no answer in time
    TimePoint rests_until = {};
    Edns edns = Edns::Unknown;
    TimePoint edns_again = {};  ///< Broken until then
};

struct ForwarderLimits {
    std::chrono::milliseconds retry_after;
    std::size_t tcp_in_flight;
    std::size_t max_records;
};

class Forwarder final : public Source {
public:
    static constexpr unsigned kMaxQueries = 12;  ///< packets sent for one question
    static constexpr unsigned kMaxForeign = 16;  ///< packets that do not fit, then TCP
    static constexpr unsigned kSilencesToRest = 3;
    static constexpr std::chrono::seconds kRest{10};
    static constexpr std::chrono::minutes kWithoutEdns{10};

    Forwarder(const Loop& loop, const std::vector<Server>& servers, ForwarderLimits limits);
    ~Forwarder() override;
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    Ticket fetch(const std::string& name, RecordType type, Fetched done) override;
    void cancel(Ticket ticket) override;
    [[nodiscard]] std::string trouble(Ticket ticket) const override;

private:
    struct Course;
    enum class Outcome { Goes, Over };

    void send_next(Course& course);
    void send_udp(Course& course, std::size_t server, bool edns);
    void send_tcp(Course& course, std::size_t server);
    [[nodiscard]] Query make_query(const Course& course, bool edns, bool scramble);
    [[nodiscard]] bool use_edns(const Course& course, std::size_t server);
    [[nodiscard]] std::size_t pick_server(const Course& course);
    void on_ready(std::uint64_t number);
    [[nodiscard]] static Attempt::Label next_label(Course& course, std::size_t server);
    void on_alarm(Ticket ticket);
    Outcome take(Course& course, const Attempt& attempt, Reply reply);
    void give_up_on(Course& course, const Attempt& attempt, const std::string& why);
    void drop(Course& course, const Attempt& attempt);
    void finish(Course& course, Reading reading);

    const Loop& loop_;
    std::vector<ServerHealth> servers_;
    const ForwarderLimits limits_;
    Dice dice_;
    Datagram datagram_{};
    TcpPlaces tcp_places_;
    Ticket last_ticket_ = 0;
    std::unordered_map<Ticket, std::unique_ptr<Course>> courses_;
};

}  // namespace postern::dns

#pragma once

/// @file Answers that are checked against a DNSSEC trust anchor, by libunbound.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/dns/loop.hpp"
#include "gateway/dns/servers.hpp"
#include "gateway/dns/source.hpp"

struct ub_ctx;

namespace postern::dns {

struct ValidatorLimits {
    std::string trust_anchor;  ///< file with DS or DNSKEY records
    std::size_t in_flight;
    std::size_t max_records;
};

class Validator final : public Source {
public:
    /// Throws std::runtime_error when libunbound refuses the anchor or a server.
    Validator(const Loop& loop, const std::vector<Server>& servers, const ValidatorLimits& limits);
    ~Validator() override;
    Validator(const Validator&) = delete;
    Validator& operator=(const Validator&) = delete;

    Ticket fetch(const std::string& name, RecordType type, Fetched done) override;
    void cancel(Ticket ticket) override;
    [[nodiscard]] std::string trouble(Ticket ticket) const override;

private:
    struct Course;
    struct ContextFree {
        void operator()(ub_ctx* owned) const;
    };
    /// libunbound's words: packet, its size, 0 unproven / 1 bogus / 2 secure, why bogus.
    static void on_answer(void* course, int code, void* packet, int size, int security, char* why,
                          int rate_limited);
    void configure(const std::vector<Server>& servers, const ValidatorLimits& limits);
    void settle(Course& course, Reading reading);
    void deliver();

    const std::size_t max_records_;
    std::unique_ptr<ub_ctx, ContextFree> context_;
    Ticket last_ticket_ = 0;
    std::map<Ticket, std::unique_ptr<Course>> courses_;
    std::vector<Ticket> settled_;
    Alarm delivery_;
};

}  // namespace postern::dns

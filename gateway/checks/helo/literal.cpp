/// @file An address literal in HELO that is not the client's own address is a lie, or a host behind
/// address translation that should use a name (RFC 5321 4.1.4).

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& helo_literal() {
    static const Check kCheck{
        .name = "helo_literal",
        .stage = Stage::Helo,
        .mode = Mode::Score,
        .run = [](const Facts& facts, const Tools& /*tools*/,
                  const Options& /*options*/) -> Opinions {
            const std::string& said = facts.helo->argument;
            auto address = mail::IpAddress::parse_literal(said);
            if (!address) address = mail::IpAddress::parse(said);
            if (!address || *address == facts.connection.client) return {};
            return {refused("HELO_FOREIGN_LITERAL", said,
                            {550, "5.7.1", "HELO names an address that is not yours"})};
        },
        .meaning = "HELO names an address that is not the client's."};
    return kCheck;
}

}  // namespace postern::checks

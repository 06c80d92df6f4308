/// @file RFC 5321 3.1: the client waits for the greeting. Programs that only pour mail out do not.
/// The wait itself is made by gateway/transaction; the check says what it means.

#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

const Check& pregreet() {
    using std::chrono::milliseconds;
    static const std::vector<OptionKind> kOptions = {
        {"wait", milliseconds(6'000), 0, 60'000, "how long the banner is kept back"},
        {"stress_wait", milliseconds(1'000), 0, 60'000, "the same under overload"},
        {"remember", milliseconds(std::chrono::hours(24 * 7)), 0, 30.0 * 24 * 3600 * 1000,
         "how long a client that waited need not wait again"},
    };
    static const Check kCheck{
        .name = "pregreet",
        .stage = Stage::Connection,
        .mode = Mode::Enforce,
        .options = kOptions,
        .run =
            [](const Facts& facts, const Tools& /*tools*/, const Options& /*options*/) {
                Opinions said;
                if (facts.connection.early_talker) {
                    said.push_back(refused("EARLY_TALKER", facts.connection.client.text(),
                                           {521, "5.5.1", "Protocol error"}));
                }
                return said;
            },
        .meaning = "The client spoke before it was greeted.",
        .waits = Waits::Event};
    return kCheck;
}

}  // namespace postern::checks

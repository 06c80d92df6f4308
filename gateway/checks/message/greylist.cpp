/// @file Mail of strangers that is neither clean nor spam waits until its sender tries again
/// (RFC 6647). The score decides who is asked, so this is no opinion but a step behind the verdict;
/// gateway/transaction takes it.

#include "gateway/checks/message/grey_band.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Check& greylist() {
    constexpr double kDay = 24.0 * 3600 * 1000;
    static const std::vector<OptionKind> kOptions = {
        {"from", 4.0, -1000, 1000, "score from which mail waits"},
        {"to", 8.0, -1000, 1000, "score from which it does not: the verdict has better means"},
        {"delay", milliseconds(std::chrono::minutes(2)), 1000, kDay, "a retry before is too early"},
        {"window", milliseconds(hours(24)), 1000, 30 * kDay, "a retry after is a first try"},
        {"life", milliseconds(hours(24 * 40)), 1000, 365 * kDay, "of a pass, from its last use"},
        {"learn_after", std::int64_t{5}, 0, 1000,
         "waits a host sat out before it waits no more; 0: it always waits"},
        {"recipients_exempt", std::vector<std::string>{}, 0, 0,
         "\"user@a.example\", \"a.example\", \".a.example\": never wait"},
        {"senders_exempt", std::vector<std::string>{}, 0, 0, "likewise"},
    };
    static const Check kCheck{.name = "greylist",
                              .stage = Stage::Message,
                              .mode = Mode::Enforce,
                              .options = kOptions,
                              .meaning = "Mail of strangers in the grey band of scores waits.",
                              .waits = Waits::Store};
    return kCheck;
}

GreyBand grey_band(const Options& options) {
    const auto time = [&](std::string_view key) {
        return duration_cast<seconds>(option<milliseconds>(options, key));
    };
    GreyBand band;
    band.from = option<double>(options, "from");
    band.to = option<double>(options, "to");
    band.settings.delay = time("delay");
    band.settings.window = time("window");
    band.settings.life = time("life");
    band.settings.host_life = time("life");
    band.settings.learn_after = option<std::int64_t>(options, "learn_after");
    band.settings.recipients_exempt =
        option<std::vector<std::string>>(options, "recipients_exempt");
    band.settings.senders_exempt = option<std::vector<std::string>>(options, "senders_exempt");
    return band;
}

}  // namespace postern::checks

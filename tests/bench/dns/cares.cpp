#include "tests/bench/dns/cares.hpp"

#ifdef POSTERN_HAVE_CARES

#include <ares.h>
#include <arpa/nameser.h>
#include <sys/select.h>

#include <array>

namespace postern::bench {
namespace {

struct Round {
    int waiting = 0;
    int found = 0;
};

void on_answer(void* context, int status, int /*timeouts*/, unsigned char* bytes, int size) {
    auto* round = static_cast<Round*>(context);
    --round->waiting;
    if (status != ARES_SUCCESS) return;
    std::array<ares_addrttl, 4> addresses{};
    int count = static_cast<int>(addresses.size());
    if (ares_parse_a_reply(bytes, size, nullptr, addresses.data(), &count) == ARES_SUCCESS) {
        round->found += count > 0 ? 1 : 0;
    }
}

void process(ares_channel channel) {
    fd_set reading;
    fd_set writing;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    const int count = ares_fds(channel, &reading, &writing);
    timeval most{1, 0};
    timeval buffer{};
    timeval* wait = ares_timeout(channel, &most, &buffer);
    select(count, &reading, &writing, nullptr, wait);
    ares_process(channel, &reading, &writing);
}

}  // namespace

int ask_all_with_cares(const std::string& server, int names, int window) {
    ares_library_init(ARES_LIB_INIT_ALL);
    ares_channel channel{};
    if (ares_init(&channel) != ARES_SUCCESS) return -1;
    ares_set_servers_ports_csv(channel, server.c_str());
    Round round;
    for (int i = 0; i < names; ++i) {
        while (round.waiting >= window) process(channel);
        ++round.waiting;
        const std::string name = "h" + std::to_string(i) + ".example";
        ares_query(channel, name.c_str(), ns_c_in, ns_t_a, &on_answer, &round);
    }
    while (round.waiting > 0) process(channel);
    ares_destroy(channel);
    ares_library_cleanup();
    return round.found;
}

}  // namespace postern::bench

#else

namespace postern::bench {
int ask_all_with_cares(const std::string& /*server*/, int /*names*/, int /*window*/) {
    return -1;
}
}  // namespace postern::bench

#endif

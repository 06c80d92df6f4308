/// @file main() of `postern-lookup`: fetches the feeds of [[lists.feed]], the only process of ours
/// that fetches from outside.
///
/// Security: talks HTTPS to the hosts of the feeds and DNS to our servers; writes list files into
/// one folder. Runs as postern-lookup when started as root, confined (confine.hpp). It parses lists
/// and nothing else. Taken over, it can lie about reputation.

#include <curl/curl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "gateway/control/channel.hpp"
#include "gateway/dns/client.hpp"
#include "gateway/observe/log.hpp"
#include "gateway/reputation/lookup/confine.hpp"
#include "gateway/reputation/lookup/feed.hpp"

namespace postern::reputation {
namespace {

constexpr int kCouldNot = 2;
constexpr int kConfiguration = 78;
constexpr std::size_t kMaxSettings = std::size_t{4} << 20;

std::string content_of(int descriptor) {
    std::string text;
    std::array<char, 65536> buffer{};
    for (off_t at = 0; text.size() <= kMaxSettings;) {
        const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), at);
        if (got <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        at += got;
    }
    return text;
}

/// Read before we are confined; libcurl would look for the file at each connection.
std::string load_authorities(const std::string& path) {
    const std::string file = path.empty() ? "/etc/ssl/certs/ca-certificates.crt" : path;
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (text.str().empty()) throw std::runtime_error(file + ": cannot be read");
    return std::move(text).str();
}

UniqueFd take_signals() {
    sigset_t set = {};
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC));
}

/// Every feed in a thread of its own: a slow one holds up no other.
class Fetchers {
public:
    Fetchers(const LookupSettings& settings, const std::string& authorities, observe::Log& log)
        : folder_(settings.folder), resolver_(client_settings(settings)), log_(log) {
        for (const LookupFeed& each : settings.feeds) {
            feeds_.push_back(
                std::make_unique<Feed>(each, folder_, resolver_, authorities, stopping_));
        }
    }
    ~Fetchers() { stop(); }
    Fetchers(const Fetchers&) = delete;
    Fetchers& operator=(const Fetchers&) = delete;

    void start() {
        for (const auto& each : feeds_) threads_.emplace_back([this, &each] { serve(*each); });
    }
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        for (std::thread& each : threads_) each.join();
        threads_.clear();
    }

private:
    static dns::ClientSettings client_settings(const LookupSettings& settings) {
        dns::ClientSettings made;
        made.servers = dns::read_servers(settings.dns_servers);
        made.timeout = std::chrono::seconds(10);
        return made;
    }

    void serve(Feed& feed) {
        for (;;) {
            const auto wait = feed.wait(static_cast<std::int64_t>(std::time(nullptr)));
            {
                std::unique_lock lock(mutex_);
                if (wake_.wait_for(lock, wait, [this] { return stopping_.load(); })) return;
            }
            const FeedRound round = feed.round();
            if (stopping_) return;
            tell(feed, round);
        }
    }

    void tell(const Feed& feed, const FeedRound& round) {
        switch (round.kind) {
            case FeedRound::Kind::Fresh:
                log_.line(observe::Level::Info, "feed_fresh",
                          {{"feed", feed.name()}, {"entries", round.entries}, {"bad", round.bad}});
                break;
            case FeedRound::Kind::Unchanged:
                log_.line(observe::Level::Debug, "feed_unchanged", {{"feed", feed.name()}});
                break;
            case FeedRound::Kind::Failed:
                log_.line(observe::Level::Warning, "feed_failed",
                          {{"feed", feed.name()}, {"error", round.why}});
                break;
        }
    }

    FeedFolder folder_;
    dns::Client resolver_;
    observe::Log& log_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<bool> stopping_{false};
    std::vector<std::unique_ptr<Feed>> feeds_;
    std::vector<std::thread> threads_;
};

/// Returns when a signal says stop, or the supervisor is gone.
void wait_for_end(int signals, int control) {
    std::array<pollfd, 2> watched = {pollfd{signals, POLLIN, 0}, pollfd{control, POLLIN, 0}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0) continue;
        if (watched[0].revents != 0) return;
        if (watched[1].revents == 0) continue;
        std::array<char, 64> ignored = {};
        if (::read(control, ignored.data(), ignored.size()) <= 0) return;
    }
}

int complain(const std::string& what, int code) {
    std::cerr << "postern-lookup: " << what << std::endl;
    return code;
}

int run(const std::vector<std::string>& arguments) {
    int descriptor = -1;
    if (arguments.size() == 2 && arguments[0] == "--settings-fd") {
        const char* end = arguments[1].data() + arguments[1].size();
        std::from_chars(arguments[1].data(), end, descriptor);
    }
    if (descriptor < 0) return complain("usage: postern-lookup --settings-fd NUMBER", kCouldNot);
    const UniqueFd source(descriptor);
    const auto settings = read_lookup_settings(content_of(source.get()));
    if (!settings) return complain("settings: " + settings.error(), kConfiguration);
    const std::string authorities = load_authorities(settings->authorities);
    // One that is being replaced finishes first. Signals still end us meanwhile.
    const auto lock = FeedFolder(settings->folder).lock();
    if (!lock) return complain(lock.error(), kCouldNot);
    const UniqueFd signals = take_signals();  // before the first thread
    if (::curl_global_init(CURL_GLOBAL_DEFAULT) != 0) return complain("libcurl", kCouldNot);
    if (const auto problem = confine(settings->folder)) return complain(*problem, kCouldNot);
    observe::Log log(UniqueFd(::dup(STDERR_FILENO)), {observe::Level::Info, 1024});
    Fetchers fetchers(*settings, authorities, log);
    fetchers.start();
    if (settings->control_fd >= 0) {
        const control::Channel channel{UniqueFd(::dup(settings->control_fd))};
        if (!channel.send(control::Notice::Ready)) return complain("no supervisor", kCouldNot);
    }
    wait_for_end(signals.get(), settings->control_fd);
    fetchers.stop();
    return 0;
}

}  // namespace
}  // namespace postern::reputation

int main(int count, char** values) {
    if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return 2;
    ::prctl(PR_SET_NAME, "lookup", 0, 0, 0);
    try {
        return postern::reputation::run(std::vector<std::string>(values + 1, values + count));
    } catch (const std::exception& error) {
        std::cerr << "postern-lookup: " << error.what() << '\n';
        return 2;
    }
}

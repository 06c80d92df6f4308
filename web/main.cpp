// postern-web: the review page and its API. Security: talks to browsers over TLS on its own
// listener and to the quarantine's files; runs as a user that can do nothing else. Taken over, it
// could show held mail and ask for releases; it cannot send mail, and has no parser of mail to be
// taken over by.

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "web/server/app_files.hpp"
#include "web/settings.hpp"

namespace postern::web {
namespace {

constexpr int kCouldNot = 2;
constexpr int kConfiguration = 78;
constexpr std::size_t kMaxSettings = std::size_t{1} << 20;

int complain(const std::string& what, int code) {
    std::cerr << "postern-web: " << what << '\n';
    return code;
}

std::optional<std::string> read_whole(int descriptor) {
    std::string text;
    std::array<char, 4096> piece = {};
    for (off_t at = 0; text.size() <= kMaxSettings;) {
        // A memfd that somebody else has read is at its end: read from the start in any case.
        ssize_t got = ::pread(descriptor, piece.data(), piece.size(), at);
        if (got < 0 && errno == ESPIPE) got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
        at += got;
    }
    return std::nullopt;
}

/// "/usr/bin/postern-web" finds "/usr/share/postern/web", and a build folder looks the same.
std::string app_beside_program() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return (program.parent_path().parent_path() / "share/postern/web").string();
}

Outcome<std::unique_ptr<quarantine::Store>, std::string> open_store(const Settings& settings) {
    const auto key = settings.key_fd >= 0
                         ? quarantine::Key::from_fd(settings.key_fd)
                         : quarantine::Key::load_or_create(settings.quarantine.key);
    if (!key) return Failure{"quarantine key: " + key.error().detail};
    auto store = quarantine::Store::open(settings.quarantine, *key);
    if (!store) return Failure{"quarantine: " + store.error().detail};
    return std::move(store).value();
}

UniqueFd stop_signals() {
    sigset_t set = {};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC));
}

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

Response answer(Api& api, const AppFiles& app, const Request& request) {
    const std::string_view path = request.path;
    if (path == Api::kPrefix || path.starts_with(std::string(Api::kPrefix) + "/")) {
        return api.answer(request);
    }
    auto file = app.answer(request);
    if (!file) return Response::failure(404, "not-found", "No such page.");
    if (request.unsafe()) return Response::failure(405, "method", "A page can only be read.");
    return *file;
}

int serve(const Settings& settings, const UniqueFd& signals) {
    auto app = AppFiles::load(settings.app.empty() ? app_beside_program() : settings.app);
    if (!app) return complain("page: " + app.error(), kCouldNot);
    const auto store = open_store(settings);
    if (!store) return complain(store.error(), kCouldNot);
    auto listener = settings.listen_fd >= 0
                        ? Outcome<UniqueFd, std::string>(UniqueFd(settings.listen_fd))
                        : listen_on(settings.listen);
    if (!listener) return complain(listener.error(), kCouldNot);
    const std::string endpoint = local_endpoint(listener->get());

    ServerSettings server_settings = settings.server;
    if (const auto host = host_name(endpoint)) server_settings.guard.hosts.push_back(*host);
    Api api(**store, settings.api);
    const AppFiles& files = *app;
    const auto server =
        Server::start(std::move(listener).value(), server_settings,
                      [&](const Request& request) { return answer(api, files, request); });
    if (!server) return complain(server.error(), kCouldNot);
    std::cerr << "postern-web: serving https://" << endpoint << "/\n";
    if (settings.control_fd >= 0) {
        std::ignore = ::send(settings.control_fd, "R", 1, MSG_NOSIGNAL);
    }
    wait_for_end(signals.get(), settings.control_fd);
    return 0;
}

int run(const std::vector<std::string>& arguments) {
    int descriptor = -1;
    if (arguments.size() == 2 && arguments[0] == "--settings-fd") {
        const char* end = arguments[1].data() + arguments[1].size();
        std::from_chars(arguments[1].data(), end, descriptor);
    }
    if (descriptor < 0) return complain("usage: postern-web --settings-fd NUMBER", kCouldNot);
    const UniqueFd source(descriptor);
    const auto text = read_whole(source.get());
    if (!text) return complain("settings: cannot be read", kCouldNot);
    const auto settings = parse_settings(*text);
    if (!settings) return complain("settings: " + settings.error(), kConfiguration);
    const UniqueFd signals = stop_signals();
    return serve(*settings, signals);
}

}  // namespace
}  // namespace postern::web

int main(int count, char** values) {
    if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return 2;
    // Nothing here starts another program, and other processes of this user have no business here.
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    try {
        return postern::web::run(std::vector<std::string>(values + 1, values + count));
    } catch (const std::exception& error) {
        std::cerr << "postern-web: " << error.what() << '\n';
        return 2;
    }
}

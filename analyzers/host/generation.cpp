#include "analyzers/host/generation.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>
#include <utility>

#include "analyzers/host/sealed_message.hpp"
#include "sandbox/spawn.hpp"

namespace postern::host {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string in_words(int error) {
    return std::error_code(error, std::generic_category()).message();
}

bool readable(int descriptor) {
    pollfd waiting = {descriptor, POLLIN, 0};
    return descriptor >= 0 && ::poll(&waiting, 1, 0) > 0;
}

std::string how_it_ended(int process) {
    siginfo_t about{};
    if (::waitid(P_PIDFD, static_cast<id_t>(process), &about, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        about.si_pid == 0) {
        return "the analyzer closed its channel";
    }
    return std::string("the analyzer ended with ") +
           (about.si_code == CLD_EXITED ? "exit code " : "signal ") +
           std::to_string(about.si_status);
}

}  // namespace

struct Generation::State {
    explicit State(sandbox::Spawned started) : spawned(std::move(started)) {}

    void gone(std::string reason) {
        state = GenerationState::Gone;
        if (why.empty()) why = std::move(reason);
    }
    /// Takes one message. True: a zygote is ready.
    bool take();

    sandbox::Spawned spawned;
    GenerationState state = GenerationState::Starting;
    bool launcher_ended = false;
    std::string status = "{}";
    std::string why;
};

bool Generation::State::take() {
    auto got = sandbox::receive(spawned.channel());
    if (const auto* error = std::get_if<sandbox::ReceiveError>(&got)) {
        if (*error == sandbox::ReceiveError::Closed) gone(how_it_ended(spawned.process()));
        if (*error == sandbox::ReceiveError::Malformed) gone("the analyzer spoke nonsense");
        return false;
    }
    const sandbox::Message& message = std::get<sandbox::Received>(got).message;
    if (const auto* ready = std::get_if<sandbox::Ready>(&message)) {
        status = ready->text;
        if (state == GenerationState::Draining) return false;
        state = GenerationState::Ready;
        return true;
    }
    if (const auto* failed = std::get_if<sandbox::Failed>(&message)) gone(failed->text);
    return false;
}

Generation::Generation(std::unique_ptr<State> state) : state_(std::move(state)) {}
Generation::~Generation() = default;

Outcome<std::unique_ptr<Generation>, std::string> Generation::start(
    const std::filesystem::path& program, const AnalyzerSettings& settings,
    std::optional<RunAs> run_as) {
    const auto document = sealed_message(to_json(settings));
    if (!document) return Failure{in_words(document.error())};
    std::optional<sandbox::Identity> identity;
    if (run_as) identity = sandbox::Identity{run_as->uid, run_as->gid};
    auto started = sandbox::Spawned::start(
        program.string(), {"--channel-fd", "@channel", "--settings-fd", "@settings"},
        document->get(), identity);
    if (const int* error = std::get_if<int>(&started)) return Failure{in_words(*error)};
    return std::make_unique<Generation>(
        std::make_unique<State>(std::move(std::get<sandbox::Spawned>(started))));
}

std::filesystem::path Generation::program_beside() {
    std::error_code failed;
    return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path() /
           "postern-analyzer";
}

int Generation::channel_fd() const {
    return state_->state == GenerationState::Gone ? -1 : state_->spawned.channel();
}

int Generation::process_fd() const {
    return state_->launcher_ended ? -1 : state_->spawned.process();
}

bool Generation::pump() {
    bool ready = false;
    while (readable(channel_fd())) ready = state_->take() || ready;
    // A launcher that has died takes nothing along: its zygote serves until its channel closes.
    if (readable(process_fd())) state_->launcher_ended = true;
    return ready && state_->state == GenerationState::Ready;
}

GenerationState Generation::state() const {
    return state_->state;
}

Outcome<Done, std::string> Generation::wait_ready(milliseconds limit) {
    const auto until = Clock::now() + limit;
    for (;;) {
        (void)pump();
        if (state() == GenerationState::Ready) return Done{};
        if (state() != GenerationState::Starting) return Failure{why()};
        const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
        if (left.count() <= 0) {
            return Failure{"the analyzer was not ready within " + std::to_string(limit.count()) +
                           " ms"};
        }
        std::array<pollfd, 2> watched = {pollfd{channel_fd(), POLLIN, 0},
                                         pollfd{process_fd(), POLLIN, 0}};
        ::poll(watched.data(), watched.size(),
               static_cast<int>(std::min(left, milliseconds(60'000)).count()));
    }
}

std::optional<UniqueFd> Generation::connect() {
    if (state_->state != GenerationState::Ready) return std::nullopt;
    auto channel = state_->spawned.connect();
    if (!channel) return std::nullopt;
    return UniqueFd(channel->release());
}

void Generation::drain() {
    if (state_->state == GenerationState::Gone) return;
    state_->state = GenerationState::Draining;
    if (!state_->spawned.drain()) state_->gone("the analyzer was gone before it could drain");
}

const std::string& Generation::status() const {
    return state_->status;
}

const std::string& Generation::why() const {
    return state_->why;
}

pid_t Generation::process() const {
    return state_->spawned.pid();
}

}  // namespace postern::host

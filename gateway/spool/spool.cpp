#include "gateway/spool/spool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "gateway/spool/header_capture.hpp"

namespace postern::spool {
namespace {

constexpr std::size_t kCopyPiece = std::size_t{64} << 10U;

SpoolError error_of(int number) {
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? SpoolError::DiskFull
                                                                   : SpoolError::Failed;
}

Outcome<Done, SpoolError> write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            return Failure{error_of(errno)};
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return Done{};
}

UniqueFd open_unlinked(const std::string& folder) {
    return UniqueFd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

/// The same file, for reading only: whoever gets this descriptor cannot change the message.
UniqueFd reopen_read_only(int file) {
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// A part of memory_total, given back when it goes.
class Share {
public:
    explicit Share(std::shared_ptr<std::atomic<std::uint64_t>> used) : used_(std::move(used)) {}
    ~Share() { used_->fetch_sub(size_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    Share(Share&&) = delete;
    Share& operator=(Share&&) = delete;

    /// False: then `limit` would be exceeded, and nothing has changed.
    bool grow(std::uint64_t bytes, std::uint64_t limit) {
        if (used_->fetch_add(bytes) + bytes > limit) {
            used_->fetch_sub(bytes);
            return false;
        }
        size_ += bytes;
        return true;
    }

private:
    std::shared_ptr<std::atomic<std::uint64_t>> used_;
    std::uint64_t size_ = 0;
};

}  // namespace

struct Spool::Shared {
    SpoolSettings settings;
    std::shared_ptr<std::atomic<std::uint64_t>> memory_used =
        std::make_shared<std::atomic<std::uint64_t>>(0);
};

Spool::Spool(SpoolSettings settings) : shared_(std::make_shared<Shared>()) {
    shared_->settings = std::move(settings);
    if (!open_unlinked(shared_->settings.folder)) {
        throw std::runtime_error(
            "spool folder " + shared_->settings.folder +
            " cannot hold unlinked files: " + std::generic_category().message(errno));
    }
}

std::uint64_t Spool::memory_used() const {
    return shared_->memory_used->load();
}

struct Incoming::State {
    explicit State(std::shared_ptr<Spool::Shared> spool)
        : shared(std::move(spool)),
          share(std::make_shared<Share>(shared->memory_used)),
          header(shared->settings.max_header) {}

    /// To the memfd. False: there is no room in memory, the file has to take it.
    bool keep_in_memory(std::string_view chunk);
    /// To the header, and to whoever watches.
    void show(std::string_view chunk);
    void show_header();
    Outcome<Done, SpoolError> to_file();
    Outcome<Done, SpoolError> write_collected();
    Failure<SpoolError> fail(SpoolError error) {
        failed = error;
        return Failure{error};
    }

    std::shared_ptr<Spool::Shared> shared;
    std::shared_ptr<Share> share;
    HeaderCapture header;
    Watcher watcher;
    bool header_shown = false;
    Sha256Stream digest;
    UniqueFd memory;
    UniqueFd file;  ///< once there is one, `memory` has none
    bool wants_file = false;
    std::string collected;  ///< behind what memory or file hold
    std::uint64_t size = 0;
    std::optional<SpoolError> failed;
};

bool Incoming::State::keep_in_memory(std::string_view chunk) {
    const SpoolSettings& settings = shared->settings;
    if (size + chunk.size() > settings.memory_per_message ||
        !share->grow(chunk.size(), settings.memory_total)) {
        return false;
    }
    if (!memory) memory.reset(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || !write_all(memory.get(), chunk)) failed = SpoolError::Failed;
    return true;
}

void Incoming::State::show(std::string_view chunk) {
    const std::size_t of_header = header.append(chunk);
    if (!header.complete()) return;
    if (!header_shown) show_header();
    chunk.remove_prefix(of_header);
    if (!chunk.empty() && watcher.body) watcher.body(chunk);
}

void Incoming::State::show_header() {
    header_shown = true;
    if (watcher.header) watcher.header(header.block());
}

/// Opens the file and moves what is in memory there.
Outcome<Done, SpoolError> Incoming::State::to_file() {
    UniqueFd opened = open_unlinked(shared->settings.folder);
    if (!opened) return fail(error_of(errno));
    if (memory) {
        std::array<char, kCopyPiece> piece{};
        for (off_t at = 0;;) {
            const ssize_t got = ::pread(memory.get(), piece.data(), piece.size(), at);
            if (got < 0) return fail(SpoolError::Failed);
            if (got == 0) break;
            const auto done =
                write_all(opened.get(), {piece.data(), static_cast<std::size_t>(got)});
            if (!done) return fail(done.error());
            at += got;
        }
    }
    memory.reset();
    share = std::make_shared<Share>(shared->memory_used);
    file = std::move(opened);
    return Done{};
}

Outcome<Done, SpoolError> Incoming::State::write_collected() {
    if (failed) return Failure{*failed};
    if (!wants_file) return Done{};
    if (!file) {
        const auto moved = to_file();
        if (!moved) return moved;
    }
    const auto written = write_all(file.get(), collected);
    collected.clear();
    if (!written) return fail(written.error());
    return Done{};
}

Incoming Spool::open() {
    return Incoming(std::make_unique<Incoming::State>(shared_));
}

Incoming::Incoming(std::unique_ptr<State> state) : state_(std::move(state)) {}
Incoming::~Incoming() = default;
Incoming::Incoming(Incoming&&) noexcept = default;
Incoming& Incoming::operator=(Incoming&&) noexcept = default;

void Incoming::watch(Watcher watcher) {
    state_->watcher = std::move(watcher);
}

Incoming::Next Incoming::append(std::string_view chunk) {
    State& state = *state_;
    if (state.failed) return Next::Continue;  // nothing of it can be used any more
    state.digest.update(chunk);
    state.show(chunk);
    if (!state.wants_file && !state.keep_in_memory(chunk)) state.wants_file = true;
    if (state.wants_file) state.collected += chunk;
    state.size += chunk.size();
    const bool full = state.collected.size() >= state.shared->settings.flush_size;
    return full ? Next::FlushFirst : Next::Continue;
}

Outcome<Done, SpoolError> Incoming::flush() {
    return state_->write_collected();
}

Outcome<Sealed, SpoolError> Incoming::seal() {
    State& state = *state_;
    if (!state.header_shown) state.show_header();
    const auto flushed = state.write_collected();
    if (!flushed) return Failure{flushed.error()};
    Sealed sealed;
    if (state.file) {
        sealed.file = reopen_read_only(state.file.get());
        sealed.in_memory = false;
    } else {
        if (!state.memory)
            state.memory.reset(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
        if (!state.memory || ::fcntl(state.memory.get(), F_ADD_SEALS, kSeals) != 0 ||
            ::lseek(state.memory.get(), 0, SEEK_SET) != 0) {
            return state.fail(SpoolError::Failed);
        }
        sealed.file = std::move(state.memory);
        sealed.memory = state.share;
    }
    if (!sealed.file) return state.fail(error_of(errno));
    sealed.size = state.size;
    sealed.sha256 = state.digest.finish();
    sealed.header = state.header.take();
    sealed.hops = count_hops(sealed.header);
    return sealed;
}

std::uint64_t Incoming::size() const {
    return state_->size;
}

}  // namespace postern::spool

#include "gateway/cli/supervisor/signature_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace postern::cli {
namespace {

// Closing after writing, not writing itself: and moves, which is how careful programs replace.
constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;

}  // namespace

SignatureWatch::SignatureWatch(const std::vector<std::string>& paths,
                               std::chrono::milliseconds settle)
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), settle_(settle) {
    for (const std::string& path : paths) add(path);
}

void SignatureWatch::add(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    // A file is watched by its folder: replacing it makes a new file, the old watch would go deaf.
    fs::path folder = path;
    while (!fs::is_directory(folder, error) && folder.has_parent_path() &&
           folder != folder.parent_path()) {
        folder = folder.parent_path();
    }
    ::inotify_add_watch(inotify_.get(), folder.c_str(), kChanges);
}

void SignatureWatch::read(Clock::time_point now) {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
    while (::read(inotify_.get(), buffer.data(), buffer.size()) > 0) when_ = now + settle_;
}

bool SignatureWatch::due(Clock::time_point now) {
    if (!when_ || now < *when_) return false;
    when_.reset();
    return true;
}

}  // namespace postern::cli

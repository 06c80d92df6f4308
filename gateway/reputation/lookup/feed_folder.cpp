#include "gateway/reputation/lookup/feed_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "analyzers/base/unique_fd.hpp"
#include "gateway/reputation/lists/list_file.hpp"

namespace postern::reputation {
namespace {

constexpr mode_t kMode = 0644;  // the gateway, another user, reads it

Failure<std::string> trouble(const std::string& path) {
    return Failure{"cannot write " + path + ": " + std::strerror(errno)};
}

bool write_whole(int file, const std::string& content) {
    for (std::size_t at = 0; at < content.size();) {
        const ssize_t written = ::write(file, content.data() + at, content.size() - at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

Outcome<UniqueFd, std::string> FeedFolder::lock() const {
    UniqueFd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int result = folder ? ::flock(folder.get(), LOCK_EX) : -1;
    while (result != 0 && errno == EINTR) result = ::flock(folder.get(), LOCK_EX);
    if (result != 0) return Failure{path_ + ": " + std::strerror(errno)};
    return folder;
}

std::optional<FeedHead> FeedFolder::head(const std::string& name) const {
    const auto file = read_file(feed_path(path_, name), std::numeric_limits<std::int64_t>::max());
    if (!file) return std::nullopt;
    // The whole copy: one that the gateway refuses must not be called unchanged.
    auto copy = read_feed_copy(file->text);
    if (!copy) return std::nullopt;
    return std::move(copy).value().head;
}

std::int64_t FeedFolder::checked(const std::string& name) const {
    constexpr std::int64_t kSecond = 1'000'000'000;
    return stamp_of(feed_checked_path(path_, name)).modified / kSecond;
}

Outcome<Done, std::string> FeedFolder::put(const std::string& name, const std::string& copy) const {
    const std::string path = feed_path(path_, name);
    const std::string fresh = path + ".new";
    {
        const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
        if (!file || ::fchmod(file.get(), kMode) != 0 || !write_whole(file.get(), copy) ||
            ::fsync(file.get()) != 0) {
            return trouble(fresh);
        }
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) return trouble(path);
    const UniqueFd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return trouble(path_);
    return mark_checked(name);
}

Outcome<Done, std::string> FeedFolder::mark_checked(const std::string& name) const {
    const std::string path = feed_checked_path(path_, name);
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kMode));
    if (!file || ::fchmod(file.get(), kMode) != 0 || ::futimens(file.get(), nullptr) != 0) {
        return trouble(path);
    }
    return Done{};
}

}  // namespace postern::reputation

#include "gateway/reputation/lists/list_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "analyzers/base/unique_fd.hpp"

namespace postern::reputation {
namespace {

FileStamp stamp(const struct stat& status) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified = status.st_mtim.tv_sec * kSecond + status.st_mtim.tv_nsec,
            .changed = status.st_ctim.tv_sec * kSecond + status.st_ctim.tv_nsec};
}

Failure<std::string> trouble(const std::string& path, const std::string& what) {
    return Failure{path + ": " + what};
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? stamp(status) : FileStamp{};
}

Outcome<FileText, std::string> read_file(const std::string& path, std::uint64_t max_size) {
    // Not to be held up by a FIFO that somebody put there.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat before {};
    if (!file || ::fstat(file.get(), &before) != 0) {
        return trouble(path, std::string("cannot be opened: ") + std::strerror(errno));
    }
    if (!S_ISREG(before.st_mode)) return trouble(path, "is no file");
    FileText read{{}, stamp(before)};
    if (read.stamp.size > max_size) {
        return trouble(path, "has " + std::to_string(read.stamp.size) + " bytes; at most " +
                                 std::to_string(max_size) + " are read");
    }
    read.text.resize(read.stamp.size);
    for (std::size_t at = 0; at < read.text.size();) {
        const ssize_t got = ::read(file.get(), read.text.data() + at, read.text.size() - at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return trouble(path, std::string("cannot be read: ") + std::strerror(errno));
        if (got == 0) return trouble(path, "became shorter while it was read");
        at += static_cast<std::size_t>(got);
    }
    struct stat after {};
    if (::fstat(file.get(), &after) != 0 || stamp(after) != read.stamp) {
        return trouble(path, "changed while it was read");
    }
    return read;
}

Outcome<ListSet, std::string> parse_list(std::string_view text, const std::string& name,
                                         const ListFormat& format) {
    ListSet set;
    const ListTally tally = read_list(
        text, format, {}, [&](std::string_view entry) { return set.add(format.kind, entry); });
    if (tally.bad > 0) {
        return Failure{name + ":" + std::to_string(tally.first_bad_line) + ": " + tally.first_bad};
    }
    if (tally.stopped) return Failure{name + ": has too many entries"};
    set.finish();
    return set;
}

}  // namespace postern::reputation

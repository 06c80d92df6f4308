#include "analyzers/host/report_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "analyzers/api/report.hpp"

namespace postern::host {

std::optional<ReportStream> make_report_stream() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::nullopt;
    ReportStream stream{UniqueFd(ends[0]), UniqueFd(ends[1])};
    ::shutdown(stream.reader.get(), SHUT_WR);
    return stream;
}

StreamEnd read_report(int reader, std::chrono::steady_clock::time_point until, std::string& into) {
    using std::chrono::milliseconds;
    std::array<char, std::size_t{32} << 10> piece;  // not cleared: only what was read is used
    for (;;) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return StreamEnd::Late;
        pollfd waiting = {reader, POLLIN, 0};
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::min(left, milliseconds(60'000)).count()));
        if (ready <= 0) continue;
        const ssize_t count = ::recv(reader, piece.data(), piece.size(), MSG_DONTWAIT);
        if (count > 0) into.append(piece.data(), static_cast<std::size_t>(count));
        if (count == 0) return StreamEnd::Closed;
        if (count < 0 && errno != EAGAIN && errno != EINTR) return StreamEnd::Closed;
        if (into.size() > analyzers::kMaxReport) return StreamEnd::TooLong;
    }
}

}  // namespace postern::host

#pragma once

/// @file Part of Connection, for its three source files.

#include <exception>
#include <string>

#include "gateway/net/connection.hpp"

namespace postern::net {

/// The one place where what escaped a dialogue is caught: the client hears 421, and somebody
/// counts.
template <class Call>
void Connection::guarded(Call&& call) {
    std::string what;
    try {
        call();
        return;
    } catch (const std::exception& error) {
        what = error.what();
    } catch (...) {
        what = "unknown exception";
    }
    if (surroundings_.observer.bug) surroundings_.observer.bug(what);
    answer_due_ = false;
    paused_ = false;
    ending_ = Ending::Bug;
    if (session_.state() != smtp::State::Closed) {
        session_.close({421, "4.3.0", "Internal error, try again later"});
    }
}

}  // namespace postern::net

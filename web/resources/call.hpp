#pragma once

/// @file Private to this folder: what a resource is given.

#include <atomic>
#include <optional>
#include <string>

#include "quarantine/store.hpp"
#include "web/resources/api.hpp"
#include "web/server/request.hpp"

namespace postern::web {

/// One request that may be answered: access and CSRF token have been checked.
struct Call {
    const Request& request;
    quarantine::Store& store;
    const ApiSettings& settings;
    std::atomic<unsigned>& downloads;
    std::atomic<unsigned>& logins;
    std::string token = {};                           ///< of the session
    std::optional<quarantine::Session> session = {};  ///< set unless Access::Anyone
    std::optional<quarantine::QuarantineId> id = {};  ///< set when the path has {id}

    [[nodiscard]] quarantine::Actor actor() const {
        return {session ? session->user.name : std::string{}, request.remote};
    }
};

/// A place in a bounded crowd; nullopt-like when it is full.
class Turn {
public:
    Turn(std::atomic<unsigned>& inside, unsigned limit)
        : inside_(inside), granted_(inside.fetch_add(1) < limit) {}
    ~Turn() { inside_.fetch_sub(1); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn(Turn&&) = delete;
    Turn& operator=(Turn&&) = delete;

    [[nodiscard]] bool granted() const { return granted_; }

private:
    std::atomic<unsigned>& inside_;
    bool granted_;
};

/// What the store's error is in HTTP.
[[nodiscard]] Response store_failure(const quarantine::StoreError& error);

// The resources, one file each.
[[nodiscard]] Response login(Call& call);
[[nodiscard]] Response logout(Call& call);
[[nodiscard]] Response show_session(Call& call);
[[nodiscard]] Response list_messages(Call& call);
[[nodiscard]] Response show_message(Call& call);
[[nodiscard]] Response show_state(Call& call);
[[nodiscard]] Response release_message(Call& call);
[[nodiscard]] Response rescan_message(Call& call);
[[nodiscard]] Response delete_message(Call& call);
[[nodiscard]] Response act_on_many(Call& call);
[[nodiscard]] Response download_message(Call& call);
[[nodiscard]] Response list_audit(Call& call);
[[nodiscard]] Response show_status(Call& call);
[[nodiscard]] Response list_dmarc_reports(Call& call);

}  // namespace postern::web

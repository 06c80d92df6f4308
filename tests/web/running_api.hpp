#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "quarantine/store.hpp"
#include "tests/web/held_mail.hpp"
#include "tests/web/tls_client.hpp"
#include "web/resources/api.hpp"
#include "web/server/server.hpp"

namespace postern::web_tests {

/// A folder that goes when it does.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    TemporaryFolder(TemporaryFolder&&) = delete;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline constexpr const char* kPassword = "correct horse battery";

/// A store in a folder of its own. Hashing is as cheap as argon2 allows: it is not what is tested.
[[nodiscard]] std::unique_ptr<quarantine::Store> open_store(const std::string& folder);

/// The API over real HTTPS on a port of its own, on a real store with two users, "admin" and
/// "rita".
class RunningApi {
public:
    explicit RunningApi(web::ApiSettings settings = {});

    /// One request on a connection of its own. `target` begins with /api/v1.
    [[nodiscard]] Answer ask(const std::string& method, const std::string& target,
                             const std::string& extra = {}, const std::string& body = {});
    /// Header lines of a fresh session of this user: cookie and CSRF token.
    [[nodiscard]] std::string login(const std::string& user);
    quarantine::QuarantineId put(const HeldMessage& held);

    [[nodiscard]] quarantine::Store& store() { return *store_; }
    [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

private:
    TemporaryFolder folder_;
    std::unique_ptr<quarantine::Store> store_;
    web::Api api_;
    std::string endpoint_;
    std::unique_ptr<web::Server> server_;
};

}  // namespace postern::web_tests

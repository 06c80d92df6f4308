#include "tests/web/running_api.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/web/certificate.hpp"

namespace postern::web_tests {
namespace {

template <class T, class E>
T must(Outcome<T, E> outcome, const char* what) {
    if (!outcome) throw std::runtime_error(what);
    return std::move(outcome).value();
}

std::string first_cookie(const Answer& answer) {
    const std::string cookie = answer.header("set-cookie");
    return cookie.substr(0, cookie.find(';'));
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-web-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<quarantine::Store> open_store(const std::string& folder) {
    const auto location =
        must(quarantine::Location::parse("sqlite://" + folder + "/quarantine.db"), "location");
    quarantine::StoreOptions options;
    options.accounts.argon2_passes = 1;
    options.accounts.argon2_memory = 8192;
    options.accounts.failures_per_account = 3;
    return must(quarantine::Store::open(
                    location, must(quarantine::Key::load_or_create(location.key), "key"), options),
                "open");
}

RunningApi::RunningApi(web::ApiSettings settings)
    : store_(open_store(folder_.path())), api_(*store_, settings) {
    const quarantine::Actor who{"test"};
    must(store_->accounts().add("admin", kPassword, quarantine::Role::Admin, who), "admin");
    must(store_->accounts().add("rita", kPassword, quarantine::Role::Reviewer, who), "rita");
    const Certificate certificate = make_certificate();
    web::ServerSettings server;
    server.certificate = certificate.certificate;
    server.key = certificate.key;
    server.threads = 8;
    auto listener = must(web::listen_on("127.0.0.1:0"), "listen");
    endpoint_ = web::local_endpoint(listener.get());
    server_ = must(
        web::Server::start(std::move(listener), server,
                           [this](const web::Request& request) { return api_.answer(request); }),
        "start");
}

Answer RunningApi::ask(const std::string& method, const std::string& target,
                       const std::string& extra, const std::string& body) {
    TlsClient client(endpoint_);
    client.send(request_text(method, target, extra, body));
    const auto answer = client.read(method == "HEAD");
    if (!answer) throw std::runtime_error("no answer to " + method + " " + target);
    return *answer;
}

std::string RunningApi::login(const std::string& user) {
    const nlohmann::json body = {{"user", user}, {"password", kPassword}};
    const Answer answer = ask("POST", "/api/v1/login", {}, body.dump());
    if (answer.status != 200) throw std::runtime_error("login: " + answer.body);
    const std::string csrf = nlohmann::json::parse(answer.body).at("csrf");
    return "Cookie: " + first_cookie(answer) + "\r\nX-CSRF-Token: " + csrf + "\r\n";
}

quarantine::QuarantineId RunningApi::put(const HeldMessage& held) {
    return must(store_->put(held.record, held.bytes), "put");
}

}  // namespace postern::web_tests

#include "gateway/cli/open_store.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <stdexcept>

#include "gateway/state/from_settings.hpp"

namespace postern::cli {

std::unique_ptr<quarantine::Store> open_store(const settings::Settings& settings) {
    const settings::Quarantine& where = settings.quarantine;
    const auto location = quarantine::Location::parse(where.url, where.blobs, where.key);
    if (!location) throw std::runtime_error(location.error());
    const auto key = quarantine::Key::load_or_create(location->key);
    if (!key) throw std::runtime_error("the key of the quarantine: " + key.error().detail);
    auto store = quarantine::Store::open(*location, *key);
    if (!store) {
        throw std::runtime_error("the quarantine " + location->database + ": " +
                                 std::string(name(store.error().kind)) + ": " +
                                 store.error().detail);
    }
    return std::move(store).value();
}

std::unique_ptr<state::State> open_state_store(const settings::State& settings) {
    if (settings.url.starts_with("memory:")) return nullptr;
    state::OpenOptions options = state::open_options(settings);
    options.connections = 1;
    options.may_replace = false;
    auto store = state::open_store(settings.url, options, [](const state::Alarm&) {});
    if (!store) throw std::runtime_error("the state store: " + store.error().detail);
    return std::move(store).value();
}

quarantine::QuarantineId id_of(const std::string& word) {
    const auto id = quarantine::QuarantineId::parse(word);
    if (!id) throw UsageError("\"" + word + "\" is no message id (26 letters and digits)");
    return *id;
}

int complain(const quarantine::StoreError& error) {
    using Kind = quarantine::StoreErrorKind;
    const bool answer = error.kind == Kind::NotFound || error.kind == Kind::Conflict;
    const std::string detail = error.detail.empty() ? "" : ": " + error.detail;
    return complain(std::string(name(error.kind)) + detail, answer ? kBad : kCouldNot);
}

quarantine::Actor cli_actor() {
    const passwd* user = ::getpwuid(::getuid());
    return {user == nullptr ? "cli" : "cli:" + std::string(user->pw_name), ""};
}

std::string utc_time(quarantine::UnixMs time) {
    const std::time_t seconds = time / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace postern::cli

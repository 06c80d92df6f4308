#include "web/settings.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "analyzers/base/ascii.hpp"

namespace postern::web {
namespace {

using nlohmann::json;

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || text.str().empty()) throw std::runtime_error(path + ": cannot be read");
    return std::move(text).str();
}

std::string text_of(const json& value) {
    if (!value.is_string()) throw std::runtime_error("a string is expected");
    return value.get<std::string>();
}

std::int64_t number_of(const json& value, std::int64_t least, std::int64_t most) {
    if (!value.is_number_integer()) throw std::runtime_error("an integer is expected");
    const auto number = value.get<std::int64_t>();
    if (number < least || number > most) {
        throw std::runtime_error("not between " + std::to_string(least) + " and " +
                                 std::to_string(most));
    }
    return number;
}

int descriptor_of(const json& value) {
    return static_cast<int>(number_of(value, 0, 65535));
}

std::chrono::milliseconds time_of(const json& value) {
    return std::chrono::milliseconds(number_of(value, 1, std::int64_t{3600} * 1000));
}

using Members = std::map<std::string_view, std::function<void(const json&)>>;

void read_object(const json& object, const std::string& name, const Members& members) {
    if (!object.is_object()) throw std::runtime_error(name + ": an object is expected");
    for (const auto& [key, value] : object.items()) {
        const auto member = members.find(key);
        if (member == members.end()) throw std::runtime_error(name + key + ": is not known");
        try {
            member->second(value);
        } catch (const std::exception& error) {
            throw std::runtime_error(name + key + ": " + error.what());
        }
    }
}

void read_limits(const json& value, ServerSettings& server) {
    const auto count = [](auto& into, std::int64_t most) {
        return [&into, most](const json& given) {
            into = static_cast<std::remove_reference_t<decltype(into)>>(number_of(given, 1, most));
        };
    };
    const auto time = [](std::chrono::milliseconds& into) {
        return [&into](const json& given) { into = time_of(given); };
    };
    read_object(value, "limits.",
                {{"threads", count(server.threads, 1000)},
                 {"waiting", count(server.waiting, 1000)},
                 {"connections_per_client", count(server.connections_per_client, 1000)},
                 {"requests_per_connection", count(server.requests_per_connection, 1000000)},
                 {"body_bytes", count(server.guard.max_body, 16 << 20)},
                 {"silence_ms", time(server.silence)},
                 {"request_ms", time(server.request_time)},
                 {"answer_ms", time(server.answer_time)},
                 {"keep_alive_ms", time(server.keep_alive)},
                 {"stop_grace_ms", time(server.stop_grace)}});
}

void read_quarantine(const json& value, Settings& settings) {
    std::string url;
    std::string blobs;
    std::string key;
    read_object(value, "quarantine.",
                {{"url", [&](const json& given) { url = text_of(given); }},
                 {"blobs", [&](const json& given) { blobs = text_of(given); }},
                 {"key", [&](const json& given) { key = text_of(given); }},
                 {"key_fd", [&](const json& given) { settings.key_fd = descriptor_of(given); }}});
    const auto location = quarantine::Location::parse(url, blobs, key);
    if (!location) throw std::runtime_error(location.error());
    settings.quarantine = *location;
}

void read_settings(const json& object, Settings& settings) {
    ServerSettings& server = settings.server;
    const auto hosts = [&](const json& given) {
        for (const json& host : given) server.guard.hosts.push_back(ascii_lower(text_of(host)));
    };
    read_object(
        object, "",
        {{"listen", [&](const json& given) { settings.listen = text_of(given); }},
         {"listen_fd", [&](const json& given) { settings.listen_fd = descriptor_of(given); }},
         {"control_fd", [&](const json& given) { settings.control_fd = descriptor_of(given); }},
         {"app", [&](const json& given) { settings.app = text_of(given); }},
         {"certificate",
          [&](const json& given) { server.certificate = content_of(text_of(given)); }},
         {"key", [&](const json& given) { server.key = content_of(text_of(given)); }},
         {"certificate_pem", [&](const json& given) { server.certificate = text_of(given); }},
         {"key_pem", [&](const json& given) { server.key = text_of(given); }},
         {"hosts", hosts},
         {"session_seconds",
          [&](const json& given) {
              settings.api.session_time =
                  std::chrono::seconds(number_of(given, 1, std::int64_t{3600} * 24 * 30));
          }},
         {"max_download",
          [&](const json& given) {
              settings.api.max_download =
                  static_cast<std::size_t>(number_of(given, 1, std::int64_t{1} << 30));
          }},
         {"limits", [&](const json& given) { read_limits(given, server); }},
         {"quarantine", [&](const json& given) { read_quarantine(given, settings); }}});
    if (settings.quarantine.database.empty()) throw std::runtime_error("quarantine: is missing");
    if (server.certificate.empty() || server.key.empty()) {
        throw std::runtime_error("certificate and key are missing");
    }
}

}  // namespace

Outcome<Settings, std::string> parse_settings(const std::string& text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return Failure{std::string("not a JSON object")};
    try {
        Settings settings;
        read_settings(object, settings);
        return settings;
    } catch (const std::exception& error) {
        return Failure{std::string(error.what())};
    }
}

}  // namespace postern::web

#include "analyzers/host/analyzer_settings.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace postern::host {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 3> kRequirements = {"seccomp", "reduced", "full"};

JailRequirement requirement(const std::string& word) {
    for (std::size_t i = 0; i < kRequirements.size(); ++i) {
        if (word == kRequirements[i]) return static_cast<JailRequirement>(i);
    }
    throw std::invalid_argument("require is \"" + word + "\"");
}

json to_document(const AnalyzerSettings& settings) {
    return {{"clamav", settings.clamav},
            {"clamav_all_parsers", settings.clamav_all_parsers},
            {"clamav_unwanted", settings.clamav_unwanted},
            {"yara", settings.yara},
            {"require", kRequirements[static_cast<std::size_t>(settings.require)]},
            {"idle_workers", settings.idle_workers},
            {"max_workers", settings.max_workers},
            {"memory", settings.memory},
            {"scratch", settings.scratch},
            {"scratch_base", settings.scratch_base},
            {"cpu_ms", settings.cpu_time.count()},
            {"wall_ms", settings.wall_time.count()}};
}

}  // namespace

std::string to_json(const AnalyzerSettings& settings) {
    return to_document(settings).dump(-1, ' ', false, json::error_handler_t::replace);
}

Outcome<AnalyzerSettings, std::string> settings_from_json(std::string_view text) {
    try {
        const json document = json::parse(text);
        AnalyzerSettings settings;
        document.at("clamav").get_to(settings.clamav);
        document.at("clamav_all_parsers").get_to(settings.clamav_all_parsers);
        document.at("clamav_unwanted").get_to(settings.clamav_unwanted);
        document.at("yara").get_to(settings.yara);
        settings.require = requirement(document.at("require").get<std::string>());
        document.at("idle_workers").get_to(settings.idle_workers);
        document.at("max_workers").get_to(settings.max_workers);
        document.at("memory").get_to(settings.memory);
        document.at("scratch").get_to(settings.scratch);
        document.at("scratch_base").get_to(settings.scratch_base);
        settings.cpu_time = std::chrono::milliseconds(document.at("cpu_ms").get<std::int64_t>());
        settings.wall_time = std::chrono::milliseconds(document.at("wall_ms").get<std::int64_t>());
        // What is not one of these keys was meant for another version.
        if (document.size() != to_document(settings).size())
            return Failure{std::string("settings: an unknown key")};
        return settings;
    } catch (const std::exception& wrong) {
        return Failure{std::string("settings: ") + wrong.what()};
    }
}

}  // namespace postern::host

#include "analyzers/worker/commands.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "analyzers/api/json.hpp"
#include "analyzers/yara/yara.hpp"
#include "sandbox/proof/prove.hpp"

namespace postern::worker {
namespace {

using analyzers::RuleInfo;
using analyzers::RuleMessage;
using analyzers::YaraEngine;
using nlohmann::json;
using sandbox::proof::Answer;
using sandbox::proof::Result;

void print(const json& object) {
    std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

std::string_view word(Answer answer) {
    switch (answer) {
        case Answer::Killed:
            return "killed";
        case Answer::Refused:
            return "refused";
        case Answer::Bounded:
            break;
    }
    return "bounded";
}

void print_result(const Result& result, bool as_json) {
    const std::string expected(word(result.attempt->expected));
    const char* verdict = result.stopped ? "ok" : result.escaped ? "ESCAPED" : "UNEXPECTED";
    if (as_json) {
        print({{"id", result.attempt->id},
               {"attempt", result.attempt->sentence},
               {"expected", expected},
               {"got", result.got},
               {"verdict", verdict}});
        return;
    }
    std::cout << padded(result.attempt->id, 24) << padded(expected, 9) << padded(result.got, 12)
              << " " << verdict << "\n";
}

YaraEngine::Loaded load(const std::vector<std::string>& paths) {
    const std::vector<std::filesystem::path> files(paths.begin(), paths.end());
    return YaraEngine::load_what_compiles(files);
}

int complain(const std::vector<RuleMessage>& refused) {
    for (const RuleMessage& each : refused) {
        std::cerr << each.file << ":" << each.line << ": " << each.message << "\n";
    }
    return refused.empty() ? 0 : 1;
}

}  // namespace

int prove_jail(bool as_json) {
    const sandbox::proof::Proof proof = sandbox::proof::prove({}, false);
    if (!proof.error.empty()) {
        std::cerr << "the jail does not start: " << proof.error << "\n";
        return 1;
    }
    std::cout << (as_json ? "" : "layers: ") << proof.layers << "\n";
    for (const Result& each : proof.results) print_result(each, as_json);
    return proof.holds() ? 0 : 1;
}

int check_rules(const std::vector<std::string>& paths, bool as_json) {
    const YaraEngine::Loaded loaded = load(paths);
    if (as_json) {
        json refused = json::array();
        for (const RuleMessage& each : loaded.refused) {
            refused.push_back({{"file", each.file}, {"line", each.line}, {"error", each.message}});
        }
        print({{"rules", loaded.engine->rules().size()}, {"refused", refused}});
    } else {
        for (const RuleMessage& each : loaded.engine->warnings()) {
            std::cout << each.file << ":" << each.line << ": warning: " << each.message << "\n";
        }
        std::cout << loaded.engine->rules().size() << " rules compile, " << loaded.refused.size()
                  << " files do not\n";
    }
    return complain(loaded.refused);
}

int list_rules(const std::vector<std::string>& paths, bool as_json) {
    const YaraEngine::Loaded loaded = load(paths);
    for (const RuleInfo& rule : loaded.engine->rules()) {
        if (as_json) {
            print({{"name", rule.name},
                   {"file", rule.file},
                   {"description", rule.description},
                   {"severity", analyzers::word(rule.severity)},
                   {"score", rule.score},
                   {"attack", rule.attack},
                   {"author", rule.author},
                   {"date", rule.date}});
        } else {
            std::cout << padded(rule.name, 40)
                      << padded(std::string(analyzers::word(rule.severity)), 9) << rule.score
                      << "  " << rule.description << "\n";
        }
    }
    return complain(loaded.refused);
}

}  // namespace postern::worker

// web/openapi.yaml and the registry of routes say the same.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "tests/support/data_files.hpp"
#include "web/resources/api.hpp"

namespace postern::web {
namespace {

std::set<std::string> documented() {
    std::istringstream yaml(
        testing_support::read_file(std::string(POSTERN_SOURCE) + "/web/openapi.yaml"));
    const std::regex path("^  (/[^:]*):$");
    const std::regex method("^    (get|post|delete|put|patch):$");
    std::set<std::string> found;
    std::string current;
    bool in_paths = false;
    for (std::string line; std::getline(yaml, line);) {
        if (!line.empty() && line.front() != ' ') in_paths = line == "paths:";
        std::smatch match;
        if (!in_paths) continue;
        if (std::regex_match(line, match, path)) current = match[1];
        if (std::regex_match(line, match, method)) {
            std::string name = match[1];
            for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
            found.insert(name + " " + current);
        }
    }
    return found;
}

TEST(OpenApi, ListsTheRoutesOfTheRegistry) {
    std::set<std::string> registered;
    for (const RouteName& route : Api::routes()) {
        registered.insert(std::string(route.method) + " " + std::string(route.path));
    }
    EXPECT_EQ(documented(), registered);
    EXPECT_FALSE(registered.empty());
}

}  // namespace
}  // namespace postern::web

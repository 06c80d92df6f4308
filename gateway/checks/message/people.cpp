/// @file Mail from outside under the name of one of our own people ([lists].people): "the boss
/// wants a transfer". Whoever authenticates as one of our domains, or has an address listed with
/// the name, is who they say.

#include <algorithm>

#include "analyzers/base/ascii.hpp"
#include "gateway/checks/message/author.hpp"
#include "gateway/checks/opinions.hpp"
#include "gateway/checks/registry_entries.hpp"

namespace postern::checks {
namespace {

struct Person {
    std::vector<std::string> words;
    std::string address;  ///< in lower case; empty: none is listed
};

/// "Jane Doe" or "Jane Doe <jane@home.example>".
Person person_of(std::string_view entry) {
    Person person;
    const std::size_t bracket = entry.find('<');
    person.words = auth::name_words(entry.substr(0, bracket));
    if (bracket != std::string_view::npos) {
        const std::string_view inner = entry.substr(bracket + 1);
        person.address = ascii_lower(inner.substr(0, inner.find('>')));
    }
    return person;
}

Opinions run(const Facts& facts, const Tools& tools, const Options& /*options*/) {
    Opinions said;
    if (tools.settings.lists.people.empty()) return said;
    std::vector<Person> people;
    for (const std::string& entry : tools.settings.lists.people) {
        people.push_back(person_of(entry));
    }
    for (const Author& author : authors(*facts.message)) {
        const auto words = auth::name_words(author.name);
        if (words.size() < 2) continue;  // "Jane" may be anybody
        const auto named = [&](const Person& each) { return each.words == words; };
        const auto known = [&](const Person& each) {
            return named(each) && !each.address.empty() && each.address == author.address;
        };
        if (std::none_of(people.begin(), people.end(), named)) continue;
        const bool inside =
            is_ours(author.domain, tools.settings) && is_authenticated(*facts.message, author);
        if (inside || std::any_of(people.begin(), people.end(), known)) continue;
        said.push_back(noted("PEOPLE_IMPERSONATED", author.name + ", from " + author.address));
        break;
    }
    return said;
}

}  // namespace

const Check& people() {
    static const Check kCheck{
        .name = "people",
        .stage = Stage::Message,
        .run = run,
        .meaning = "Mail from outside bears the name of one of our own people ([lists].people)."};
    return kCheck;
}

}  // namespace postern::checks

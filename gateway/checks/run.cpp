#include "gateway/checks/run.hpp"

#include <algorithm>

#include "gateway/checks/opinions.hpp"

namespace postern::checks {
namespace {

std::optional<Part> part_of(const Configured& each) {
    switch (each.check->waits) {
        case Waits::Never:
            return Part::AtOnce;
        case Waits::Store:
            return Part::Store;
        case Waits::NextHop:
            return Part::NextHop;
        case Waits::Dns:
            return each.mode == Mode::Enforce ? Part::Dns : Part::Deferred;
        case Waits::Event:
            break;
    }
    return std::nullopt;
}

bool applies(const Configured& each, const ConnectionFacts& client) {
    return each.mode != Mode::Off && each.check->run != nullptr &&
           (!client.trusted || each.check->always);
}

bool runs(const Configured& each, Stage stage, const ConnectionFacts& client) {
    return each.check->stage == stage && applies(each, client);
}

Came take(const Configured& configured, Opinions opinions, Heard& heard) {
    Came came = Came::Clear;
    for (Opinion& each : opinions) {
        const bool undecided = is_undecided(each.finding);
        // What speaks for a client keeps its own points, and what could not be told has none.
        if (configured.score && each.finding.score >= 0 && !undecided) {
            each.finding.score = *configured.score;
        }
        came = std::max(came, undecided ? Came::Undecided : Came::Found);
        const Mode mode = std::min(configured.mode, each.at_most);
        heard.findings.push_back({std::move(each.finding), mode});
        if (mode != Mode::Enforce || !each.refusal || heard.refusal) continue;
        heard.refusal = std::move(each.refusal);
        heard.refused_by = configured.check->name;
    }
    return heard.refusal ? Came::Refused : came;
}

void run_configured(const Configured& each, const Facts& facts, Tools& tools, Heard& heard,
                    const Counted& counted) {
    tools.mode = each.mode;
    const Came came = take(each, each.check->run(facts, tools, each.options), heard);
    if (counted) counted(each, came);
}

}  // namespace

std::string_view name(Came came) {
    switch (came) {
        case Came::Clear:
            return "clear";
        case Came::Found:
            return "found";
        case Came::Refused:
            return "refused";
        case Came::Undecided:
            break;
    }
    return "undecided";
}

bool has(const Plan& plan, Stage stage, Part part, const ConnectionFacts& client) {
    return std::any_of(plan.all().begin(), plan.all().end(), [&](const Configured& each) {
        return runs(each, stage, client) && part_of(each) == part;
    });
}

void prepare(const Plan& plan, Stage stage, const Facts& facts, Tools tools) {
    for (const Configured& each : plan.all()) {
        if (each.check->prepare == nullptr || !runs(each, stage, facts.connection)) continue;
        tools.mode = each.mode;
        each.check->prepare(facts, tools, each.options);
    }
}

void run(const Plan& plan, Stage stage, Part part, const Facts& facts, Tools tools, Heard& heard,
         const Counted& counted) {
    if (part == Part::AtOnce) prepare(plan, stage, facts, tools);
    for (const Configured& each : plan.all()) {
        if (!runs(each, stage, facts.connection) || part_of(each) != part) continue;
        run_configured(each, facts, tools, heard, counted);
        if (heard.refusal) return;
    }
}

void run_one(const Plan& plan, std::string_view name, const Facts& facts, Tools tools, Heard& heard,
             const Counted& counted) {
    const Configured& each = plan.at(name);
    if (applies(each, facts.connection)) run_configured(each, facts, tools, heard, counted);
}

}  // namespace postern::checks

#include "gateway/checks/run.hpp"

#include <algorithm>

#include "gateway/checks/opinions.hpp"

namespace postern::checks {
namespace {

Part part_of(const Configured& each) {
    if (each.check->waits == Waits::Never) return Part::AtOnce;
    if (each.check->waits == Waits::Store) return Part::Waiting;
    return each.mode == Mode::Enforce ? Part::Waiting : Part::Deferred;
}

bool runs(const Configured& each, Stage stage, const ConnectionFacts& client) {
    return each.check->stage == stage && each.mode != Mode::Off && each.check->run != nullptr &&
           (!client.trusted || each.check->always);
}

Came take(const Configured& configured, Opinions opinions, Heard& heard) {
    Came came = Came::Clear;
    for (Opinion& each : opinions) {
        const bool is_undecided = each.finding.code == kUndecided;
        if (configured.score && !is_undecided) each.finding.score = *configured.score;
        came = std::max(came, is_undecided ? Came::Undecided : Came::Found);
        heard.findings.push_back({std::move(each.finding), configured.mode});
        if (configured.mode != Mode::Enforce || !each.refusal || heard.refusal) continue;
        heard.refusal = std::move(each.refusal);
        heard.refused_by = configured.check->name;
    }
    return heard.refusal ? Came::Refused : came;
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

void run(const Plan& plan, Stage stage, Part part, const Facts& facts, Tools tools, Heard& heard,
         const Counted& counted) {
    if (part == Part::AtOnce) {
        for (const Configured& each : plan.all()) {
            if (each.check->prepare == nullptr || !runs(each, stage, facts.connection)) continue;
            tools.mode = each.mode;
            each.check->prepare(facts, tools, each.options);
        }
    }
    for (const Configured& each : plan.all()) {
        if (!runs(each, stage, facts.connection) || part_of(each) != part) continue;
        tools.mode = each.mode;
        const Came came = take(each, each.check->run(facts, tools, each.options), heard);
        if (counted) counted(each.check->name, came);
        if (heard.refusal) return;
    }
}

}  // namespace postern::checks

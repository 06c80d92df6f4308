#include "gateway/dns/lookups.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "gateway/dns/wire_name.hpp"

namespace postern::dns {

std::string Lookups::key(const std::string& name, RecordType type) {
    const auto number = static_cast<std::uint16_t>(type);
    std::string key = name;
    key += static_cast<char>(number >> 8U);
    key += static_cast<char>(number & 0xFFU);
    return key;
}

void Lookups::add(Asked asked) {
    const std::string wanted = key(asked.name, asked.type);
    // Perhaps it came while this question lay in the inbox.
    if (auto known = cache_.find(wanted, std::chrono::steady_clock::now())) {
        asked.done(std::move(*known));
        return;
    }
    const auto [at, is_new] = lookups_.try_emplace(wanted);
    Lookup& lookup = at->second;
    Asker& asker = lookup.askers.emplace_back();
    asker.done = std::move(asked.done);
    // The key is that of the map's node, which stays in place as long as it has askers.
    asker.alarm = std::make_unique<Alarm>(
        loop_, [this, lookup_key = &at->first, who = &asker] { on_late(*lookup_key, who); });
    asker.alarm->set(asked.deadline);
    if (!is_new) return;
    lookup.key = wanted;
    lookup.type = asked.type;
    lookup.ttl = std::numeric_limits<std::uint32_t>::max();
    start(lookup, asked.name);
}

void Lookups::start(Lookup& lookup, const std::string& name) {
    lookup.ticket = source_.fetch(name, lookup.type, [this, wanted = lookup.key](Reading reading) {
        on_reading(wanted, std::move(reading));
    });
}

void Lookups::on_reading(const std::string& wanted, Reading reading) {
    const auto at = lookups_.find(wanted);
    if (at == lookups_.end()) return;
    Lookup& lookup = at->second;
    lookup.aliases += reading.aliases;
    lookup.ttl = std::min(lookup.ttl, reading.ttl);
    lookup.secure = lookup.secure && reading.answer.secure;
    lookup.may_be_kept = lookup.may_be_kept && reading.may_be_kept;
    if (!reading.alias.empty()) {
        follow(lookup, reading);
        return;
    }
    Answer& answer = reading.answer;
    answer.secure = lookup.secure;
    if (lookup.may_be_kept && !unknown(answer.status)) {
        answer.ttl = bounded_ttl(lookup, answer.status);
        cache_.put(lookup.key, answer, std::chrono::steady_clock::now());
    }
    settle(wanted, answer);
}

void Lookups::follow(Lookup& lookup, const Reading& reading) {
    // Each packet with an alias at its end has at least one: this ends.
    if (lookup.aliases >= kMaxAliases) {
        Answer answer;
        answer.status = Status::Failed;
        answer.detail = "too many aliases";
        settle(std::string(lookup.key), answer);
        return;
    }
    start(lookup, reading.alias);
}

std::chrono::seconds Lookups::bounded_ttl(const Lookup& lookup, Status status) const {
    const auto ttl = std::clamp(std::chrono::seconds(lookup.ttl), bounds_.min, bounds_.max);
    return status == Status::Found ? ttl : std::min(ttl, bounds_.negative_max);
}

void Lookups::on_late(const std::string& wanted, const Asker* asker) {
    const auto at = lookups_.find(wanted);
    if (at == lookups_.end()) return;
    Lookup& lookup = at->second;
    const auto mine =
        std::ranges::find_if(lookup.askers, [&](const Asker& each) { return &each == asker; });
    if (mine == lookup.askers.end()) return;
    Answer answer;
    answer.status = Status::Late;
    answer.detail = source_.trouble(lookup.ticket);
    const Resolver::Done done = std::move(mine->done);
    lookup.askers.erase(mine);
    if (lookup.askers.empty()) {
        source_.cancel(lookup.ticket);
        lookups_.erase(at);
    }
    done(std::move(answer));
}

void Lookups::settle(const std::string& wanted, const Answer& answer) {
    const auto node = lookups_.extract(wanted);
    if (node.empty()) return;
    for (Asker& each : node.mapped().askers) {
        each.alarm.reset();
        each.done(answer);
    }
}

void Lookups::end_all(const std::string& why) {
    Answer answer;
    answer.status = Status::Failed;
    answer.detail = why;
    while (!lookups_.empty()) {
        source_.cancel(lookups_.begin()->second.ticket);
        settle(std::string(lookups_.begin()->first), answer);
    }
}

}  // namespace postern::dns

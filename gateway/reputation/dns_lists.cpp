#include "gateway/reputation/dns_lists.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>

#include "gateway/reputation/list_health.hpp"

namespace postern::reputation {
namespace {

using dns::RecordType;

struct Counts {
    std::atomic<std::uint64_t> lookups{0};
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> unknowns{0};
    std::atomic<unsigned> unknown_streak{0};
    std::atomic<unsigned> listed_streak{0};
};

struct Kept {
    Kept(DnsList wanted) : list(std::move(wanted)), record(list.test_points) {}

    const DnsList list;
    mutable Counts counts;
    mutable std::mutex mutex;  ///< of what follows
    HealthRecord record;
    bool testing = false;
    std::uint64_t round = 0;

    /// Why nothing of it counts; nullopt: it does.
    [[nodiscard]] std::optional<std::string> silenced() const {
        const std::lock_guard lock(mutex);
        if (record.health() == Health::Well) return std::nullopt;
        if (record.health() == Health::Untested) return record.why();
        return "suspended: " + record.why();
    }
};

/// One question about one subject.
struct Lookup {
    std::size_t list = 0;
    std::size_t subject = 0;
    std::string name;
    dns::Answer answer = {};
    dns::Answer text = {};
};

}  // namespace

struct DnsLists::State {
    State(dns::Resolver& asked, AlarmHook told) : resolver(asked), alarm(std::move(told)) {}

    dns::Resolver& resolver;
    AlarmHook alarm;
    std::vector<std::unique_ptr<Kept>> lists;
    std::atomic<bool> closed{false};  ///< nobody is left to be alarmed

    /// Everything there is to ask; silenced lists go to `answer` at once.
    [[nodiscard]] std::vector<Lookup> plan(const std::vector<Subject>& subjects,
                                           ListAnswer& answer) const;
    [[nodiscard]] bool wants_text(const Lookup& lookup) const;
    [[nodiscard]] ListAnswer conclude(const std::vector<Subject>& subjects,
                                      const std::vector<Lookup>& lookups, ListAnswer answer) const;
    void conclude_one(const Subject& subject, const Lookup* first, const Lookup* last,
                      ListAnswer& answer) const;
    static void test(const std::shared_ptr<State>& state, Kept& kept,
                     std::chrono::milliseconds patience);
    void judge(Kept& kept, const std::vector<TestResult>& results) const;
};

namespace {

/// Answers of an asynchronous ask() as they come in.
struct Gathering {
    std::vector<Subject> subjects;
    std::vector<Lookup> lookups;
    ListAnswer silenced;
    std::atomic<std::size_t> missing{0};
};

struct TestRound {
    std::vector<TestResult> results;
    std::atomic<std::size_t> missing{0};
};

}  // namespace

std::vector<Lookup> DnsLists::State::plan(const std::vector<Subject>& subjects,
                                          ListAnswer& answer) const {
    std::vector<Lookup> lookups;
    for (std::size_t list = 0; list < lists.size(); ++list) {
        const Kept& kept = *lists[list];
        const auto why = kept.silenced();
        bool told = false;
        for (std::size_t subject = 0; subject < subjects.size(); ++subject) {
            std::vector<std::string> names = list_questions(kept.list, subjects[subject]);
            if (names.empty()) continue;
            if (!why) {
                for (std::string& name : names) lookups.push_back({list, subject, std::move(name)});
            } else if (!std::exchange(told, true)) {
                answer.unknowns.push_back({kept.list.name, subjects[subject].text(), *why});
            }
        }
    }
    return lookups;
}

bool DnsLists::State::wants_text(const Lookup& lookup) const {
    const DnsList& list = lists[lookup.list]->list;
    return list.reason && read_answer(list, lookup.answer).meaning == Meaning::Listed;
}

void DnsLists::State::conclude_one(const Subject& subject, const Lookup* first, const Lookup* last,
                                   ListAnswer& answer) const {
    const Kept& kept = *lists[first->list];
    std::optional<Listing> listing;
    std::string why;
    for (const Lookup* each = first; each != last; ++each) {
        const Reading reading = read_answer(kept.list, each->answer);
        if (reading.meaning == Meaning::Unknown) why = reading.why;
        if (reading.meaning != Meaning::Listed) continue;
        if (listing && std::abs(listing->weight) >= std::abs(reading.weight)) continue;
        const std::string words = read_reason(each->text);
        listing = Listing{kept.list.name,
                          subject.text(),
                          reading.value,
                          reading.weight,
                          words.empty() ? reading.reason : words,
                          kept.list.authoritative};
    }
    if (const auto silenced = kept.silenced()) {  // while we waited
        listing.reset();
        why = *silenced;
    }
    Counts& counts = kept.counts;
    ++counts.lookups;
    if (listing) {
        ++counts.hits;
        ++counts.listed_streak;
        counts.unknown_streak = 0;
        answer.listings.push_back(std::move(*listing));
    } else if (!why.empty()) {
        ++counts.unknowns;
        ++counts.unknown_streak;
        answer.unknowns.push_back({kept.list.name, subject.text(), why});
    } else {
        counts.listed_streak = 0;
        counts.unknown_streak = 0;
    }
}

ListAnswer DnsLists::State::conclude(const std::vector<Subject>& subjects,
                                     const std::vector<Lookup>& lookups, ListAnswer answer) const {
    const Lookup* end = lookups.data() + lookups.size();
    for (const Lookup* first = lookups.data(); first != end;) {
        const Lookup* last = std::find_if(first, end, [&](const Lookup& each) {
            return each.list != first->list || each.subject != first->subject;
        });
        conclude_one(subjects[first->subject], first, last, answer);
        first = last;
    }
    return answer;
}

DnsLists::DnsLists(std::vector<DnsList> lists, dns::Resolver& resolver, AlarmHook alarm)
    : state_(std::make_shared<State>(resolver, std::move(alarm))) {
    for (DnsList& each : lists) state_->lists.push_back(std::make_unique<Kept>(std::move(each)));
}

DnsLists::~DnsLists() {
    state_->closed = true;
}

void DnsLists::prefetch(const std::vector<Subject>& subjects, dns::Inquiry& inquiry) const {
    ListAnswer ignored;
    for (const Lookup& each : state_->plan(subjects, ignored)) {
        std::ignore = inquiry.ask({each.name, RecordType::A});
    }
}

ListAnswer DnsLists::ask(const std::vector<Subject>& subjects, dns::Inquiry& inquiry) const {
    ListAnswer silenced;
    std::vector<Lookup> lookups = state_->plan(subjects, silenced);
    std::vector<dns::Pending> pending;
    pending.reserve(lookups.size());
    for (const Lookup& each : lookups) pending.push_back(inquiry.ask({each.name, RecordType::A}));
    std::vector<std::pair<std::size_t, dns::Pending>> texts;
    for (std::size_t i = 0; i < lookups.size(); ++i) {
        lookups[i].answer = pending[i].wait();
        if (!state_->wants_text(lookups[i])) continue;
        texts.emplace_back(i, inquiry.ask({lookups[i].name, RecordType::Txt}));
    }
    for (const auto& [index, text] : texts) lookups[index].text = text.wait();
    return state_->conclude(subjects, lookups, std::move(silenced));
}

void DnsLists::ask(const std::vector<Subject>& subjects, dns::TimePoint deadline, Done done) const {
    auto gathering = std::make_shared<Gathering>();
    gathering->subjects = subjects;
    gathering->lookups = state_->plan(subjects, gathering->silenced);
    // One more than there are questions: nothing is finished before all have been asked.
    gathering->missing = gathering->lookups.size() + 1;
    const auto arrived = [state = state_, gathering, done = std::move(done)] {
        if (--gathering->missing > 0) return;
        done(state->conclude(gathering->subjects, gathering->lookups,
                             std::move(gathering->silenced)));
    };
    for (Lookup& each : gathering->lookups) {
        state_->resolver.ask({each.name, RecordType::A}, deadline,
                             [state = state_, &each, deadline, arrived](dns::Answer answer) {
                                 each.answer = std::move(answer);
                                 if (!state->wants_text(each)) return arrived();
                                 state->resolver.ask({each.name, RecordType::Txt}, deadline,
                                                     [&each, arrived](dns::Answer text) {
                                                         each.text = std::move(text);
                                                         arrived();
                                                     });
                             });
    }
    arrived();
}

void DnsLists::State::test(const std::shared_ptr<State>& state, Kept& kept,
                           std::chrono::milliseconds patience) {
    std::vector<TestPoint> points;
    {
        const std::lock_guard lock(kept.mutex);
        if (kept.testing) return;
        points = test_points(kept.list, kept.round++);
        kept.testing = !points.empty();
    }
    auto round = std::make_shared<TestRound>();
    for (TestPoint& each : points) round->results.push_back({std::move(each), {}});
    round->missing = round->results.size();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (TestResult& each : round->results) {
        state->resolver.ask({each.point.name, RecordType::A}, deadline,
                            [state, round, &each, &kept](dns::Answer answer) {
                                each.answer = std::move(answer);
                                if (--round->missing == 0) state->judge(kept, round->results);
                            });
    }
}

void DnsLists::State::judge(Kept& kept, const std::vector<TestResult>& results) const {
    const TestVerdict verdict = judge_tests(kept.list, results);
    std::optional<Alarm> told;
    {
        const std::lock_guard lock(kept.mutex);
        const Health before = kept.record.health();
        if (kept.record.take(verdict)) {
            if (kept.record.health() == Health::Suspended) {
                told = Alarm{kept.list.name, "suspended: " + kept.record.why(), false};
            } else if (before == Health::Suspended) {
                told = Alarm{kept.list.name, "passes its tests again", true};
            }
        }
        kept.counts.unknown_streak = 0;
        kept.counts.listed_streak = 0;
        kept.testing = false;
    }
    if (told && alarm && !closed) alarm(*told);
}

void DnsLists::test(std::chrono::milliseconds patience) {
    for (const auto& each : state_->lists) State::test(state_, *each, patience);
}

void DnsLists::test_suspects(std::chrono::milliseconds patience) {
    for (const auto& each : state_->lists) {
        const Counts& counts = each->counts;
        if (counts.unknown_streak >= kUnknownStreak || counts.listed_streak >= kListedStreak) {
            State::test(state_, *each, patience);
        }
    }
}

bool DnsLists::testing() const {
    return std::any_of(state_->lists.begin(), state_->lists.end(), [](const auto& each) {
        const std::lock_guard lock(each->mutex);
        return each->testing;
    });
}

bool DnsLists::empty() const {
    return state_->lists.empty();
}

std::vector<ListFigures> DnsLists::figures() const {
    std::vector<ListFigures> all;
    for (const auto& each : state_->lists) {
        ListFigures figures;
        figures.list = each->list.name;
        figures.lookups = each->counts.lookups;
        figures.hits = each->counts.hits;
        figures.unknowns = each->counts.unknowns;
        figures.suspended = each->silenced().has_value();
        all.push_back(std::move(figures));
    }
    return all;
}

}  // namespace postern::reputation

#include "gateway/dns/inquiry.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "analyzers/base/ascii.hpp"

namespace postern::dns {
namespace {

constexpr std::array<char, 16> kHex = {'0', '1', '2', '3', '4', '5', '6', '7',
                                       '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

/// Labels of the address, last first, each followed by a dot.
std::string reversed_labels(const mail::IpAddress& address) {
    std::string labels;
    const auto& bytes = address.bytes();
    if (address.is_v4()) {
        for (std::size_t i = 16; i-- > 12;) labels += std::to_string(bytes[i]) + '.';
        return labels;
    }
    for (std::size_t i = 16; i-- > 0;) {
        labels += {kHex[bytes[i] & 15U], '.', kHex[bytes[i] >> 4U], '.'};
    }
    return labels;
}

}  // namespace

struct Pending::State {
    mutable std::mutex mutex;
    mutable std::condition_variable arrived;
    std::optional<Answer> answer;  ///< never changes once it is there
    std::vector<std::function<void(const Answer&)>> waiting;

    void settle(Answer given) {
        std::vector<std::function<void(const Answer&)>> to_call;
        {
            const std::lock_guard lock(mutex);
            answer.emplace(std::move(given));
            to_call.swap(waiting);
            arrived.notify_all();
        }
        for (const auto& call : to_call) call(*answer);
    }
};

Pending::Pending(std::shared_ptr<State> state) : state_(std::move(state)) {}

const Answer& Pending::wait() const {
    std::unique_lock lock(state_->mutex);
    state_->arrived.wait(lock, [&] { return state_->answer.has_value(); });
    return *state_->answer;
}

bool Pending::ready() const {
    const std::lock_guard lock(state_->mutex);
    return state_->answer.has_value();
}

void Pending::then(std::function<void(const Answer& answer)> done) const {
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->answer) {
            state_->waiting.push_back(std::move(done));
            return;
        }
    }
    done(*state_->answer);
}

struct Inquiry::State {
    State(Resolver& asked_one, Budget allowed) : resolver(asked_one), budget(allowed) {}

    Resolver& resolver;
    const Budget budget;
    mutable std::mutex mutex;
    std::map<Question, Pending> questions;
};

Inquiry::Inquiry(Resolver& resolver, Budget budget)
    : state_(std::make_unique<State>(resolver, budget)) {}

Inquiry::~Inquiry() = default;

Pending Inquiry::ask(const Question& question) {
    Question canonical{ascii_lower(question.name), question.type};
    if (canonical.name.ends_with('.')) canonical.name.pop_back();
    auto made = std::make_shared<Pending::State>();
    {
        const std::lock_guard lock(state_->mutex);
        if (const auto known = state_->questions.find(canonical);
            known != state_->questions.end()) {
            return known->second;
        }
        if (state_->questions.size() >= state_->budget.lookups) {
            Answer refused;
            refused.status = Status::OverBudget;
            refused.detail = "too many look-ups";
            made->settle(std::move(refused));
            return Pending(made);
        }
        state_->questions.emplace(canonical, Pending(made));
    }
    const TimePoint deadline = std::min(
        state_->budget.deadline, std::chrono::steady_clock::now() + state_->budget.per_lookup);
    state_->resolver.ask(canonical, deadline,
                         [made](Answer answer) { made->settle(std::move(answer)); });
    return Pending(made);
}

std::size_t Inquiry::asked() const {
    const std::lock_guard lock(state_->mutex);
    return state_->questions.size();
}

TimePoint Inquiry::deadline() const {
    return state_->budget.deadline;
}

std::string reverse_name(const mail::IpAddress& address) {
    return reversed_labels(address) + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

std::string list_name(const mail::IpAddress& address, std::string_view zone) {
    return reversed_labels(address).append(zone);
}

std::string_view name(RecordType type) {
    switch (type) {
        case RecordType::A:
            return "A";
        case RecordType::Ns:
            return "NS";
        case RecordType::Soa:
            return "SOA";
        case RecordType::Ptr:
            return "PTR";
        case RecordType::Mx:
            return "MX";
        case RecordType::Txt:
            return "TXT";
        case RecordType::Aaaa:
            return "AAAA";
        case RecordType::Tlsa:
            return "TLSA";
    }
    return "?";
}

std::string_view name(Status status) {
    constexpr std::array<std::string_view, 6> kNames = {"found",  "no-data", "no-name",
                                                        "failed", "late",    "over-budget"};
    return kNames.at(static_cast<std::size_t>(status));
}

}  // namespace postern::dns

#pragma once

/// @file A DNS under a test's control: a table of answers, and a log of what was asked.

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "analyzers/base/ascii.hpp"
#include "gateway/dns/resolver.hpp"

namespace postern::tests {

/// Names that are not in the table do not exist. Names in it answer NoData for other types. Answers
/// come at once, on the asking thread.
class FakeResolver final : public dns::Resolver {
public:
    FakeResolver& put(const std::string& name, dns::RecordType type, dns::Answer answer) {
        const std::lock_guard lock(mutex_);
        answer.canonical = ascii_lower(name);
        table_[ascii_lower(name)].insert_or_assign(type, std::move(answer));
        return *this;
    }
    FakeResolver& txt(const std::string& name, std::vector<std::string> texts) {
        dns::Answer answer = found();
        answer.texts = std::move(texts);
        return put(name, dns::RecordType::Txt, std::move(answer));
    }
    FakeResolver& a(const std::string& name, const std::vector<std::string>& addresses) {
        dns::Answer v4 = found();
        dns::Answer v6 = found();
        for (const std::string& text : addresses) {
            const auto address = mail::IpAddress::parse(text).value();
            (address.is_v4() ? v4 : v6).addresses.push_back(address);
        }
        if (!v4.addresses.empty()) put(name, dns::RecordType::A, std::move(v4));
        if (!v6.addresses.empty()) put(name, dns::RecordType::Aaaa, std::move(v6));
        return *this;
    }
    FakeResolver& mx(const std::string& name, std::vector<dns::Exchange> exchanges) {
        dns::Answer answer = found();
        answer.exchanges = std::move(exchanges);
        return put(name, dns::RecordType::Mx, std::move(answer));
    }
    FakeResolver& ptr(const std::string& name, std::vector<std::string> names) {
        dns::Answer answer = found();
        answer.names = std::move(names);
        return put(name, dns::RecordType::Ptr, std::move(answer));
    }
    FakeResolver& fails(const std::string& name, dns::RecordType type,
                        dns::Status status = dns::Status::Failed) {
        dns::Answer answer;
        answer.status = status;
        answer.detail = "as told by the test";
        return put(name, type, std::move(answer));
    }

    void ask(const dns::Question& question, dns::TimePoint /*deadline*/, Done done) override {
        done(look_up(question));
    }

    [[nodiscard]] std::vector<dns::Question> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    static dns::Answer found() {
        dns::Answer answer;
        answer.status = dns::Status::Found;
        answer.ttl = std::chrono::seconds(300);
        return answer;
    }
    dns::Answer look_up(const dns::Question& question) {
        const std::lock_guard lock(mutex_);
        asked_.push_back(question);
        dns::Answer none;
        none.status = dns::Status::NoName;
        std::string name = ascii_lower(question.name);
        if (name.ends_with('.')) name.pop_back();
        const auto at = table_.find(name);
        if (at == table_.end()) return none;
        if (const auto hit = at->second.find(question.type); hit != at->second.end()) {
            return hit->second;
        }
        none.status = dns::Status::NoData;
        return none;
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::map<dns::RecordType, dns::Answer>> table_;
    std::vector<dns::Question> asked_;
};

}  // namespace postern::tests

#include "gateway/auth/iprev.hpp"

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

namespace postern::auth {
namespace {

using dns::Answer;
using dns::Status;

Iprev ending(IprevResult result, std::string detail) {
    return {.result = result, .name = {}, .detail = std::move(detail)};
}

/// The forward look-ups of one address, as they come in. Shared by their callbacks.
class Way {
public:
    Way(const mail::IpAddress& client, std::vector<std::string> names,
        std::function<void(Iprev)> done)
        : client_(client),
          names_(std::move(names)),
          answers_(names_.size()),
          missing_(names_.size()),
          done_(std::move(done)) {}

    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

    void take(std::size_t which, const Answer& answer) {
        {
            const std::lock_guard lock(mutex_);
            answers_[which] = answer;
            if (--missing_ > 0) return;
        }
        done_(judge());
    }

private:
    /// All answers are in: the first name that leads back, whatever came first.
    [[nodiscard]] Iprev judge() const {
        std::string unclear;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            if (std::ranges::find(answers_[i].addresses, client_) != answers_[i].addresses.end()) {
                return {.result = IprevResult::Pass, .name = names_[i], .detail = {}};
            }
            if (unknown(answers_[i].status) && unclear.empty()) {
                unclear = names_[i] + ": " + std::string(dns::name(answers_[i].status));
            }
        }
        if (!unclear.empty()) return ending(IprevResult::TempError, unclear);
        return ending(IprevResult::Fail, names_.front() + " does not lead back");
    }

    const mail::IpAddress client_;
    const std::vector<std::string> names_;
    std::mutex mutex_;
    std::vector<Answer> answers_;
    std::size_t missing_;
    const std::function<void(Iprev)> done_;
};

void look_forward(const mail::IpAddress& client, dns::Inquiry& inquiry, const Answer& pointers,
                  std::function<void(Iprev)> done) {
    if (unknown(pointers.status)) {
        std::string detail = "PTR: " + std::string(dns::name(pointers.status));
        done(ending(IprevResult::TempError, std::move(detail)));
        return;
    }
    std::vector<std::string> names;
    for (const std::string& name : pointers.names) {
        if (names.size() < kIprevNames && !name.empty()) names.push_back(name);
    }
    if (names.empty()) {
        done(ending(IprevResult::PermError, "the address has no name"));
        return;
    }
    const auto way = std::make_shared<Way>(client, std::move(names), std::move(done));
    const auto type = client.is_v4() ? dns::RecordType::A : dns::RecordType::Aaaa;
    std::vector<dns::Pending> asked;  // all on their way before the first is looked at
    for (const std::string& name : way->names()) asked.push_back(inquiry.ask({name, type}));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        asked[i].then([way, i](const Answer& answer) { way->take(i, answer); });
    }
}

}  // namespace

Iprev iprev(const mail::IpAddress& client, dns::Inquiry& inquiry) {
    const Answer pointers = inquiry.lookup({dns::reverse_name(client), dns::RecordType::Ptr});
    // Shared: the setting thread may still be inside set_value() when the waiting one goes on.
    const auto promise = std::make_shared<std::promise<Iprev>>();
    std::future<Iprev> result = promise->get_future();
    look_forward(client, inquiry, pointers,
                 [promise](Iprev found) { promise->set_value(std::move(found)); });
    return result.get();
}

void iprev(const mail::IpAddress& client, const std::shared_ptr<dns::Inquiry>& inquiry,
           std::function<void(Iprev)> done) {
    const dns::Pending pointers = inquiry->ask({dns::reverse_name(client), dns::RecordType::Ptr});
    pointers.then([client, inquiry, done = std::move(done)](const Answer& answer) {
        look_forward(client, *inquiry, answer, done);
    });
}

}  // namespace postern::auth

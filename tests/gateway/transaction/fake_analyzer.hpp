#pragma once

/// @file The other end of a Door under a test's control: answers each message with the report that
/// the test has chosen, in the framing of a real worker.

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/api/codec.hpp"
#include "analyzers/host/door.hpp"
#include "sandbox/control.hpp"

namespace postern::tests {

/// A report about one whole message without findings.
inline analyzers::Report clean_report() {
    analyzers::Report report;
    analyzers::Object root;
    root.sha256 = std::string(64, 'a');
    report.objects.push_back(root);
    report.message.subject = "Hello";
    report.message.from = {"alice@sender.example"};
    report.message.message_id = "<1@sender.example>";
    report.message.headers = "Subject: Hello\n";
    return report;
}

inline analyzers::Report report_with(const std::string& code, const std::string& detail) {
    analyzers::Report report = clean_report();
    report.findings.push_back(analyzers::finding(code, detail));
    return report;
}

class FakeAnalyzer {
public:
    explicit FakeAnalyzer(host::Door& door) {
        auto pair = sandbox::channel_pair();
        if (!pair) std::abort();
        door.set_channel(UniqueFd((*pair)[0].release()));
        end_ = std::move((*pair)[1]);
        thread_ = std::thread([this] { serve(); });
    }
    ~FakeAnalyzer() {
        ending_ = true;
        thread_.join();
    }
    FakeAnalyzer(const FakeAnalyzer&) = delete;
    FakeAnalyzer& operator=(const FakeAnalyzer&) = delete;

    void answer(analyzers::Report report) {
        const std::lock_guard lock(mutex_);
        report_ = std::move(report);
    }
    /// Messages looked at so far.
    [[nodiscard]] int jobs() const { return jobs_; }

private:
    void serve() {
        while (!ending_) {
            pollfd readable{end_.get(), POLLIN, 0};
            if (::poll(&readable, 1, 20) <= 0) continue;
            auto received = sandbox::receive(end_.get());
            auto* got = std::get_if<sandbox::Received>(&received);
            if (got == nullptr) return;
            const auto* start = std::get_if<sandbox::Start>(&got->message);
            if (start != nullptr) work(*start, std::move(got->descriptors));
        }
    }
    void work(const sandbox::Start& start, std::vector<sandbox::Descriptor> descriptors) {
        ++jobs_;
        sandbox::Started started;
        started.job = start.job;
        (void)sandbox::send(end_.get(), started);
        std::string bytes;
        {
            const std::lock_guard lock(mutex_);
            bytes = analyzers::encode(report_);
        }
        (void)!::write(descriptors.at(1).get(), bytes.data(), bytes.size());
        descriptors.clear();
        sandbox::Ended ended;
        ended.job = start.job;
        (void)sandbox::send(end_.get(), ended);
    }

    sandbox::Descriptor end_;
    std::mutex mutex_;
    analyzers::Report report_ = clean_report();
    std::atomic<int> jobs_{0};
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

}  // namespace postern::tests

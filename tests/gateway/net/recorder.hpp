#pragma once

/// @file A gateway for tests: polite, unless an address tells it what to do.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/net/dialogue.hpp"

namespace postern::net::testing_support {

/// What all dialogues of a test saw, and the answers they keep back.
class Record {
public:
    void add(const std::string& entry) {
        const std::lock_guard lock(mutex_);
        entries_.push_back(entry);
        changed_.notify_all();
    }
    void keep(std::function<void()> later) {
        const std::lock_guard lock(mutex_);
        kept_.push_back(std::move(later));
        changed_.notify_all();
    }
    /// Waits until so many answers are kept back, then takes them.
    std::vector<std::function<void()>> take_kept(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return kept_.size() >= count; });
        return std::exchange(kept_, {});
    }
    void wait_for(const std::string& entry) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
            return std::find(entries_.begin(), entries_.end(), entry) != entries_.end();
        });
    }
    /// The answer to Connected is kept back too.
    void keep_banner(bool keep) { keep_banner_ = keep; }
    [[nodiscard]] bool keeps_banner() const { return keep_banner_; }
    void keep_tls(const TlsFacts& facts) {
        const std::lock_guard lock(mutex_);
        tls_ = facts;
    }
    TlsFacts tls() {
        const std::lock_guard lock(mutex_);
        return tls_;
    }
    std::vector<std::string> entries() {
        const std::lock_guard lock(mutex_);
        return entries_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> keep_banner_ = false;
    std::vector<std::string> entries_;
    std::vector<std::function<void()>> kept_;
    TlsFacts tls_;
};

/// Senders: keep@ answers when the test says so, thread@ from another thread, throw@ throws, data@
/// throws at the first piece of the message, pause@ pauses at each until the test says so.
class Recorder : public Dialogue {
public:
    explicit Recorder(Record& record) : record_(record) {}

    void on_event(smtp::Event event, Answer done) override {
        const smtp::Reply reply = smtp::usual_reply(event, "mx.test");
        if (const auto* mail = std::get_if<smtp::MailFrom>(&event)) {
            sender_ = mail::path_text(mail->path);
        }
        if (std::holds_alternative<smtp::DataComplete>(event)) {
            record_.add("message " + std::exchange(message_, {}));
        }
        if (std::holds_alternative<smtp::DataRefused>(event)) record_.add("refused");
        if (sender_.starts_with("throw@")) throw std::runtime_error("thrown on purpose");
        const bool banner = std::holds_alternative<smtp::Connected>(event);
        if (sender_.starts_with("keep@") || (banner && record_.keeps_banner())) {
            record_.keep([done, reply] { done(reply); });
        } else if (sender_.starts_with("thread@")) {
            std::thread([done, reply] {
                done(reply);
                done({599, "", "the second answer does not count"});
            }).detach();
        } else {
            done(reply);
        }
    }

    Flow on_data(std::string_view chunk, const Resume& resume) override {
        if (sender_.starts_with("data@")) throw std::runtime_error("thrown in data");
        message_ += chunk;
        if (!sender_.starts_with("pause@")) return Flow::Continue;
        record_.keep(resume);
        return Flow::Pause;
    }

    void on_early_talk(std::string_view first_bytes) override {
        record_.add("early " + std::string(first_bytes));
    }

    void on_tls(const TlsFacts& facts) override {
        sender_.clear();
        record_.add("tls " + facts.protocol + " " + facts.cipher);
        record_.keep_tls(facts);
    }
    void on_close(net::Ending /*why*/) override { record_.add("closed"); }

private:
    Record& record_;
    std::string sender_;
    std::string message_;
};

}  // namespace postern::net::testing_support

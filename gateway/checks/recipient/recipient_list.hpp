#pragma once

/// @file [domains].recipients: who has a mailbox here. Read again when the file changes; a file
/// that cannot be read leaves the last good one in force.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "analyzers/base/outcome.hpp"
#include "gateway/mail/address.hpp"

namespace postern::checks {

/// One entry a line: "user@example.org", or "@example.org" for everybody there; "#" begins a
/// comment. Any case.
using RecipientSet = std::unordered_set<std::string>;
/// The failure names the first bad line: "LINE: what is wrong".
[[nodiscard]] Outcome<RecipientSet, std::string> parse_recipients(std::string_view text);
/// `delimiter` (may be empty) begins what a person adds to his address: "user+list".
[[nodiscard]] bool holds(const RecipientSet& set, const mail::Mailbox& mailbox,
                         std::string_view delimiter);

/// Thread-safe. Asking never touches the file, so that a reactor may ask.
class RecipientList {
public:
    static constexpr std::chrono::milliseconds kBetweenLooks{1000};

    /// Reads the file.
    explicit RecipientList(std::string path);
    ~RecipientList();
    RecipientList(const RecipientList&) = delete;
    RecipientList& operator=(const RecipientList&) = delete;
    RecipientList(RecipientList&&) = delete;
    RecipientList& operator=(RecipientList&&) = delete;

    /// From now on a thread looks at the file's stamp now and then. Called once at most.
    void watch(std::chrono::milliseconds between_looks = kBetweenLooks);
    /// What that thread does: reads the file if its stamp is another. One caller at a time.
    void look();

    /// Null: there has never been a readable file; `problem()` says why.
    [[nodiscard]] std::shared_ptr<const RecipientSet> current() const;
    /// Of the last read; empty: none.
    [[nodiscard]] std::string problem() const;

private:
    struct Stamp {
        std::int64_t modified_ns = -1;
        std::uint64_t size = 0;
        std::uint64_t inode = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    void complain(std::string problem);
    void take(RecipientSet set);

    const std::string path_;
    Stamp stamp_;  ///< of look() alone
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool ending_ = false;
    std::string problem_ = "not read yet";
    std::shared_ptr<const RecipientSet> set_;
    std::thread watcher_;
};

}  // namespace postern::checks

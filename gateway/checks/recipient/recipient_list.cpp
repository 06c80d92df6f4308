#include "gateway/checks/recipient/recipient_list.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "analyzers/base/ascii.hpp"

namespace postern::checks {
namespace {

std::string_view trimmed(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Outcome<RecipientSet, std::string> parse_recipients(std::string_view text) {
    RecipientSet set;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view entry = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (entry.empty()) continue;
        const bool good = entry.front() == '@'
                              ? static_cast<bool>(mail::Domain::parse(entry.substr(1)))
                              : static_cast<bool>(mail::Mailbox::parse(entry));
        if (!good) return Failure{std::to_string(number) + ": is no address and no \"@domain\""};
        set.insert(ascii_lower(entry));
    }
    return set;
}

bool holds(const RecipientSet& set, const mail::Mailbox& mailbox, std::string_view delimiter) {
    const std::string domain = "@" + mailbox.domain().text();
    const std::string local = ascii_lower(mailbox.local_part());
    if (set.contains(local + domain) || set.contains(domain)) return true;
    const std::size_t cut = delimiter.empty() ? std::string::npos : local.find(delimiter);
    return cut != std::string::npos && cut > 0 && set.contains(local.substr(0, cut) + domain);
}

RecipientList::RecipientList(std::string path) : path_(std::move(path)) {
    look();
}

RecipientList::~RecipientList() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    if (watcher_.joinable()) watcher_.join();
}

void RecipientList::watch(std::chrono::milliseconds between_looks) {
    watcher_ = std::thread([this, between_looks] {
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, between_looks, [this] { return ending_; })) {
            lock.unlock();
            look();
            lock.lock();
        }
    });
}

void RecipientList::look() {
    struct stat facts {};
    if (::stat(path_.c_str(), &facts) != 0) return complain(path_ + ": cannot be found");
    const Stamp now{facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec,
                    static_cast<std::uint64_t>(facts.st_size),
                    static_cast<std::uint64_t>(facts.st_ino)};
    if (now == stamp_) return;
    std::ifstream in(path_, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in && facts.st_size > 0) return complain(path_ + ": cannot be read");
    auto parsed = parse_recipients(text.str());
    stamp_ = now;
    if (!parsed) return complain(path_ + ":" + parsed.error());
    take(std::move(parsed).value());
}

void RecipientList::complain(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
}

void RecipientList::take(RecipientSet set) {
    auto fresh = std::make_shared<const RecipientSet>(std::move(set));
    const std::lock_guard lock(mutex_);
    problem_.clear();
    set_.swap(fresh);  // the old one goes after the lock, with whoever still looks into it
}

std::shared_ptr<const RecipientSet> RecipientList::current() const {
    const std::lock_guard lock(mutex_);
    return set_;
}

std::string RecipientList::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

}  // namespace postern::checks

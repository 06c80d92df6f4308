#pragma once

/// @file A store in a folder of its own, with a clock that stands still until a test moves it.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "quarantine/store.hpp"

namespace postern::quarantine {

inline Key key_of(unsigned char fill) {
    std::array<std::byte, Key::kSize> bytes{};
    bytes.fill(std::byte{fill});
    return Key(bytes);
}

class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "postern-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline Location location_in(const Folder& folder) {
    return Location::parse("sqlite://" + folder.path() + "/q/quarantine.db").value();
}

inline constexpr UnixMs kDay = 24LL * 3600 * 1000;

inline Record sample(const std::string& subject = "Invoice", UnixMs received = 1000 * kDay) {
    Record record{
        {QuarantineId::make()}, "Subject: x\n", "Hello", R"({"schema":"postern.scan/1"})"};
    Summary& s = record.summary;
    s.received = received;
    s.client_ip = "192.0.2.1";
    s.client_name = "mail.client.example";
    s.helo = "client.example";
    s.reverse_path = "sender@client.example";
    s.recipients = {{"anna@example.org"}, {"ben@example.org"}};
    s.subject = subject;
    s.from = {"boss@example.com"};
    s.message_id = "<1@client.example>";
    s.verdict = VerdictClass::Malware;
    s.score = 15.5;
    s.reasons = {"AV_MATCH", "URL_LISTED"};
    return record;
}

class StoreFixture : public ::testing::Test {
protected:
    void SetUp() override { reopen(); }

    StoreOptions options() {
        StoreOptions options;
        options.chunk_size = 1024;
        options.accounts.argon2_passes = 1;
        options.accounts.argon2_memory = 8192;
        options.clock = [this] { return now.load(); };
        return options;
    }
    void reopen() {
        store.reset();
        auto opened = Store::open(location_in(folder), key_of(7), options());
        ASSERT_TRUE(opened) << opened.error().detail;
        store = std::move(opened).value();
    }
    QuarantineId put(const Record& record, std::string_view message = "From: a\r\n\r\nbody\r\n") {
        auto id = store->put(record, message);
        if (!id) ADD_FAILURE() << name(id.error().kind) << ": " << id.error().detail;
        return record.summary.id;
    }
    std::string bytes_of(const QuarantineId& id) {
        auto reader = store->open_message(id);
        if (!reader) return "(" + std::string(name(reader.error().kind)) + ")";
        MessageReader message = std::move(reader).value();
        auto all = message.read_all(std::size_t{64} << 20);
        return all ? *all : "(" + std::string(name(all.error().kind)) + ")";
    }
    Summary summary_of(const QuarantineId& id) {
        auto record = store->show(id);
        EXPECT_TRUE(record);
        return record ? record->summary : Summary{id};
    }
    std::string states_of(const QuarantineId& id) {
        std::string states;
        for (const Recipient& recipient : summary_of(id).recipients) {
            states += (states.empty() ? "" : ",") + std::string(name(recipient.state));
        }
        return states;
    }
    std::size_t blob_count() {
        std::size_t count = 0;
        const std::filesystem::recursive_directory_iterator blobs(location_in(folder).blobs);
        for (const auto& entry : blobs) count += entry.is_regular_file() ? 1U : 0U;
        return count;
    }

    Folder folder;
    std::atomic<UnixMs> now{1000 * kDay};
    std::unique_ptr<Store> store;
    const Actor reviewer{"rita", "198.51.100.7"};
};

template <class T>
std::string kind_of(const Outcome<T, StoreError>& outcome) {
    return outcome ? "ok" : std::string(name(outcome.error().kind));
}

}  // namespace postern::quarantine

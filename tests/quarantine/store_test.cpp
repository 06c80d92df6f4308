#include "quarantine/store.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "analyzers/base/sha256.hpp"
#include "quarantine/index/database.hpp"
#include "tests/quarantine/store_fixture.hpp"

namespace postern::quarantine {
namespace {

using StoreTest = StoreFixture;

TEST_F(StoreTest, ShowsWhatWasPut) {
    Record record = sample("Grüße \xE2\x9C\x93");
    record.summary.eight_bit = true;
    record.summary.smtputf8 = true;
    put(record, "message bytes");
    record.summary.size = 13;
    record.summary.sha256 = sha256_hex(as_bytes("message bytes"));
    auto shown = store->show(record.summary.id);
    ASSERT_TRUE(shown);
    Record got = *shown;
    EXPECT_GT(got.summary.changed, 0);
    got.summary.changed = 0;
    for (Recipient& recipient : got.summary.recipients) recipient.changed = 0;
    EXPECT_EQ(got, record);
    EXPECT_EQ(bytes_of(record.summary.id), "message bytes");
}

TEST_F(StoreTest, KeepsAbsentAndEmptyValuesApart) {
    Record record = sample("");
    record.summary.client_name = std::nullopt;
    record.summary.reverse_path = "";
    record.summary.from = {};
    record.summary.reasons = {};
    record.headers = record.preview = record.report_json = "";
    put(record, "");
    const Record shown = store->show(record.summary.id).value();
    EXPECT_EQ(shown.summary.client_name, std::nullopt);
    EXPECT_EQ(shown.summary.reverse_path, "");
    EXPECT_TRUE(shown.summary.from.empty());
    EXPECT_EQ(shown.summary.size, 0U);
    EXPECT_EQ(bytes_of(record.summary.id), "");
}

TEST_F(StoreTest, HostileTextStaysText) {
    const std::string nasty = "'; DROP TABLE records; -- %s {0} ? :a \"";
    Record record = sample(nasty);
    record.summary.from = {nasty, "second@example.com"};
    record.preview = std::string("a\0b", 3);
    put(record);
    const Record shown = store->show(record.summary.id).value();
    EXPECT_EQ(shown.summary.subject, nasty);
    EXPECT_EQ(shown.summary.from, record.summary.from);
    EXPECT_EQ(shown.preview, "ab");
}

TEST_F(StoreTest, SurvivesReopening) {
    const auto id = put(sample(), "kept");
    reopen();
    EXPECT_EQ(bytes_of(id), "kept");
    EXPECT_EQ(store->list({})->total, 1U);
}

TEST_F(StoreTest, ReadsADescriptorFromItsBeginning) {
    const std::string message(5000, 'm');
    const UniqueFd file(::memfd_create("m", MFD_CLOEXEC));
    ASSERT_EQ(::write(file.get(), message.data(), message.size()), 5000);
    const Record record = sample();
    ASSERT_TRUE(store->put(record, file.get()));
    EXPECT_EQ(bytes_of(record.summary.id), message);
    EXPECT_EQ(kind_of(store->put(sample(), -1)), "invalid");
}

TEST_F(StoreTest, RefusesWhatIsNotTheScannedMessage) {
    Record record = sample();
    record.summary.sha256 = sha256_hex(as_bytes("scanned"));
    EXPECT_EQ(kind_of(store->put(record, "other")), "invalid");
    EXPECT_EQ(kind_of(store->put(record, "scanned")), "ok");
    Record sized = sample();
    sized.summary.size = 5;
    EXPECT_EQ(kind_of(store->put(sized, "123456")), "invalid");
    EXPECT_EQ(kind_of(store->put(sized, "12345")), "ok");
}

TEST_F(StoreTest, RefusesRecordsBeyondItsLimits) {
    const auto with = [](auto change) {
        Record record = sample();
        change(record);
        return record;
    };
    const struct {
        const char* title;
        Record record;
        const char* kind;
    } cases[] = {
        {"no recipient", with([](Record& r) { r.summary.recipients.clear(); }), "invalid"},
        {"empty recipient", with([](Record& r) { r.summary.recipients = {{""}}; }), "invalid"},
        {"subject at the limit",
         with([](Record& r) { r.summary.subject = std::string(kMaxField, 's'); }), "ok"},
        {"subject above",
         with([](Record& r) { r.summary.subject = std::string(kMaxField + 1, 's'); }), "invalid"},
        {"preview at the limit", with([](Record& r) { r.preview = std::string(kMaxText, 'p'); }),
         "ok"},
        {"preview above", with([](Record& r) { r.preview = std::string(kMaxText + 1, 'p'); }),
         "invalid"},
        {"report above",
         with([](Record& r) { r.report_json = std::string(kMaxReportJson + 1, 'j'); }), "invalid"},
        {"before 1970", with([](Record& r) { r.summary.received = -1; }), "invalid"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.title);
        EXPECT_EQ(kind_of(store->put(c.record, "m")), c.kind);
    }
}

TEST_F(StoreTest, AnIdIsTakenOnce) {
    const Record record = sample();
    put(record, "first");
    EXPECT_EQ(kind_of(store->put(record, "second")), "conflict");
    EXPECT_EQ(bytes_of(record.summary.id), "first");
}

TEST_F(StoreTest, UnknownIdsAreNotFound) {
    const auto id = QuarantineId::make();
    EXPECT_EQ(kind_of(store->show(id)), "not-found");
    EXPECT_EQ(kind_of(store->open_message(id)), "not-found");
    EXPECT_EQ(kind_of(store->remove(id, reviewer)), "not-found");
    EXPECT_EQ(kind_of(store->request_release(id, {}, reviewer)), "not-found");
}

TEST_F(StoreTest, OneDigestIsStoredOnceAndLivesAsLongAsItsLastRecord) {
    const auto first = put(sample(), "same");
    const auto second = put(sample(), "same");
    EXPECT_EQ(blob_count(), 1U);
    ASSERT_TRUE(store->remove(first, reviewer));
    EXPECT_EQ(blob_count(), 1U);
    EXPECT_EQ(bytes_of(second), "same");
    EXPECT_EQ(bytes_of(first), "(not-found)");
    ASSERT_TRUE(store->remove(second, reviewer));
    EXPECT_EQ(blob_count(), 0U);
    const auto third = put(sample(), "same");
    EXPECT_EQ(bytes_of(third), "same");
}

TEST_F(StoreTest, ABlobThatIsErasedBeforeItsRecordIsCommittedIsWrittenAgain) {
    const std::string digest = sha256_hex(as_bytes("raced"));
    const std::string path = location_in(folder).blobs + "/" + digest.substr(0, 2) + "/" +
                             digest.substr(2, 2) + "/" + digest;
    auto other = Database::open(location_in(folder).database, std::chrono::seconds(1), true,
                                [] { return UnixMs{0}; });
    ASSERT_TRUE(other);
    const Record record = sample();
    std::jthread putter;
    // Holds the write lock as an eraser in another process does: put() can make its blob, but not
    // commit its record, until the blob is gone.
    const auto erased = (*other)->write([&](Connection&) -> Outcome<Done, StoreError> {
        putter = std::jthread([&] { put(record, "raced"); });
        while (::access(path.c_str(), F_OK) != 0) std::this_thread::yield();
        ::unlink(path.c_str());
        return Done{};
    });
    ASSERT_TRUE(erased);
    putter.join();
    EXPECT_EQ(bytes_of(record.summary.id), "raced");
}

TEST_F(StoreTest, ADamagedBlobIsReportedAndReplacedByTheNextPut) {
    const auto id = put(sample(), "precious");
    const std::string digest = sha256_hex(as_bytes("precious"));
    const std::string path = location_in(folder).blobs + "/" + digest.substr(0, 2) + "/" +
                             digest.substr(2, 2) + "/" + digest;
    ASSERT_EQ(::truncate(path.c_str(), 60), 0);
    EXPECT_EQ(bytes_of(id), "(corrupt)");
    put(sample(), "precious");
    EXPECT_EQ(bytes_of(id), "precious");
    ASSERT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(bytes_of(id), "(corrupt)") << "a lost blob must not look like an unknown id";
}

TEST_F(StoreTest, AnotherKeyIsSaidSo) {
    const auto id = put(sample(), "secret");
    store.reset();
    auto other = Store::open(location_in(folder), key_of(8), options());
    ASSERT_TRUE(other);
    store = std::move(other).value();
    EXPECT_EQ(bytes_of(id), "(wrong-key)");
}

TEST_F(StoreTest, RemovedRecordsKeepTheirTraceWithoutContent) {
    const auto id = put(sample());
    ASSERT_TRUE(store->remove(id, reviewer));
    const Record record = store->show(id).value();
    EXPECT_EQ(record.summary.status, Status::Deleted);
    EXPECT_EQ(record.summary.subject, "Invoice");
    EXPECT_EQ(record.headers + record.preview + record.report_json, "");
    EXPECT_EQ(states_of(id), "deleted,deleted");
    EXPECT_EQ(kind_of(store->remove(id, reviewer)), "conflict");
    EXPECT_EQ(store->list({})->total, 0U);
    EXPECT_EQ(kind_of(store->request_release(id, {}, reviewer)), "conflict");
}

TEST_F(StoreTest, FilesAreForTheGroupWhateverTheUmask) {
    store.reset();
    const Folder other;
    const mode_t before = ::umask(0077);
    auto opened = Store::open(location_in(other), key_of(7), options());
    ::umask(before);
    ASSERT_TRUE(opened);
    ASSERT_TRUE((*opened)->put(sample(), "x"));
    const auto mode = [&](const std::string& path) {
        struct stat status {};
        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777U;
    };
    const std::string root = other.path() + "/q";
    const std::string digest = sha256_hex(as_bytes("x"));
    const std::string outer = root + "/blobs/" + digest.substr(0, 2);
    EXPECT_EQ(mode(root), 02770U);
    EXPECT_EQ(mode(root + "/quarantine.db"), 0660U);
    EXPECT_EQ(mode(root + "/quarantine.db-wal"), 0660U);
    EXPECT_EQ(mode(root + "/quarantine.db-shm"), 0660U);
    EXPECT_EQ(mode(root + "/blobs"), 02770U);
    EXPECT_EQ(mode(outer), 02770U);
    EXPECT_EQ(mode(outer + "/" + digest.substr(2, 2) + "/" + digest), 0660U);
}

TEST_F(StoreTest, LeftoversAreSweptWhenTheyAreOld) {
    const auto id = put(sample(), "wanted");
    const std::string blobs = location_in(folder).blobs;
    const std::string unwanted = blobs + "/ab/cd/abcd" + std::string(60, '0');
    const std::string temporary = blobs + "/tmp/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const auto make = [](const std::string& path, bool old) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << "leftover";
        const auto age = std::chrono::hours(old ? 2 : 0);
        std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
    };
    make(unwanted, false);
    make(temporary, false);
    EXPECT_EQ(store->sweep().value_or(99), 0U);
    make(unwanted, true);
    make(temporary, true);
    EXPECT_EQ(store->sweep().value_or(99), 2U);
    EXPECT_FALSE(std::filesystem::exists(unwanted));
    EXPECT_FALSE(std::filesystem::exists(temporary));
    EXPECT_EQ(bytes_of(id), "wanted");
}

TEST_F(StoreTest, ANewerDatabaseIsLeftAlone) {
    store.reset();
    const std::string path = location_in(folder).database;
    // user_version is the big-endian number at offset 60 of the file.
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.write("\0\0\0\x63", 4);
    file.close();
    EXPECT_EQ(kind_of(Store::open(location_in(folder), key_of(7), options())), "invalid");
}

TEST_F(StoreTest, SomethingElseThanADatabaseIsCorrupt) {
    store.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(location_in(folder).database + suffix);
    }
    std::ofstream(location_in(folder).database) << std::string(8192, 'x');
    EXPECT_EQ(kind_of(Store::open(location_in(folder), key_of(7), options())), "corrupt");
}

TEST_F(StoreTest, CountsHeldMailByClass) {
    Record spam = sample();
    spam.summary.verdict = VerdictClass::Spam;
    put(spam, "12345");
    put(sample(), "123");
    const auto gone = put(sample(), "1234567");
    ASSERT_TRUE(store->remove(gone, reviewer));
    const Counts counts = store->counts().value();
    const auto of = [&](VerdictClass c) { return counts.held[static_cast<std::size_t>(c)]; };
    EXPECT_EQ(of(VerdictClass::Spam).messages, 1U);
    EXPECT_EQ(of(VerdictClass::Spam).bytes, 5U);
    EXPECT_EQ(of(VerdictClass::Malware).messages, 1U);
    EXPECT_EQ(of(VerdictClass::Malware).bytes, 3U);
    EXPECT_EQ(of(VerdictClass::Phishing).messages, 0U);
    EXPECT_EQ(counts.deleted, 1U);
}

TEST_F(StoreTest, UpdatesTellWhatChanged) {
    const std::int64_t start = store->change_token().value_or(-1);
    const auto first = put(sample("one"));
    const auto second = put(sample("two"));
    Updates updates = store->updates(start).value();
    ASSERT_EQ(updates.records.size(), 2U);
    EXPECT_EQ(updates.records[0].id, first);
    EXPECT_EQ(updates.token, store->change_token().value_or(-1));
    EXPECT_TRUE(store->updates(updates.token)->records.empty());

    ASSERT_TRUE(store->request_release(first, {}, reviewer));
    ASSERT_TRUE(store->remove(second, reviewer));
    const Updates page = store->updates(updates.token, 1).value();
    ASSERT_EQ(page.records.size(), 1U);
    EXPECT_EQ(page.records[0].status, Status::Releasing);
    EXPECT_TRUE(page.more);
    const Updates rest = store->updates(page.token, 1).value();
    ASSERT_EQ(rest.records.size(), 1U);
    EXPECT_EQ(rest.records[0].status, Status::Deleted);
    EXPECT_FALSE(rest.more);
    EXPECT_FALSE(rest.reset);
}

TEST_F(StoreTest, ThreadsPutAndReadAtOnce) {
    constexpr int kThreads = 6;
    constexpr int kEach = 12;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([this, t] {
                for (int i = 0; i < kEach; ++i) {
                    // Half of the messages have a digest in common.
                    const std::string bytes = i % 2 == 0 ? "common" : std::to_string(t * 100 + i);
                    const auto id = put(sample(), bytes);
                    EXPECT_EQ(bytes_of(id), bytes);
                    EXPECT_TRUE(store->list({}));
                    if (i % 3 != 0) continue;
                    EXPECT_TRUE(store->remove(id, reviewer));
                }
            });
        }
    }
    const Page page = store->list({}).value();
    EXPECT_EQ(page.total, static_cast<std::uint64_t>(kThreads * kEach * 2 / 3));
    for (const Summary& summary : page.records) {
        EXPECT_EQ(sha256_hex(as_bytes(bytes_of(summary.id))), summary.sha256);
    }
}

}  // namespace
}  // namespace postern::quarantine

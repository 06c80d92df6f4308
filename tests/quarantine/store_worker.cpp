/// @file A process that uses a store, for tests that kill it or run several. Arguments: what to do,
/// the folder of the store, a number. Each thing done is one line on the standard output, written
/// after the store has answered for it.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "quarantine/files.hpp"
#include "quarantine/store.hpp"

namespace postern::quarantine {
namespace {

[[noreturn]] void give_up(const StoreError& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(name(error.kind)).c_str(), error.detail.c_str());
    std::exit(3);
}

void say(const std::string& line) {
    if (!write_all(STDOUT_FILENO, as_bytes(line + "\n"))) std::exit(4);
}

std::unique_ptr<Store> open_store(const std::string& folder) {
    auto location = Location::parse("sqlite://" + folder + "/q/quarantine.db");
    auto key = Key::load_or_create(location->key);
    if (!key) give_up(key.error());
    auto store = Store::open(*location, *key);
    if (!store) give_up(store.error());
    return std::move(store).value();
}

Record record_of(long number) {
    Record record{{QuarantineId::make()}};
    record.summary.received = now_ms();
    record.summary.recipients = {{"anna@example.org"}};
    record.summary.subject = "message " + std::to_string(number);
    return record;
}

// Message i is some hundred to some ten thousand bytes; every fourth is alike.
std::string message_of(long i) {
    return "Subject: " + std::to_string(i % 4 == 0 ? 0 : i) + "\r\n\r\n" +
           std::string(static_cast<std::size_t>(i % 4 == 0 ? 500 : i * 131 % 40000), 'x');
}

// Puts messages, forever when `count` is 0, and requests the release of every third.
void put(Store& store, long count) {
    for (long i = 1; count == 0 || i <= count; ++i) {
        auto id = store.put(record_of(i), message_of(i));
        if (!id) give_up(id.error());
        say("put " + id->text());
        if (i % 3 != 0) continue;
        auto release = store.request_release(*id, {}, {"worker"});
        if (!release) give_up(release.error());
        say("owed " + id->text());
    }
}

// Lists and reads until `count` records are there.
void read(Store& store, long count) {
    for (;;) {
        auto page = store.list({.page_size = 20});
        if (!page) give_up(page.error());
        for (const Summary& summary : page->records) {
            auto reader = store.open_message(summary.id);
            if (!reader) give_up(reader.error());
            MessageReader message = std::move(reader).value();
            auto bytes = message.read_all(std::size_t{1} << 20);
            if (!bytes) give_up(bytes.error());
        }
        if (page->total >= static_cast<std::uint64_t>(count)) return say("read all");
    }
}

// Claims and delivers until `count` deliveries are done, by whomever.
void deliver(Store& store, long count) {
    for (;;) {
        auto owed = store.outbox().claim(2, std::chrono::minutes(5));
        if (!owed) give_up(owed.error());
        for (const Delivery& delivery : *owed) {
            auto marked = store.outbox().mark_delivered(delivery, "250 ok");
            if (!marked) give_up(marked.error());
            say("delivered " + delivery.record.text());
        }
        auto counts = store.counts();
        if (!counts) give_up(counts.error());
        if (counts->released >= static_cast<std::uint64_t>(count)) return;
        std::this_thread::yield();
    }
}

}  // namespace
}  // namespace postern::quarantine

int main(int argc, char** argv) {
    using namespace postern::quarantine;
    if (argc != 4) return 2;
    const std::string what = argv[1];
    const auto store = open_store(argv[2]);
    const long count = std::atol(argv[3]);
    if (what == "put") put(*store, count);
    if (what == "read") read(*store, count);
    if (what == "deliver") deliver(*store, count);
    return 0;
}

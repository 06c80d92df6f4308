/// @file How fast the quarantine is on this machine. Usage: store_bench FOLDER [RECORDS]. Fills a
/// new store in FOLDER, which should be on the disk that is asked about, and prints one line each.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "quarantine/store.hpp"

namespace {

using namespace postern::quarantine;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMessage = 20000;

template <class T>
T must(postern::Outcome<T, StoreError> outcome) {
    if (!outcome) {
        std::fprintf(stderr, "%s\n", outcome.error().detail.c_str());
        std::exit(1);
    }
    return std::move(outcome).value();
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Record record_of(long i) {
    const std::string number = std::to_string(i);
    Record record{{QuarantineId::make()}};
    Summary& s = record.summary;
    s.received = 1700000000000 + i * 1000;
    s.client_ip = "192.0.2." + std::to_string(i % 250);
    s.reverse_path =
        "sender" + std::to_string(i % 5000) + "@client" + std::to_string(i % 97) + ".example";
    s.from = {s.reverse_path};
    s.recipients = {{"user" + std::to_string(i % 2000) + "@example.org"}};
    s.subject = "Invoice number " + number + " of order " + std::to_string(i % 777);
    s.message_id = "<" + number + "@client.example>";
    s.verdict = static_cast<VerdictClass>(1 + i % 6);
    s.reasons = {"AV_MATCH", "URL_LISTED"};
    record.headers = std::string(800, 'h');
    record.preview = std::string(500, 'p');
    record.report_json = std::string(3000, 'j');
    return record;
}

void fill(Store& store, long from, long count, unsigned threads, std::size_t size) {
    std::vector<std::jthread> pool;
    for (unsigned t = 0; t < threads; ++t) {
        pool.emplace_back([&store, from, count, threads, size, t] {
            for (long i = from + t; i < from + count; i += threads) {
                must(store.put(record_of(i), std::to_string(i) + std::string(size, 'm')));
            }
        });
    }
}

void time_puts(Store& store, long from, unsigned threads) {
    constexpr long kPuts = 400;
    const auto start = Clock::now();
    fill(store, from, kPuts, threads, kMessage);
    std::printf("put, %u threads, %zu bytes: %.0f/s\n", threads, kMessage,
                kPuts / seconds_since(start));
}

void time_call(const char* what, const std::function<void()>& call) {
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
        const auto start = Clock::now();
        call();
        times.push_back(seconds_since(start) * 1000);
    }
    std::ranges::sort(times);
    std::printf("%-40s median %7.2f ms, worst %7.2f ms\n", what, times[times.size() / 2],
                times.back());
}

void time_lists(Store& store) {
    const auto listing = [&](const char* what, const Query& query) {
        time_call(what, [&] { must(store.list(query)); });
    };
    listing("list, first page", {});
    listing("list, without total", {.count_total = false});
    listing("list, a class", {.verdict = VerdictClass::Malware});
    listing("list, a status nothing has", {.status = Status::Released});
    listing("list, a rare word", {.text = "4711"});
    listing("list, a word of all", {.text = "invoice"});
    listing("list, part of a sender", {.sender = "client13.exa"});
    listing("list, part of a recipient", {.recipient = "user77@"});
    Query deep{.count_total = false};
    for (int i = 0; i < 100; ++i) deep.cursor = must(store.list(deep)).next;
    listing("list, page 100, without total", deep);
    time_call("counts", [&] { must(store.counts()); });
    time_call("change token", [&] { must(store.change_token()); });
    const auto token = must(store.change_token());
    time_call("updates, none", [&] { must(store.updates(token)); });
    time_call("updates, 50 records", [&] { must(store.updates(token - 50)); });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const long records = argc > 2 ? std::atol(argv[2]) : 100000;
    const auto location = Location::parse("sqlite://" + std::string(argv[1]) + "/quarantine.db");
    if (!location) return 2;
    const auto key = must(Key::load_or_create(location->key));
    const auto store = must(Store::open(*location, key));
    time_puts(*store, 0, 1);
    time_puts(*store, 10000000, 4);
    const auto start = Clock::now();
    fill(*store, 20000000, records, 4, 10);
    std::printf("filled with %ld small messages: %.0f/s\n", records,
                static_cast<double>(records) / seconds_since(start));
    time_lists(*store);
    const auto reopen = Clock::now();
    must(Store::open(*location, key));
    std::printf("open beside it: %.1f ms\n", seconds_since(reopen) * 1000);
    const auto sweep = Clock::now();
    must(store->sweep());
    std::printf("sweep: %.0f ms\n", seconds_since(sweep) * 1000);
    return 0;
}

// Makes a quarantine full of mail and the settings of a postern-web that shows it.
// usage: web_seed FOLDER EXTRA_MESSAGES ROWS_OF_DMARC_REPORTS. Writes FOLDER/settings.json.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "quarantine/store.hpp"
#include "tests/web/certificate.hpp"
#include "tests/web/held_mail.hpp"
#include "tests/web/received_reports.hpp"

namespace postern::web_tests {
namespace {

template <class T, class E>
T must(Outcome<T, E> outcome, const char* what) {
    if (!outcome) {
        std::cerr << "web_seed: " << what << " failed\n";
        std::exit(2);
    }
    return std::move(outcome).value();
}

void fill(quarantine::Store& store, int extra) {
    using quarantine::Role;
    const quarantine::Actor who{"seed"};
    must(store.accounts().add("admin", "correct horse battery", Role::Admin, who), "account");
    must(store.accounts().add("rita", "correct horse battery", Role::Reviewer, who), "account");
    const auto now = quarantine::now_ms();
    auto mail = held_mail(now);
    for (int i = 0; i < extra; ++i) {
        const quarantine::UnixMs age = quarantine::UnixMs{3600} * 1000 * (i + 1);
        mail.push_back(plain_message("Special offer number " + std::to_string(i + 1), now - age));
    }
    for (const HeldMessage& held : mail) must(store.put(held.record, held.bytes), "put");
}

void report(quarantine::Store& store, int rows) {
    const auto now = quarantine::now_ms();
    for (const ReceivedReport& each : received_reports(now, rows)) {
        must(store.received_reports().add(each.report, {now, "01J", each.sender}, 100'000),
             "report");
    }
}

void write_settings(const std::string& folder) {
    const Certificate certificate = make_certificate();
    const nlohmann::json settings = {
        {"listen", "127.0.0.1:0"},
        {"control_fd", 4},
        {"certificate_pem", certificate.certificate},
        {"key_pem", certificate.key},
        {"quarantine", {{"url", "sqlite://" + folder + "/quarantine.db"}}},
        {"session_seconds", 3600}};
    std::ofstream(folder + "/settings.json") << settings.dump(2);
}

int run(const std::string& folder, int extra, int rows) {
    std::filesystem::create_directories(folder);
    const auto location =
        must(quarantine::Location::parse("sqlite://" + folder + "/quarantine.db"), "location");
    const auto key = must(quarantine::Key::load_or_create(location.key), "key");
    const auto store = must(quarantine::Store::open(location, key), "open");
    fill(*store, extra);
    report(*store, rows);
    write_settings(folder);
    return 0;
}

}  // namespace
}  // namespace postern::web_tests

int main(int count, char** values) {
    if (count != 4) return 2;
    return postern::web_tests::run(std::filesystem::absolute(values[1]).string(),
                                   std::stoi(values[2]), std::stoi(values[3]));
}

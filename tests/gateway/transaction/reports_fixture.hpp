#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "gateway/transaction/message_job.hpp"
#include "tests/gateway/transaction/services_bench.hpp"

namespace postern::tests {

/// Points do nothing.
inline const std::string kNoPoints = "[policy]\ntag = 900\nquarantine = 901\nreject = 902\n";

/// DMARC alone decides, unless `more` says otherwise, and nobody has to come twice.
inline settings::Settings settings_with(const std::string& more) {
    settings::Settings made = settings::parse(
                                  "[smtp]\nhostname = \"gw.dest.example\"\n"
                                  "[domains]\naccept = [\"dest.example\"]\n"
                                  "[checks.greylist]\nmode = \"off\"\n" +
                                      more,
                                  "test")
                                  .settings;
    made.analysis.deadline = std::chrono::seconds(20);
    return made;
}

/// Messages through the whole transaction, and what one kind of reports makes of them.
template <class Reports>
class ReportsFixture : public quarantine::StoreFixture {
protected:
    smtp::Reply send(const std::string& text = transaction::ordinary_message()) {
        mail = bench->mail(text);
        return transaction::decide_and_act(*mail);
    }
    /// `reports` with these settings, on the store and the clock of the test.
    template <class Settings>
    void make_reports(const Settings& settings) {
        reports.emplace(*store, bench->dns, bench->signer, bench->log, settings,
                        [this] { return now.load(); });
    }
    void end() {
        mail.reset();
        reports.reset();
        bench.reset();
    }
    /// With a store that holds nothing yet.
    void begin_anew() {
        end();
        store.reset();
        std::filesystem::remove_all(folder.path() + "/q");
        reopen();
    }
    void TearDown() override { end(); }

    std::optional<transaction::ServicesBench> bench;
    std::optional<Reports> reports;
    std::unique_ptr<transaction::Mail> mail;
};

}  // namespace postern::tests

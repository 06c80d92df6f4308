#include "gateway/cli/rescan.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/cli/open_store.hpp"
#include "gateway/cli/scanner.hpp"
#include "gateway/transaction/rescan.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;
using quarantine::Record;
using quarantine::Rescan;
using Words = std::vector<std::string>;

/// What is in `these` and not in `those`.
Words without(const Words& these, const Words& those) {
    Words rest;
    for (const std::string& each : these) {
        if (std::find(those.begin(), those.end(), each) == those.end()) rest.push_back(each);
    }
    return rest;
}

struct Difference {
    Words fresh;
    Words gone;
};

Difference difference(const Record& record, const Rescan& now) {
    const Words before = transaction::concerns_of_json(record.report_json);
    const Words after = transaction::concerns_of_json(now.report_json);
    return {without(after, before), without(before, after)};
}

void print_json(const Record& record, const Rescan& now, const Difference& difference) {
    const quarantine::Summary& before = record.summary;
    const json object = {{"id", before.id.text()},
                         {"before",
                          {{"time", before.received},
                           {"class", name(before.verdict)},
                           {"action", name(before.action)},
                           {"score", before.score},
                           {"reasons", before.reasons}}},
                         {"now",
                          {{"class", name(now.verdict)},
                           {"action", name(now.action)},
                           {"score", now.score},
                           {"reasons", now.reasons}}},
                         {"new", difference.fresh},
                         {"gone", difference.gone},
                         {"report", json::parse(now.report_json, nullptr, false)}};
    std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

void print_text(const Record& record, const Rescan& now, const Difference& difference) {
    const quarantine::Summary& before = record.summary;
    std::cout << before.id.text() << ": was " << name(before.verdict) << ", " << name(before.action)
              << ", score " << before.score << "; now " << name(now.verdict) << ", "
              << name(now.action) << ", score " << now.score << "\n";
    for (const std::string& each : difference.fresh) std::cout << "  new: " << each << "\n";
    for (const std::string& each : difference.gone) std::cout << "  gone: " << each << "\n";
    std::cout << std::flush;
}

int rescan_one(const quarantine::QuarantineId& id, const Context& context, Scanner& scanner,
               quarantine::Store& store) {
    const auto record = store.show(id);
    if (!record) return complain(record.error());
    auto message = store.open_message(id);
    if (!message) return complain(message.error());
    auto reader = std::move(message).value();
    auto file = reader.to_memfd();
    if (!file) return complain(file.error());
    const Input input{std::move(file).value(), record->summary.size};
    const transaction::KnownEnvelope envelope = transaction::known_envelope(*record);
    const auto look = scanner.look_at_message(envelope, input, envelope.client.has_value());
    if (!look) return complain(id.text() + ": the analyzer is not to be had", kCouldNot);
    const Rescan now = transaction::rescan_of(*look, envelope, id.text());
    const auto kept = store.rescans().keep(id, now, cli_actor());
    if (!kept) return complain(kept.error());
    if (context.json) {
        print_json(*record, now, difference(*record, now));
    } else {
        print_text(*record, now, difference(*record, now));
    }
    return kFine;
}

}  // namespace

int rescan(const std::vector<quarantine::QuarantineId>& ids, const Context& context,
           quarantine::Store& store) {
    Scanner scanner(context);
    const auto started = scanner.start();
    if (!started) return complain(started.error(), kCouldNot);
    int worst = kFine;
    for (const quarantine::QuarantineId& id : ids) {
        worst = std::max(worst, rescan_one(id, context, scanner, store));
    }
    return worst;
}

}  // namespace postern::cli

/// @file `postern quarantine ...`: what the review interface can do, for scripts.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/cli/open_store.hpp"
#include "gateway/cli/rescan.hpp"
#include "quarantine/export/encrypted_zip.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;
using quarantine::Record;
using quarantine::Store;
using quarantine::Summary;

constexpr std::size_t kPage = 500;
constexpr std::size_t kLargestExport = std::size_t{2} << 30;

json recipients_of(const Summary& summary) {
    json recipients = json::array();
    for (const auto& each : summary.recipients) {
        recipients.push_back({{"forward_path", each.forward_path},
                              {"state", name(each.state)},
                              {"detail", each.detail}});
    }
    return recipients;
}

json to_json(const Summary& summary) {
    return {{"id", summary.id.text()},
            {"received", summary.received},
            {"client_ip", summary.client_ip},
            {"helo", summary.helo},
            {"reverse_path", summary.reverse_path},
            {"recipients", recipients_of(summary)},
            {"subject", summary.subject},
            {"from", summary.from},
            {"message_id", summary.message_id},
            {"size", summary.size},
            {"sha256", summary.sha256},
            {"class", name(summary.verdict)},
            {"action", name(summary.action)},
            {"score", summary.score},
            {"reasons", summary.reasons},
            {"status", name(summary.status)}};
}

void print(const json& object) {
    std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
}

void print_line(const Summary& summary) {
    std::cout << summary.id.text() << "  " << utc_time(summary.received) << "  "
              << name(summary.verdict) << "  " << name(summary.status) << "  <"
              << summary.reverse_path << "> ->";
    for (const auto& each : summary.recipients) std::cout << " <" << each.forward_path << ">";
    std::cout << "  " << summary.subject << "\n";
}

quarantine::Query query_of(const Arguments& arguments) {
    quarantine::Query query;
    query.text = arguments.value("search").value_or("");
    query.sender = arguments.value("sender").value_or("");
    query.recipient = arguments.value("recipient").value_or("");
    query.count_total = false;
    if (const auto word = arguments.value("class")) {
        query.verdict = quarantine::parse_class(*word);
        if (!query.verdict) throw UsageError("--class \"" + *word + "\" is no class");
    }
    if (const auto word = arguments.value("status")) {
        query.status = quarantine::parse_status(*word);
        if (!query.status) throw UsageError("--status \"" + *word + "\" is no status");
    }
    return query;
}

int list(const Arguments& arguments, const Context& context, Store& store) {
    quarantine::Query query = query_of(arguments);
    auto left = static_cast<std::size_t>(arguments.number("limit", 1, 1'000'000).value_or(100));
    while (left > 0) {
        query.page_size = std::min(left, kPage);
        const auto page = store.list(query);
        if (!page) return complain(page.error());
        for (const Summary& summary : page->records) {
            if (context.json) {
                print(to_json(summary));
            } else {
                print_line(summary);
            }
        }
        left -= page->records.size();
        if (page->next.empty()) break;
        query.cursor = page->next;
    }
    return kFine;
}

/// A stored report; null when there is none any more.
json report_of(const std::string& report_json) {
    json report = json::parse(report_json, nullptr, false);
    return report.is_discarded() ? json() : report;
}

json to_json(const quarantine::Rescan& rescan) {
    return {{"time", rescan.time},
            {"who", rescan.who},
            {"class", name(rescan.verdict)},
            {"action", name(rescan.action)},
            {"score", rescan.score},
            {"reasons", rescan.reasons},
            {"report", report_of(rescan.report_json)}};
}

void print_report(const std::string& report_json) {
    const json report = report_of(report_json);
    if (!report.is_object()) return;
    for (const json& finding : report.value("findings", json::array())) {
        std::cout << "  " << finding.value("code", "") << " (" << finding.value("severity", "")
                  << ", " << finding.value("score", 0.0)
                  << "): " << finding.value("explanation", "") << " " << finding.value("detail", "")
                  << "\n";
    }
    for (const json& error : report.value("/analysis/errors"_json_pointer, json::array())) {
        std::cout << "  not scanned by " << error.value("analyzer", "") << ": "
                  << error.value("code", "") << ": " << error.value("detail", "") << "\n";
    }
    for (const json& limit : report.value("/analysis/limits"_json_pointer, json::array())) {
        std::cout << "  limit reached: " << limit.value("limit", "") << "\n";
    }
}

void print_record(const Record& record) {
    const Summary& summary = record.summary;
    print_line(summary);
    std::cout << "score " << summary.score << ", " << summary.size << " bytes, sha256 "
              << summary.sha256 << "\nclient " << summary.client_ip << " (HELO " << summary.helo
              << ")\n";
    for (const auto& each : summary.recipients) {
        std::cout << "for <" << each.forward_path << ">: " << name(each.state)
                  << (each.detail.empty() ? "" : ": ") << each.detail << "\n";
    }
    print_report(record.report_json);
    if (record.rescan) {
        const quarantine::Rescan& again = *record.rescan;
        std::cout << "scanned again " << utc_time(again.time) << " for " << again.who << ": "
                  << name(again.verdict) << ", " << name(again.action) << ", score " << again.score
                  << "\n";
        print_report(again.report_json);
    }
    std::cout << "\n" << record.headers << "\n" << record.preview << "\n";
}

int show(const quarantine::QuarantineId& id, const Context& context, Store& store) {
    const auto record = store.show(id);
    if (!record) return complain(record.error());
    if (!context.json) {
        print_record(*record);
        return kFine;
    }
    json object = to_json(record->summary);
    object["headers"] = record->headers;
    object["preview"] = record->preview;
    object["report"] = report_of(record->report_json);
    if (record->rescan) object["rescan"] = to_json(*record->rescan);
    print(object);
    return kFine;
}

int release(const quarantine::QuarantineId& id, const Arguments& arguments, const Context& context,
            Store& store) {
    const auto done =
        store.request_release(id, arguments.values("to"), cli_actor(), arguments.has("confirm"));
    if (!done) return complain(done.error());
    if (context.json) {
        print({{"id", id.text()},
               {"queued", done->queued},
               {"confirmed", done->confirmed},
               {"unchanged", done->unchanged}});
    } else {
        std::cout << id.text() << ": " << done->queued.size() + done->confirmed.size()
                  << " queued for delivery, " << done->unchanged.size() << " unchanged\n";
    }
    return kFine;
}

int remove(const quarantine::QuarantineId& id, const Context& context, Store& store) {
    const auto done = store.remove(id, cli_actor());
    if (!done) return complain(done.error());
    if (context.json) {
        print({{"id", id.text()}, {"deleted", true}});
    } else {
        std::cout << id.text() << ": deleted\n";
    }
    return kFine;
}

int export_message(const quarantine::QuarantineId& id, const Arguments& arguments, Store& store) {
    auto message = store.open_message(id);
    if (!message) return complain(message.error());
    const std::string path = arguments.value("output").value_or(id.text() + ".zip");
    const UniqueFd file(path == "-"
                            ? ::dup(STDOUT_FILENO)
                            : ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return complain("cannot make " + path + ": " + std::strerror(errno), kCouldNot);
    const auto audited = store.audit().append(cli_actor(), "download", id, "");
    if (!audited) return complain(audited.error());
    if (arguments.has("raw")) {
        const auto copied = std::move(message).value().copy_to(file.get());
        return copied ? kFine : complain(copied.error());
    }
    const auto written =
        quarantine::encrypted_zip_to(file.get(), std::move(message).value(), id.text() + ".eml",
                                     quarantine::kSamplePassword, kLargestExport);
    if (!written) return complain(written.error());
    if (path != "-") {
        std::cout << path << ": password " << quarantine::kSamplePassword << "\n";
    }
    return kFine;
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    if (words.empty()) throw UsageError("quarantine needs a word: list, show, release, ...");
    const std::string& act = words[0];
    if (act == "list" && words.size() == 1) {
        return list(arguments, context, *open_store(context.settings()));
    }
    if (act == "rescan" && words.size() >= 2) {
        std::vector<quarantine::QuarantineId> ids;
        for (std::size_t i = 1; i < words.size(); ++i) ids.push_back(id_of(words[i]));
        return rescan(ids, context, *open_store(context.settings()));
    }
    const bool known = act == "show" || act == "release" || act == "delete" || act == "export";
    if (!known || words.size() != 2) {
        throw UsageError(
            "quarantine takes: list | show ID | release ID | delete ID | export ID | rescan ID...");
    }
    const quarantine::QuarantineId id = id_of(words[1]);
    const auto store = open_store(context.settings());
    if (act == "show") return show(id, context, *store);
    if (act == "release") return release(id, arguments, context, *store);
    if (act == "delete") return remove(id, context, *store);
    return export_message(id, arguments, *store);
}

}  // namespace

Command quarantine_command() {
    return {"quarantine",
            "list | show ID | release ID | delete ID | export ID | rescan ID...",
            "what the review page can do, for scripts",
            {{"search", "TEXT", "list: words of subject, sender or recipient"},
             {"class", "CLASS", "list: unscanned, policy, spam, phishing, suspicious, malware"},
             {"status", "STATUS", "list: held, releasing, released, deleted, failed"},
             {"sender", "TEXT", "list: part of the sender"},
             {"recipient", "TEXT", "list: part of a recipient"},
             {"limit", "N", "list: at most so many, newest first (100)"},
             {"to", "ADDRESS", "release: only to this recipient; repeats"},
             {"confirm", "", "release: although the rescan found something new"},
             {"output", "FILE", "export: where to (ID.zip; - is standard output)"},
             {"raw", "", "export: the message itself, not an encrypted zip"}},
            run};
}

}  // namespace postern::cli

#include "gateway/verdict/scan_json.hpp"

#include <nlohmann/json.hpp>

#include "analyzers/api/json.hpp"
#include "analyzers/base/clean_text.hpp"
#include "gateway/reputation/public_suffixes.hpp"
#include "gateway/verdict/auth_json.hpp"

namespace postern::verdict {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestName = 1024;

std::string_view mode_word(Mode mode) {
    switch (mode) {
        case Mode::Monitor:
            return "monitor";
        case Mode::Score:
            return "score";
        case Mode::Off:
        case Mode::Enforce:
            break;
    }
    return "enforce";
}

json or_null(const std::string& text) {
    return text.empty() ? json() : json(clean_text(text, kLongestName));
}

json message_part(const analyzers::Report& report) {
    const analyzers::MessageFacts& facts = report.message;
    json message = {{"subject", facts.subject},
                    {"from", facts.from},
                    {"from_names", facts.from_names},
                    {"reply_to", facts.reply_to},
                    {"message_id", facts.message_id}};
    if (!report.objects.empty()) {
        message["size"] = report.objects.front().size;
        message["sha256"] = report.objects.front().sha256;
    }
    return message;
}

json envelope_part(const EnvelopeFacts& envelope) {
    json part = {{"client_ip", or_null(envelope.client_ip)},
                 {"client_name", or_null(envelope.client_name)},
                 {"helo", or_null(envelope.helo)},
                 {"forward_paths", envelope.forward_paths},
                 {"tls", or_null(envelope.tls)}};
    part["reverse_path"] = envelope.reverse_path ? json(*envelope.reverse_path) : json();
    return part;
}

json verdict_part(const Judgement& worst, const std::string& reply) {
    return {
        {"class", word(worst.mail_class)}, {"action", word(worst.action)}, {"score", worst.score},
        {"complete", worst.complete},      {"reasons", worst.reasons},     {"reply", reply}};
}

json recipients_part(const std::vector<RecipientVerdict>& recipients) {
    json list = json::array();
    for (const RecipientVerdict& each : recipients) {
        list.push_back({{"forward_path", each.forward_path},
                        {"policy", each.rule},
                        {"action", word(each.action)}});
    }
    return list;
}

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string findings_part(const std::vector<Weighed>& findings) {
    std::string list = "[";
    for (const Weighed& each : findings) {
        if (list.size() > 1) list += ',';
        list += analyzers::finding_json(each.finding, mode_word(each.mode));
    }
    return list + "]";
}

}  // namespace

std::string scan_json(const Scan& scan) {
    std::string object = R"({"schema":"postern.scan/1","id":)" + dumped(scan.id);
    const auto member = [&object](std::string_view name, const std::string& text) {
        object += ",\"";
        object += name;
        object += "\":" + text;
    };
    if (!scan.file.empty()) member("file", dumped(clean_text(scan.file, kLongestName)));
    member("message", dumped(message_part(scan.report)));
    member("envelope", dumped(envelope_part(scan.envelope)));
    if (scan.auth != nullptr) member("auth", auth_json(*scan.auth));
    member("analysis", analyzers::analysis_json(scan.report, [](std::string_view host) {
               return reputation::registrable_domain(host);
           }));
    member("findings", findings_part(scan.verdict.findings));
    member("verdict", dumped(verdict_part(scan.verdict.worst, scan.reply)));
    member("recipients", dumped(recipients_part(scan.verdict.recipients)));
    member("timing_ms", dumped({{"auth", scan.timing.auth_ms},
                                {"analysis", scan.timing.analysis_ms},
                                {"total", scan.timing.total_ms}}));
    return object + "}";
}

}  // namespace postern::verdict

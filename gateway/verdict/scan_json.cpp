#include "gateway/verdict/scan_json.hpp"

#include <nlohmann/json.hpp>

#include "analyzers/api/json.hpp"
#include "analyzers/base/clean_text.hpp"

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
    json message = {
        {"subject", facts.subject}, {"from", facts.from}, {"message_id", facts.message_id}};
    if (!report.objects.empty()) {
        message["size"] = report.objects.front().size;
        message["sha256"] = report.objects.front().sha256;
    }
    return message;
}

json envelope_part(const EnvelopeFacts& envelope) {
    json part = {{"client_ip", or_null(envelope.client_ip)},
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

std::string scan_json(const std::string& id, const std::string& file, const EnvelopeFacts& envelope,
                      const analyzers::Report& report, const Verdict& verdict,
                      const std::string& reply, const Timing& timing) {
    std::string object = R"({"schema":"postern.scan/1","id":)" + dumped(id);
    const auto member = [&object](std::string_view name, const std::string& text) {
        object += ",\"";
        object += name;
        object += "\":" + text;
    };
    if (!file.empty()) member("file", dumped(clean_text(file, kLongestName)));
    member("message", dumped(message_part(report)));
    member("envelope", dumped(envelope_part(envelope)));
    member("analysis", analyzers::analysis_json(report));
    member("findings", findings_part(verdict.findings));
    member("verdict", dumped(verdict_part(verdict.worst, reply)));
    member("recipients", dumped(recipients_part(verdict.recipients)));
    member("timing_ms", dumped({{"analysis", timing.analysis_ms}, {"total", timing.total_ms}}));
    return object + "}";
}

}  // namespace postern::verdict
